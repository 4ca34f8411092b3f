"""Generations: train, choose teachers, make pseudo-labels, train again (paper, method section)."""

from __future__ import annotations

from collections.abc import Container, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import numpy as np
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
from ..nets.ensemble import Ensemble
from ..pseudolabels import PSEUDO_LABELERS
from .budget import Budget
from .events import EpochEnd, Event, GenerationEnd, Labeling, Warned
from .fit import fit
from .learner import Learner
from .outcome import outcome, rank, teaches_nothing
from .parts import training_parts
from .recipe import Recipe
from .records import PseudoLabelRecord, Records
from .results import GenerationRecord, GenerationScores


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
    given
        Whether generation 0 is networks of another run, which this one goes on from.
    corrected
        Which labeled samples count more; see `training_parts`.
    budget
        Time for the whole run.
    """

    recipe: Recipe
    data: SegmentationData
    config: TrainConfig
    card: ModelCard
    records: Records
    device: torch.device
    precision: torch.dtype
    given: bool = False
    corrected: tuple[int, ...] = ()
    budget: Budget = field(default_factory=Budget)

    def run(self) -> Iterator[Event]:
        """Train all generations; the run folder then names the resulting ensemble.

        Closing the iterator early saves the state, so that a later call goes on from there.
        """
        best: GenerationRecord | None = None
        for generation in range(self.last + 1):
            record = self.records.load_generation(generation)
            made_now = record is None
            if record is None:
                teach = best is not None and (yield from self._worth_following(best))
                if best is not None and not teach and not self.given:
                    break
                if self.given and best is None:
                    record = yield from self._score_given()
                else:
                    record = yield from self._generation(generation, best, teach=teach)
            if not record.accepted:
                break
            best = record
            self.records.save_result(best, self._teachers(best), made_now=made_now)

    @property
    def last(self) -> int:
        """The last generation: those that learn from labels alone are one."""
        return self.config.generations if self.recipe.pseudo_labels else int(self.given)

    def _score_given(self) -> Generator[Event, None, GenerationRecord]:
        """Score the networks that this run goes on from."""
        members = tuple(range(len(self.records.network_paths(0))))
        ensemble = self.records.load_networks(0, members)
        ensemble.place(self.device, self.precision)
        record, scores = outcome(0, self._check(ensemble), members)
        self.records.save_generation(record, scores, None, self.card)
        yield GenerationEnd(**asdict(record))
        return record

    def _generation(
        self, generation: int, before: GenerationRecord | None, *, teach: bool
    ) -> Generator[Event, None, GenerationRecord]:
        pseudo: Source = ()
        if before is not None and teach:
            pseudo = yield from self._pseudo_labels(generation, before)
        learner = Learner(self._new_networks(generation, before), self.config)
        self.records.load_state(generation, learner)
        try:
            for event in self._fit(generation, learner, pseudo):
                if isinstance(event, EpochEnd):
                    self._save(generation, learner)
                yield event
        except GeneratorExit:
            self._save(generation, learner)
            raise
        record, scores = self._rank(generation, learner.ensemble, before)
        self.records.save_generation(record, scores, learner.ensemble, self.card)
        self.records.drop_state()
        yield GenerationEnd(**asdict(record))
        return record

    def _save(self, generation: int, learner: Learner) -> None:
        self.records.save_state(generation, learner)
        self.budget.save()

    def _fit(self, generation: int, learner: Learner, pseudo: Source) -> Iterator[Event]:
        parts = training_parts(
            self.data,
            self.config,
            full=self.recipe.data == "full",
            augmented=self.recipe.augmented,
            pseudo=pseudo,
            corrected=self.corrected if self.config.correction_share else (),
        )
        loader = Loader(
            parts,
            batch=self.config.batch,
            patch=self.config.patch,
            seed=self.config.seed,
            generation=generation,
            free_rotation=self.data.free_rotation,
            reblank=self.config.pseudo_labels.reblank,
            device=self.device,
        )
        method = METHODS[self.recipe.method](self._loss)
        left = self.budget.phase(f"generation {generation}", self.last + 1 - generation)
        how = partial(fit, generation=generation, time_left=left)
        return how(learner, loader, method, self._check, self.config)

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
                teacher = trained.networks[member % len(trained)]
                network.load_state_dict(teacher.state_dict())
        return ensemble.place(self.device, self.precision)

    def _rank(
        self, generation: int, ensemble: Ensemble, before: GenerationRecord | None
    ) -> tuple[GenerationRecord, GenerationScores]:
        record, scores = rank(generation, ensemble, self._check, self.config.teachers)
        worse = before is not None and record.is_worse_than(before)
        return replace(record, accepted=not (worse and self.config.refuse_worse)), scores

    def _worth_following(self, record: GenerationRecord) -> Generator[Event, None, bool]:
        """Whether pseudo-labels of these teachers are to be made, and could teach anything."""
        why = teaches_nothing(record, len(self._teachers(record)))
        if why is not None and self.recipe.pseudo_labels:
            end = (
                "only labels are learned from" if self.given else "no further generation is trained"
            )
            yield Warned(f"{why}, so {end}. Train longer, or label more.")
        return why is None and self.recipe.pseudo_labels is not None

    def _pseudo_labels(
        self, generation: int, before: GenerationRecord
    ) -> Generator[Event, None, Source]:
        """Label the unlabeled images with the teachers, and return them as samples."""
        records = self.records.load_pseudo_labels(generation)
        time_left = self.budget.phase(f"labels {generation}", 3 * (self.last + 1 - generation))
        for record in self._label(generation, before, self._waiting(records)):
            records[record.index] = record
            self.records.add_pseudo_label(generation, record)
            kept = sum(record.kept for record in records.values())
            area = sum(record.inconsistent for record in records.values()) / len(records)
            yield Labeling(generation, len(records), len(self.data.unlabeled), kept, area)
            if time_left.over:
                break
        if len(records) < len(self.data.unlabeled):
            yield Warned(
                f"There was time to label {len(records)} of the {len(self.data.unlabeled)} "
                f"unlabeled images; they are a random choice."
            )
        files = [
            (index, self.records.pseudo_label_path(generation, index))
            for index, record in sorted(records.items())
            if record.kept
        ]
        return PseudoLabeled(
            self.data.unlabeled, files, self.data.scheme, self.config.pseudo_labels
        )

    def _waiting(self, done: Container[int]) -> list[int]:
        """The unlabeled images still to label; in random order if not all may be reached."""
        order = np.arange(len(self.data.unlabeled))
        if self.budget.limited:
            np.random.default_rng(self.config.seed).shuffle(order)
        return [index for index in order.tolist() if index not in done]

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
        """The best networks of a generation; all of those that were given."""
        given = self.given and record.generation == 0
        return record.ranking[: None if given else self.config.teachers]

    def _check(self, ensemble: Ensemble) -> Check:
        return check(ensemble, self.data.validation, self.data.scheme, self._loss)

    @property
    def _loss(self) -> Loss:
        return choose_loss(self.config.loss, self.data.scheme, self.config.position_weight)
