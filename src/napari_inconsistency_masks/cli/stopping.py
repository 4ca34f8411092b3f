"""Stopping a command on request: what was reached is saved, and it can go on later."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TypeVar

from .exit_codes import STOPPED
from .standard_input import input_lines

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which a process that does not get to its next event ends all the same."""


class Stopper:
    """Turns signals, and if wanted the end of standard input, into a wish to stop.

    A program that starts this one keeps its standard input open; when that program dies, however
    hard, the system closes it, and this process ends instead of running on unseen.

    Parameters
    ----------
    on_end_of_input
        Whether the end of standard input is such a wish.
    on_line
        Takes the lines that come before it, in a thread of its own.
    """

    def __init__(
        self, *, on_end_of_input: bool = False, on_line: Callable[[bytes], None] | None = None
    ) -> None:
        self.wanted = threading.Event()
        self._on_line = on_line
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if on_end_of_input:
            threading.Thread(target=self._wait_for_end_of_input, daemon=True).start()

    def until_stopped(self, events: Iterable[T]) -> Iterator[T]:
        """Pass events on until a stop is wanted; the source is then closed, which saves it."""
        iterator = iter(events)
        try:
            for event in iterator:
                yield event
                if self.wanted.is_set():
                    return
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.wanted.is_set():  # asked twice: at once
            os._exit(128 + number)
        self._stop()

    def _wait_for_end_of_input(self) -> None:
        for line in input_lines():
            if self._on_line is not None:
                self._on_line(line)
        self._stop()

    def _stop(self) -> None:
        self.wanted.set()
        timer = threading.Timer(PATIENCE, os._exit, (STOPPED,))
        timer.daemon = True
        timer.start()
