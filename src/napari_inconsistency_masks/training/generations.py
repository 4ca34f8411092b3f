"""Generations: train, choose teachers, make pseudo-labels, train again (paper, method section)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import torch

from ..checkpoint import ModelCard
from ..config import TrainConfig
from ..data.loader import Loader
from ..data.pseudo import PseudoLabeled, write_pseudo_label
from ..data.sample import SegmentationData, Source
from ..data.sources import Subset
from ..inconsistency import Prediction
from ..inference.evaluate import Check, check
from ..inference.predict import predict_samples
from ..losses import Loss, choose_loss
from ..methods import METHODS
from ..methods.base import Method
from ..nets.ensemble import Ensemble
from ..pseudolabels import PSEUDO_LABELERS
from .events import EpochEnd, Event, GenerationEnd, Labeling, Warned
from .fit import fit
from .learner import Learner
from .parts import training_parts
from .recipe import Recipe
from .records import GenerationRecord, PseudoLabelRecord, Records
from .unlabeled import weakly_changed, with_unlabeled


@dataclass(frozen=True)
class Generations:
    """One run of a recipe.

    Attributes
    ----------
    recipe, data, config
        What is trained, on what, how.
    card
        Describes the networks in their files.
    records
        The run folder; what is complete there is not done again.
    device, precision
        Where and in which type the networks compute.
    """

    recipe: Recipe
    data: SegmentationData
    config: TrainConfig
    card: ModelCard
    records: Records
    device: torch.device
    precision: torch.dtype

    def run(self) -> Iterator[Event]:
        """Train all generations; the run folder then names the resulting ensemble.

        Closing the iterator early saves the state, so that a later call goes on from there.
        """
        last = self.config.generations if self.recipe.pseudo_labels else 0
        best: GenerationRecord | None = None
        for generation in range(last + 1):
            record = self.records.load_generation(generation)
            if record is None:
                if best is not None and not (yield from self._worth_following(best)):
                    break
                record = yield from self._generation(generation, best)
            if not record.accepted:
                break
            best = record
            self.records.save_result(best, self._teachers(best))

    def _generation(
        self, generation: int, before: GenerationRecord | None
    ) -> Generator[Event, None, GenerationRecord]:
        pseudo: Source = ()
        if before is not None:
            pseudo = yield from self._pseudo_labels(generation, before)
        networks, method = self._new_networks(generation, before), self._method(generation)
        beside = method.beside(networks, (self.config.seed, generation))
        learner = Learner(networks, self.config, beside, method.judged(networks, beside))
        self.records.load_state(generation, learner)
        try:
            for event in self._fit(generation, learner, method, pseudo):
                if isinstance(event, EpochEnd):
                    self.records.save_state(generation, learner)
                yield event
        except GeneratorExit:
            self.records.save_state(generation, learner)
            raise
        record = self._rank(generation, learner.ensemble, before)
        self.records.save_generation(record, learner.ensemble, self.card)
        self.records.drop_state()
        yield GenerationEnd(**asdict(record))
        return record

    def _method(self, generation: int) -> Method:
        """How a step learns: by the recipe's method; students of pseudo-labels, as is chosen."""
        by_method = not generation or self.config.students == "method"
        name = self.recipe.method if by_method else "supervised"
        return METHODS[name](self._loss, self.data.scheme, self.config)

    def _fit(
        self, generation: int, learner: Learner, method: Method, pseudo: Source
    ) -> Iterator[Event]:
        parts = training_parts(
            self.data,
            self.config,
            full=self.recipe.data == "full",
            augmented=self.recipe.augmented,
            pseudo=pseudo,
        )
        loader = Loader(
            weakly_changed(parts, method, self.config),
            batch=self.config.batch,
            patch=self.config.patch,
            seed=self.config.seed,
            generation=generation,
            free_rotation=self.data.free_rotation,
            reblank=self.config.pseudo_labels.reblank,
            device=self.device,
        )
        batches = with_unlabeled(
            loader, method, self.data, self.config, generation=generation, device=self.device
        )
        return fit(learner, batches, method, self._check, self.config, generation=generation)

    def _new_networks(self, generation: int, before: GenerationRecord | None) -> Ensemble:
        ensemble = Ensemble.create(
            self.card.architecture,
            self.config.members,
            seed=self.config.seed,
            generation=generation,
        )
        if before is not None and self.config.warm_start:
            trained = self.records.load_networks(before.generation, before.ranking)
            for member, network in enumerate(ensemble.networks):
                network.load_state_dict(trained.networks[member].state_dict())
        return ensemble.place(self.device, self.precision)

    def _rank(
        self, generation: int, ensemble: Ensemble, before: GenerationRecord | None
    ) -> GenerationRecord:
        """Order the networks by validation scores, and score the ensemble of the best."""
        members = self._check(ensemble)
        ranking = tuple(sorted(range(len(ensemble)), key=members.quality, reverse=True))
        teachers = self._check(ensemble.select(ranking[: self.config.teachers]))
        record = GenerationRecord(
            generation=generation,
            ranking=ranking,
            count_error=teachers.ensemble.mcce,
            mean_iou=teachers.ensemble.mean_iou or 0.0,
            inconsistent=teachers.inconsistent,
            found=teachers.found,
            accepted=True,
            margin=teachers.ensemble.mcce_margin or 0.0,
        )
        worse = before is not None and record.is_worse_than(before)
        return replace(record, accepted=not (worse and self.config.refuse_worse))

    def _worth_following(self, record: GenerationRecord) -> Generator[Event, None, bool]:
        """Whether pseudo-labels of these teachers could teach anything."""
        if record.found == 0:
            yield Warned(
                f"The networks of generation {record.generation} find nothing on the validation "
                f"images: their agreement would only teach that there is nothing, so no further "
                f"generation is trained. Train longer, or label more."
            )
            return False
        if record.inconsistent == 0 and self.config.teachers > 1:
            yield Warned(
                f"The networks of generation {record.generation} agree on every pixel of the "
                f"validation images: inconsistency masks carry no information, so no further "
                f"generation is trained."
            )
            return False
        return True

    def _pseudo_labels(
        self, generation: int, before: GenerationRecord
    ) -> Generator[Event, None, Source]:
        """Label the unlabeled images with the teachers, and return them as samples."""
        records = self.records.load_pseudo_labels(generation)
        waiting = [i for i in range(len(self.data.unlabeled)) if i not in records]
        for record in self._label(generation, before, waiting):
            records[record.index] = record
            self.records.add_pseudo_label(generation, record)
            kept = sum(record.kept for record in records.values())
            area = sum(record.inconsistent for record in records.values()) / len(records)
            yield Labeling(generation, len(records), len(self.data.unlabeled), kept, area)
        files = [
            (index, self.records.pseudo_label_path(generation, index))
            for index, record in sorted(records.items())
            if record.kept
        ]
        return PseudoLabeled(
            self.data.unlabeled, files, self.data.scheme, self.config.pseudo_labels
        )

    def _label(
        self, generation: int, before: GenerationRecord, indices: Sequence[int]
    ) -> Iterator[PseudoLabelRecord]:
        scheme = self.data.scheme
        assert self.recipe.pseudo_labels is not None
        labeler = PSEUDO_LABELERS[self.recipe.pseudo_labels](self.config.pseudo_labels)
        teachers = self.records.load_networks(before.generation, self._teachers(before))
        teachers.place(self.device, self.precision)
        images = Subset(self.data.unlabeled, indices)
        for place, logits in predict_samples(teachers, images):
            index = indices[place]
            label = labeler.label(Prediction(scheme.probability(logits).numpy(), scheme))
            if label.keep:
                path = self.records.pseudo_label_path(generation, index)
                write_pseudo_label(path, label, scheme)
            area = float(label.mask.any(0).mean())
            yield PseudoLabelRecord(index, self.data.unlabeled[index].name, label.keep, area)

    def _teachers(self, record: GenerationRecord) -> tuple[int, ...]:
        return record.ranking[: self.config.teachers]

    def _check(self, ensemble: Ensemble) -> Check:
        return check(ensemble, self.data.validation, self.data.scheme, self._loss)

    @property
    def _loss(self) -> Loss:
        return choose_loss(self.config.loss, self.data.scheme, self.config.position_weight)
