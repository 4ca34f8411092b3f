"""Generations: train, choose teachers, make pseudo-labels, train again (paper, method section)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import asdict, replace

from ..data.loader import Loader
from ..methods import METHODS
from ..nets.ensemble import Ensemble
from .collapse import notes_on, signs_of_collapse, words_about
from .effort import Effort
from .events import EpochEnd, Event, GenerationEnd, Warned
from .fit import fit
from .judges import JUDGES
from .learner import Learner
from .parts import Taught, training_parts
from .pseudo_labeling import PseudoLabeling
from .records import GenerationRecord
from .setup import Setup


class Generations(Setup):
    """All generations of one run."""

    def run(self) -> Iterator[Event]:
        """Train all generations; the run folder then names the resulting ensemble.

        Closing the iterator early saves the state, so that a later call goes on from there.
        """
        last = self.config.generations if self.recipe.pseudo_labels else 0
        done: list[GenerationRecord] = []
        for generation in range(last + 1):
            record = self.records.load_generation(generation)
            if record is None:
                if done and not self._worth_following(done[-1]):
                    break
                record = yield from self._generation(generation, done)
            if not record.accepted:
                break
            done.append(record)
            self.records.save_result(record, self.teachers(record))

    def _generation(
        self, generation: int, done: list[GenerationRecord]
    ) -> Generator[Event, None, GenerationRecord]:
        effort = Effort(self.records.generation_folder(generation) / "effort.json", self.device)
        before = done[-1] if done else None
        record, ensemble = yield from effort.follow(self._train(generation, before))
        record = replace(record, seconds=effort.seconds, peak_memory=effort.peak_memory)
        self.records.save_generation(record, ensemble, self.card_of(generation))
        self.records.drop_state()
        effort.forget()
        yield GenerationEnd(**asdict(record))
        yield from map(Warned, words_about([*done, record], self.config))
        return record

    def _train(
        self, generation: int, before: GenerationRecord | None
    ) -> Generator[Event, None, tuple[GenerationRecord, Ensemble]]:
        pseudo = None
        if before is not None:
            pseudo = yield from self._pseudo_labels(generation, before)
        networks = yield from self._new_networks(generation, before)
        learner = Learner(networks, self.config)
        self.records.load_state(generation, learner)
        try:
            for event in self._fit(generation, learner, pseudo):
                if isinstance(event, EpochEnd):
                    self.records.save_state(generation, learner)
                yield event
        except GeneratorExit:
            self.records.save_state(generation, learner)
            raise
        return self._rank(generation, learner.ensemble, before), learner.ensemble

    def _fit(self, generation: int, learner: Learner, pseudo: Taught | None) -> Iterator[Event]:
        parts = training_parts(
            self.data,
            self.config,
            full=self.recipe.data == "full",
            augmented=self.recipe.augmented,
            pseudo=pseudo,
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
        method = METHODS[self.recipe.method](self.loss)
        return fit(learner, loader, method, self.check, self.config, generation=generation)

    def _new_networks(
        self, generation: int, before: GenerationRecord | None
    ) -> Generator[Event, None, Ensemble]:
        architecture = self.card_of(generation).architecture
        ensemble = Ensemble.create(
            architecture, self.config.members, seed=self.config.seed, generation=generation
        )
        if before is not None and self.config.warm_start:
            if architecture.width == before.width:
                trained = self.records.load_networks(before.generation, before.ranking)
                for member, network in enumerate(ensemble.networks):
                    network.load_state_dict(trained.networks[member].state_dict())
            else:
                yield Warned(
                    f"The networks of generation {generation} are wider ({architecture.width:g}) "
                    f"than those before ({before.width:g}), so they begin from scratch."
                )
        return ensemble.place(self.device, self.precision)

    def _pseudo_labels(
        self, generation: int, before: GenerationRecord
    ) -> Generator[Event, None, Taught]:
        judge = None
        if self.recipe.judge is not None:
            judge = yield from JUDGES[self.recipe.judge](self)
        return (yield from PseudoLabeling(self, generation, before, judge).run())

    def _rank(
        self, generation: int, ensemble: Ensemble, before: GenerationRecord | None
    ) -> GenerationRecord:
        """Order the networks by validation scores, and score the ensemble of the best."""
        members = self.check(ensemble)
        ranking = tuple(sorted(range(len(ensemble)), key=members.quality, reverse=True))
        teachers = self.check(ensemble.select(ranking[: self.config.teachers]))
        record = GenerationRecord(
            generation=generation,
            ranking=ranking,
            count_error=teachers.ensemble.mcce,
            mean_iou=teachers.ensemble.mean_iou or 0.0,
            inconsistent=teachers.inconsistent,
            found=teachers.found,
            accepted=True,
            margin=teachers.ensemble.mcce_margin or 0.0,
            width=self.card_of(generation).architecture.width,
            collapse=signs_of_collapse(teachers.behavior, self.data.scheme, masks=self._masks),
            notes=notes_on(teachers.behavior, self.data.scheme, masks=self._masks),
        )
        worse = before is not None and record.is_worse_than(before)
        refuse = self.config.refuse_worse or not self._worth_following(record)
        return replace(record, accepted=not (worse and refuse))

    @property
    def _masks(self) -> bool:
        """Whether only what the networks agree on is taught."""
        return self.recipe.pseudo_labels is not None and self.labeler.masks

    def _worth_following(self, record: GenerationRecord) -> bool:
        """Whether pseudo-labels of these teachers could teach anything."""
        return not record.collapse or self.config.follow_collapsed
