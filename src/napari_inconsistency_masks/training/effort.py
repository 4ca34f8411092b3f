"""Time and memory that a generation takes, summed up over all sessions that work on it."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import torch

from ..devices import begin_peak_memory, peak_memory
from ..errors import InputError
from ..files.atomic import write_json
from ..files.json_files import read_json
from .events import EpochEnd, Event

T = TypeVar("T")


class Effort:
    """Seconds and peak memory of some work; kept in a file, so that a later session adds to them.

    Parameters
    ----------
    path
        The file; it need not exist.
    device
        Where the work is done.

    Attributes
    ----------
    seconds
        Spent, without the time in which nobody asked for the next event.
    peak_memory
        See `devices.peak_memory`; the most of all sessions.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        self._path, self._device = path, device
        self.seconds, self.peak_memory = _read(path)

    def follow(self, work: Generator[Event, None, T]) -> Generator[Event, None, T]:
        """Yield the events of the work, and return what it returns."""
        begin_peak_memory(self._device)
        try:
            while True:
                began = time.monotonic()
                try:
                    event = next(work)
                except StopIteration as end:
                    result: T = end.value
                    return result
                finally:
                    self._note(time.monotonic() - began)
                if isinstance(event, EpochEnd):
                    self._save()
                yield event
        finally:
            work.close()
            self._save()

    def _note(self, seconds: float) -> None:
        self.seconds += seconds
        now = peak_memory(self._device)
        if now is not None:
            self.peak_memory = max(now, self.peak_memory or 0)

    def _save(self) -> None:
        write_json(self._path, {"seconds": self.seconds, "peak_memory": self.peak_memory})


def _read(path: Path) -> tuple[float, int | None]:
    """What earlier sessions noted."""
    if not path.is_file():
        return 0.0, None
    values: Any = read_json(path)
    try:
        memory = values.get("peak_memory")
        return float(values.get("seconds", 0.0)), None if memory is None else int(memory)
    except (AttributeError, TypeError, ValueError):
        raise InputError(
            f"{path}: the record of time and memory is damaged; remove it, and the run goes on."
        ) from None
