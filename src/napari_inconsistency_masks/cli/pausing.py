"""Pausing a command on request of the program that started it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..batch.events import BatchEvent

_GLANCE = 0.1
"""Seconds between two looks, during a pause, at whether a stop is wanted."""


class Pauser:
    """Turns lines on standard input into pauses.

    The lines are ``{"do": "pause"}`` and ``{"do": "resume"}``. As long as nobody asks for the next
    event, a batch does nothing; events say when a pause has begun and ended.
    """

    def __init__(self) -> None:
        self._go = threading.Event()
        self._go.set()

    def take(self, line: bytes) -> None:
        """Take a line; what asks for neither is told on standard error."""
        try:
            wanted = json.loads(line)["do"]
        except (ValueError, KeyError, TypeError):
            wanted = None
        if wanted == "pause":
            self._go.clear()
        elif wanted == "resume":
            self._go.set()
        else:
            told = line.decode("utf-8", "backslashreplace")
            sys.stderr.write(f"{told}: give {{'do': 'pause'}} or {{'do': 'resume'}} as JSON.\n")

    def with_pauses(
        self, events: Iterable[BatchEvent], stop: threading.Event
    ) -> Iterator[BatchEvent]:
        """Pass events on, and wait between two of them while a pause and no stop is wanted."""
        from ..batch.events import Paused, Resumed

        iterator = iter(events)
        try:
            for event in iterator:
                yield event
                if self._go.is_set():
                    continue
                yield Paused()
                while not self._go.wait(_GLANCE):
                    if stop.is_set():
                        return
                yield Resumed()
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
