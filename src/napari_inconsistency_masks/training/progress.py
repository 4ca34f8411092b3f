"""Where a run is, in words and in time left, from its events."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .events import (
    Checking,
    EpochEnd,
    Event,
    Finished,
    GenerationEnd,
    Judging,
    Labeling,
    Started,
    StepEnd,
)

SETTLED = 3.0
"""Seconds of work after which the time left is estimated."""


@dataclass(frozen=True)
class Position:
    """Where a run is.

    Attributes
    ----------
    words
        Such as "generation 1 of 2, epoch 3 of 8".
    done
        Share of all work, 0 to 1.
    seconds_left
        Estimate, or None as long as there is none.
    """

    words: str = "starting"
    done: float = 0.0
    seconds_left: float | None = None


class Progress:
    """Follows the events of a run.

    Labeling an image counts as a quarter of the work of learning from one, and the first
    generation of a run as much as any other.

    Parameters
    ----------
    clock
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: Started | None = None
        self._first: tuple[float, float] | None = None  # time and share done when work began
        self.position = Position()

    def follow(self, event: Event) -> Position:
        """Take note of an event, and return where the run is now."""
        if isinstance(event, Started):
            self._started, self._first = event, None
            self.position = Position()
        elif isinstance(event, Finished):
            self.position = Position("finished", 1.0, 0.0)
        elif self._started is not None:
            self._move(event, self._started)
        return self.position

    def _move(self, event: Event, started: Started) -> None:
        generations = f"generation {getattr(event, 'generation', 0)} of {started.generations}"
        lead = f"{generations}, " if started.generations else ""
        if isinstance(event, StepEnd):
            epochs = event.epoch + event.step / event.steps
            words = f"{lead}epoch {event.epoch + 1} of {started.epochs}"
            self._set(words, event.generation, 0.1, epochs / started.epochs)
        elif isinstance(event, EpochEnd):
            words = f"{lead}epoch {event.epoch + 1} of {started.epochs} checked"
            self._set(words, event.generation, 0.1, (event.epoch + 1) / started.epochs)
        elif isinstance(event, Checking):
            words = f"{lead}checking image {event.done} of {event.total}"
            self.position = replace(self.position, words=words)
        elif isinstance(event, Judging):
            words = f"{lead}judge of pseudo-labels, epoch {event.epoch + 1} of {event.epochs}"
            self._set(words, event.generation, 0.0, 0.0)
        elif isinstance(event, Labeling):
            words = f"{lead}labeling image {event.done} of {event.total}"
            self._set(words, event.generation, 0.1 * event.done / max(1, event.total), 0.0)
        elif isinstance(event, GenerationEnd):
            self._set(f"{lead}ranked", event.generation, 0.1, 1.0)

    def _set(self, words: str, generation: int, labeled: float, trained: float) -> None:
        assert self._started is not None
        started = self._started
        count = started.generations + 1 - started.first
        share = max(0.0, generation - started.first + labeled + 0.9 * trained) / count
        now = self._clock()
        if self._first is None:
            self._first = (now, share)
        began, first = self._first
        left = None
        if now - began >= SETTLED and share > first:
            left = (now - began) / (share - first) * (1 - share)
        if started.minutes is not None:
            limit = 60 * started.minutes
            rest = max(0.0, limit - started.used - (now - began))
            share = max(share, 1 - rest / limit)
            left = rest if left is None else min(left, rest)
        self.position = replace(self.position, words=words, done=share, seconds_left=left)


def duration(seconds: float) -> str:
    """A duration for people: "40 s", "3 min", "2 h 5 min"."""
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
