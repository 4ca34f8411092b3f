"""Where a comparison is, and how long it will take, from its events."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..training.events import Event, Started
from ..training.progress import Position, Progress
from .study import TrialEnded, TrialStarted, TrialStep
from .trials import Trial
from .workers import Aside

SETTLED = 10.0
"""Seconds of work after which the time left is estimated."""


@dataclass(frozen=True)
class StudyPosition:
    """Where a comparison is.

    Attributes
    ----------
    done, total
        Trials that are complete, of how many.
    share
        The same with parts of trials, 0 to 1.
    seconds_left
        Estimate, or None as long as there is none.
    running
        Where each training is that runs now.
    """

    done: int
    total: int
    share: float
    seconds_left: float | None = None
    running: Mapping[Trial, Position] = field(default_factory=dict)


class StudyProgress:
    """Follows the events of a comparison.

    Work is counted in generations, and those of a slow method count as much as others. How many
    trainings run at a time needs no count: the work done so far took as long as it did.

    Parameters
    ----------
    missing
        The trials that are not complete, and the generations that each learns.
    done
        How many are complete.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        missing: Mapping[Trial, int],
        done: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._begun: float | None = None  # when the first network learned
        self._done, self._total = done, done + len(missing)
        self._work = {trial: float(generations) for trial, generations in missing.items()}
        self._before: dict[Trial, float] = {}  # of a trial, when it was first heard of
        self._finished = 0.0
        self._running: dict[Trial, Progress] = {}

    def follow(self, event: TrialStarted | TrialStep | TrialEnded | Aside) -> StudyPosition:
        """Take note of an event, and return where the comparison is now."""
        if isinstance(event, TrialStarted):
            self._running[event.trial] = Progress(self._clock)
        elif isinstance(event, TrialStep):
            self._step(event.trial, Event.from_json(event.event))
        elif isinstance(event, TrialEnded):
            place = self._running.pop(event.trial).position
            reached = place.done if event.failed else 1.0
            self._finished += self._worked(event.trial, reached)
            del self._work[event.trial]
            self._done = event.done
        return self.position

    @property
    def position(self) -> StudyPosition:
        """Where the comparison is."""
        running = {trial: progress.position for trial, progress in self._running.items()}
        parts = sum(place.done for place in running.values())
        share = (self._done + parts) / max(1, self._total)
        return StudyPosition(self._done, self._total, share, self._seconds_left(), running)

    def _step(self, trial: Trial, event: Event) -> None:
        place = self._running[trial].follow(event)
        if isinstance(event, Started):
            self._work[trial] = event.generations + 1.0 - event.first
        elif place.done:
            self._before.setdefault(trial, place.done)
            self._begun = self._clock() if self._begun is None else self._begun

    def _worked(self, trial: Trial, done: float) -> float:
        """Generations learned since this began; some may be older, or come from another trial."""
        return self._work[trial] * (done - self._before.get(trial, 0.0))

    def _seconds_left(self) -> float | None:
        places = {trial: progress.position.done for trial, progress in self._running.items()}
        worked = self._finished + sum(self._worked(*each) for each in places.items())
        took = 0.0 if self._begun is None else self._clock() - self._begun
        if took < SETTLED or not worked:
            return None
        left = sum(work * (1 - places.get(trial, 0.0)) for trial, work in self._work.items())
        return took / worked * left
