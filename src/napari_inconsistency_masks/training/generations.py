"""Generations: train, choose teachers, make pseudo-labels, train again (paper, method section)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial

from torch import nn

from ..data.batches.batches import PreparedBatches
from ..data.batches.loader import Loader
from ..methods import METHODS
from ..methods.base import Method
from ..nets.ensemble import Ensemble
from .collapse import words_about
from .effort import Effort
from .events import Event, GenerationEnd, Warned
from .fit import fit, steps_per_epoch
from .judges import JUDGES
from .learner import Learner
from .log import read_events
from .outcome import outcome, rank
from .parts import Taught, training_parts
from .pseudo_labeling import PseudoLabeling
from .results import EFFORT, GenerationRecord, Outcome
from .saving import saved_on_the_way
from .setup import Setup
from .shared_start import SharedStart, read_shared_start
from .unlabeled import weakly_changed, with_unlabeled

Trained = tuple[Outcome, Ensemble]


class Generations(Setup):
    """All generations of one run."""

    def run(self) -> Iterator[Event]:
        """Train all generations; the run folder then names the resulting ensemble.

        Closing the iterator early saves the state, so that a later call goes on from there.
        """
        complete = self._complete()
        done = [record for record in complete if record.accepted]
        if done:
            self.records.save_result(done[-1], self.teachers(done[-1]), made_now=False)
        yield from self._untold(complete)
        for record in complete:
            self.records.drop_effort(record.generation)
        if len(done) == len(complete):
            yield from self._go_on(done)
        self.records.drop_state()  # that of the last generation, if it was killed at its end

    def _go_on(self, done: list[GenerationRecord]) -> Iterator[Event]:
        """Train what follows the generations that are done."""
        for generation in range(len(done), self.last + 1):
            if done and not self._worth_following(done[-1]) and not self.given:
                break
            record = yield from self._generation(generation, done)
            if not record.accepted:
                break
            done.append(record)
            self.records.save_result(record, self.teachers(record), made_now=True)

    def _complete(self) -> list[GenerationRecord]:
        """The generations that earlier sessions made, up to one that was refused."""
        found: list[GenerationRecord] = []
        for generation in range(self.last + 1):
            record = self.records.load_generation(generation)
            if record is None:
                break
            found.append(record)
            if not record.accepted:
                break
        return found

    def _untold(self, complete: list[GenerationRecord]) -> Iterator[Event]:
        """Tell of ends of generations what is not in the log, as the process was killed just then.

        Where the end itself is there, words about it can only be missing of the last one.
        """
        events = list(read_events(self.records.folder))
        told = {event.generation for event in events if isinstance(event, GenerationEnd)}
        said = {event.message for event in events if isinstance(event, Warned)}
        for count, record in enumerate(complete, start=1):
            if record.generation in told and count < len(complete):
                continue
            for event in self._tell(complete[:count]):
                if isinstance(event, GenerationEnd):
                    known = event.generation in told
                else:
                    known = event.message in said
                if not known:
                    yield event

    def _tell(self, done: list[GenerationRecord]) -> Iterator[GenerationEnd | Warned]:
        """Tell of the last of some generations."""
        yield GenerationEnd(**asdict(done[-1]))
        yield from map(Warned, words_about(done, self.config, given=self.given))

    def _generation(
        self, generation: int, done: list[GenerationRecord]
    ) -> Generator[Event, None, GenerationRecord]:
        if self.given and not done:
            record = yield from self._score_given()
        else:
            path = self.records.generation_folder(generation) / EFFORT
            effort = Effort(path, self.device)
            before = done[-1] if done else None
            trained, ensemble = yield from effort.follow(self._train(generation, before))
            record = replace(trained.record, seconds=effort.seconds, peak_memory=effort.peak_memory)
            trained = replace(trained, record=record)
            self.records.save_generation(trained, ensemble, self.card_of(generation))
            self.records.drop_state()
            self.records.drop_effort(generation)
        yield from self._tell([*done, record])
        return record

    def _score_given(self) -> Generator[Event, None, GenerationRecord]:
        """Score the networks that this run goes on from."""
        members = tuple(range(len(self.records.network_paths(0))))
        ensemble = self.records.load_networks(0, members).place(self.device, self.precision)
        width = self.card.architecture.width
        scored = yield from outcome(self, 0, ensemble, members, width)
        self.records.save_generation(scored, None, self.card)
        return scored.record

    def _train(
        self, generation: int, before: GenerationRecord | None
    ) -> Generator[Event, None, Trained]:
        shared = read_shared_start(self.records.folder) if generation == 0 else None
        if shared is not None:
            return (yield from self._take_over(shared))
        pseudo = None
        if before is not None and self.recipe.pseudo_labels and self._worth_following(before):
            pseudo = yield from self._pseudo_labels(generation, before)
        learner = yield from self._beginning(generation, before)
        self.records.load_state(generation, learner)
        events = self._fit(generation, learner, pseudo)
        save = partial(self._save, generation, learner)
        yield from saved_on_the_way(events, save, before_checks=self.apart is None)
        ranked = yield from rank(self, generation, learner.ensemble, learner.never_scored)
        worse = before is not None and ranked.record.is_worse_than(before)
        refuse = self.config.refuse_worse or not self._worth_following(ranked.record)
        record = replace(ranked.record, accepted=not (worse and refuse))
        return replace(ranked, record=record), learner.ensemble

    def _take_over(self, shared: SharedStart) -> Generator[Event, None, Trained]:
        """Score networks that another run has trained just so."""
        yield Warned(f"The networks of generation 0 are those of {shared.run}, which are the same.")
        yield from shared.epochs
        ensemble = self.records.load_networks(0, tuple(range(self.config.members)))
        ensemble.place(self.device, self.precision)
        return (yield from rank(self, 0, ensemble, shared.left_out)), ensemble

    def _save(self, generation: int, learner: Learner) -> None:
        self.records.save_state(generation, learner)
        self.budget.save()

    def learner(self, generation: int, networks: Ensemble) -> Learner:
        """Networks that are about to learn, with what their method keeps beside them."""
        method = self.method(generation)
        beside = method.beside(networks, (self.config.seed, generation))
        return Learner(networks, self.config, beside, method.judged(networks, beside))

    def method(self, generation: int) -> Method:
        """How a step learns: by the recipe's method; students of pseudo-labels, as is chosen."""
        taught = generation > 0 and self.recipe.pseudo_labels is not None
        by_method = not taught or self.config.students == "method"
        name = self.recipe.method if by_method else "supervised"
        return METHODS[name](self.loss, self.data.scheme, self.config)

    def _fit(self, generation: int, learner: Learner, pseudo: Taught | None) -> Iterator[Event]:
        if self.apart is not None:
            save = partial(self._save, generation, learner)
            steps = steps_per_epoch(self.batches(generation, pseudo), self.config)
            return self.apart.fit(learner, self.check, self.config, generation, steps, save)
        left = self.budget.phase(f"generation {generation}", self.last + 1 - generation)
        how = partial(fit, generation=generation, time_left=left)
        method = self.method(generation)
        return how(learner, self.batches(generation, pseudo), method, self.check, self.config)

    def batches(self, generation: int, pseudo: Taught | None) -> PreparedBatches:
        """What each step of a generation learns from; ``pseudo`` are its pseudo-labels."""
        method = self.method(generation)
        parts = training_parts(
            self.data,
            self.config,
            full=self.recipe.data == "full",
            augmented=self.recipe.augmented,
            pseudo=pseudo,
            corrected=self.corrected if self.config.correction_share else (),
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
        return with_unlabeled(
            loader, method, self.data, self.config, generation=generation, device=self.device
        )

    def learned_apart(self, generation: int) -> Taught | None:
        """The pseudo-labels of a generation, for a worker: they are all in the run folder."""
        before = self.records.load_generation(generation - 1) if generation else None
        taught = before is not None and self.recipe.pseudo_labels and self._worth_following(before)
        if before is None or not taught:
            return None
        return PseudoLabeling(self, generation, before, None).labeled_before()

    def _beginning(
        self, generation: int, before: GenerationRecord | None
    ) -> Generator[Event, None, Learner]:
        """The learner of a generation before its first step."""
        networks = Ensemble.create(
            self.card_of(generation).architecture,
            self.config.members,
            seed=self.config.seed,
            generation=generation,
        ).place(self.device, self.precision)
        trained = yield from self._trained_before(generation, before)
        if not trained:
            return self.learner(generation, networks)
        for member, network in enumerate(networks.networks):
            network.load_state_dict(trained[member % len(trained)].state_dict())
        learner = self.learner(generation, networks)
        self.method(generation).go_on_from(learner.beside, trained)
        return learner

    def _trained_before(
        self, generation: int, before: GenerationRecord | None
    ) -> Generator[Event, None, Sequence[nn.Module]]:
        """The networks that those of a generation begin as, the best first; none: from scratch."""
        if before is None or not self.config.warm_start:
            return ()
        width = self.card_of(generation).architecture.width
        if width != before.width:
            yield Warned(
                f"The networks of generation {generation} are wider ({width:g}) than those before "
                f"({before.width:g}), so they begin from scratch."
            )
            return ()
        return self.records.load_networks(before.generation, before.ranking).members

    def _pseudo_labels(
        self, generation: int, before: GenerationRecord
    ) -> Generator[Event, None, Taught]:
        judge = None
        if self.recipe.judge is not None:
            judge = yield from JUDGES[self.recipe.judge](self)
        return (yield from PseudoLabeling(self, generation, before, judge).run())

    def _worth_following(self, record: GenerationRecord) -> bool:
        """Whether pseudo-labels of these teachers could teach anything."""
        return not record.collapse or self.config.follow_collapsed
