"""Trains run folders in child processes, several at a time, and tells what they say."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .child import STOP_WITHIN, Child
from .trials import Trial


@dataclass(frozen=True)
class Said:
    """An event of a training as JSON values, or its exit code when it ended.

    On a cluster there may be a ``reason`` why it could not be done, instead of a code.
    """

    trial: Trial
    event: dict[str, Any] | None = None
    code: int | None = None
    reason: str = ""


Choose = Callable[[Sequence[Trial], Collection[Trial]], Trial]
"""Chooses which of the waiting trials is next, and prepares it, given those that are running."""


class Children:
    """Runs ``napari-im run FOLDER`` for each trial, `jobs` at a time.

    Parameters
    ----------
    folders
        The run folder of each trial, made already.
    jobs
        How many at a time.
    threads
        Processor cores for each; 0 leaves that to the program.
    gpus
        Numbers of GPUs that the jobs take turns with; empty leaves that to the program.
    choose
        Says which trial starts next.
    """

    def __init__(
        self,
        folders: dict[Trial, Path],
        jobs: int,
        threads: int,
        gpus: Sequence[int],
        choose: Choose,
    ) -> None:
        self._choose = choose
        self._folders, self._threads, self._gpus = folders, threads, gpus
        self._waiting = list(folders)
        self._said: queue.Queue[Said] = queue.Queue()
        self._running: dict[Trial, Child] = {}
        self._slots: dict[Trial, int] = {}
        self._followers: list[threading.Thread] = []
        self._jobs = jobs

    def run(self) -> Generator[Said, None, None]:
        """Train all; closing the iterator stops what runs, which is saved."""
        try:
            self._fill()
            while self._running:
                said = self._said.get()
                if said.code is not None:
                    self._running.pop(said.trial).ask_to_end()
                    self._slots.pop(said.trial)
                    self._fill()  # scoring takes its time
                yield said
        finally:
            self._stop()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._jobs:
            trial = self._choose(self._waiting, self._running)
            self._waiting.remove(trial)
            self._start(trial)

    def _start(self, trial: Trial) -> None:
        slot = min(set(range(self._jobs)) - set(self._slots.values()))
        gpu = str(self._gpus[slot % len(self._gpus)]) if self._gpus else None
        child = Child(self._folders[trial], self._threads, gpu)
        self._running[trial], self._slots[trial] = child, slot
        follower = threading.Thread(target=self._follow, args=(trial, child), daemon=True)
        self._followers.append(follower)
        follower.start()

    def _follow(self, trial: Trial, child: Child) -> None:
        for event in child.events():
            self._said.put(Said(trial, event=event))
        self._said.put(Said(trial, code=child.wait()))

    def _stop(self) -> None:
        for child in self._running.values():
            child.ask_to_end()
        end = time.monotonic() + STOP_WITHIN
        for child in self._running.values():
            child.end(max(0.1, end - time.monotonic()))
        self._running.clear()
        for follower in self._followers:
            follower.join()
