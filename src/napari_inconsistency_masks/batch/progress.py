"""Where a batch is, and what it will take, from its events."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .events import (
    BatchEvent,
    BatchFinished,
    BatchStarted,
    FrameDone,
    ImageDone,
    ImageFailed,
    ImageStarted,
    Paused,
    Summarizing,
    TileDone,
)

SETTLED = 2.0
"""Seconds of work after which the time left is estimated."""


@dataclass(frozen=True)
class BatchPosition:
    """Where a batch is.

    Attributes
    ----------
    words
        The image being processed, or what is done else.
    done
        Share of the work, 0 to 1.
    seconds_left
        Estimate, or None as long as there is none.
    images, total, failed
        Images finished, of how many, and those without results.
    """

    words: str = "starting"
    done: float = 0.0
    seconds_left: float | None = None
    images: int = 0
    total: int = 0
    failed: int = 0


class BatchProgress:
    """Follows the events of a batch.

    Parameters
    ----------
    clock
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pixels = self._seen = 0
        self._worked = 0.0
        self._last: float | None = None
        self._frames: tuple[int, int] = (0, 0)
        self.position = BatchPosition()

    def follow(self, event: BatchEvent) -> BatchPosition:
        """Take note of an event, and return where the batch is now."""
        place = self.position
        if isinstance(event, BatchStarted):
            self._pixels, self._last = event.pixels, self._clock()
            place = BatchPosition(total=event.images)
        elif isinstance(event, ImageStarted):
            self._frames = (0, event.frames)
            place = replace(place, words=event.image)
        elif isinstance(event, FrameDone):
            self._frames = (self._frames[0] + 1, self._frames[1])
            words = f"{event.image}, {self._frames[0]} of {self._frames[1]} frames"
            place = replace(place, words=words if self._frames[1] > 1 else event.image)
        elif isinstance(event, TileDone):
            place = self._moved(event.pixels)
        elif isinstance(event, ImageDone | ImageFailed):
            failed = place.failed + isinstance(event, ImageFailed)
            place = replace(place, images=place.images + 1, failed=failed)
        elif isinstance(event, Paused):
            self.paused()
        elif isinstance(event, Summarizing):
            place = replace(place, words="writing tables and report", done=1.0)
        elif isinstance(event, BatchFinished):
            place = replace(place, words="finished", done=1.0, seconds_left=0.0)
        self.position = place
        return place

    def _moved(self, pixels: int) -> BatchPosition:
        now = self._clock()
        self._worked += now - (now if self._last is None else self._last)
        self._last, self._seen = now, self._seen + pixels
        left = None
        if self._worked >= SETTLED:
            left = self._worked / self._seen * max(0, self._pixels - self._seen)
        done = min(1.0, self._seen / max(1, self._pixels))
        return replace(self.position, done=done, seconds_left=left)

    def paused(self) -> None:
        """Leave the time until the next event out of the estimate."""
        self._last = None


def disk_space(megabytes: float) -> str:
    """Such as ``"12 MB"`` or ``"1.2 GB"``; never 0, as something is always written."""
    if megabytes >= 1000:
        return f"{megabytes / 1000:.1f} GB"
    return f"{max(1, round(megabytes))} MB"
