"""Trains run folders in child processes, several at a time, and tells what they say."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .trials import Trial

LOG = "log.txt"
"""In a run folder: what its training wrote besides events."""

STOP_WITHIN = 60.0
"""Seconds in which a training that is to stop must have ended its step and saved."""


@dataclass(frozen=True)
class Said:
    """An event of a training as JSON values, or its exit code when it ended."""

    trial: Trial
    event: dict[str, Any] | None = None
    code: int | None = None


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
    """

    def __init__(
        self, folders: dict[Trial, Path], jobs: int, threads: int = 0, gpus: Sequence[int] = ()
    ) -> None:
        self._folders, self._threads, self._gpus = folders, threads, gpus
        self._waiting = list(folders)
        self._said: queue.Queue[Said] = queue.Queue()
        self._running: dict[Trial, subprocess.Popen[str]] = {}
        self._slots: dict[Trial, int] = {}
        self._followers: list[threading.Thread] = []
        self._jobs = jobs

    def run(self) -> Iterator[Said]:
        """Train all; closing the iterator stops what runs, which is saved."""
        try:
            while self._waiting or self._running:
                while self._waiting and len(self._running) < self._jobs:
                    self._start(self._waiting.pop(0))
                said = self._said.get()
                if said.code is not None:
                    _close_input(self._running.pop(said.trial))
                    self._slots.pop(said.trial)
                yield said
        finally:
            self._stop()

    def _start(self, trial: Trial) -> None:
        slot = min(set(range(self._jobs)) - set(self._slots.values()))
        environment = dict(os.environ)
        if self._gpus:
            environment["CUDA_VISIBLE_DEVICES"] = str(self._gpus[slot % len(self._gpus)])
        folder = self._folders[trial]
        command = [sys.executable, "-m", __package__.split(".", maxsplit=1)[0], "run", str(folder)]
        command += ["--json", "--end-with-input", "--threads", str(self._threads)]
        with (folder / LOG).open("a", encoding="utf-8") as log:
            child = subprocess.Popen(  # noqa: S603  our own command
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=environment,
            )
        self._running[trial], self._slots[trial] = child, slot
        follower = threading.Thread(target=self._follow, args=(trial, child), daemon=True)
        self._followers.append(follower)
        follower.start()

    def _follow(self, trial: Trial, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        with child.stdout:
            for line in child.stdout:
                with suppress(ValueError):  # a torn line of a child that was killed
                    self._said.put(Said(trial, event=json.loads(line)))
        self._said.put(Said(trial, code=child.wait()))

    def _stop(self) -> None:
        for child in self._running.values():
            _close_input(child)
        end = time.monotonic() + STOP_WITHIN
        for child in self._running.values():
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._running.clear()
        for follower in self._followers:
            follower.join()


def _close_input(child: subprocess.Popen[str]) -> None:
    """Ask a training to save and end; nothing happens if it has."""
    assert child.stdin is not None
    with suppress(OSError):
        child.stdin.close()
