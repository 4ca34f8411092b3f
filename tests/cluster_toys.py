"""A scheduler and workers of dask as processes, and killing them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

SOON = 60.0
"""Seconds within which whatever is waited for happens on the slowest machine."""


def until(true: Callable[[], Any], seconds: float = SOON) -> Any:
    """Wait for something to be true, and return it."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return value


class Machines:
    """A scheduler, and workers that are started and killed one by one.

    Workers find modules in ``tests`` too. Without a nanny one that is killed stays away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port=0", f"--scheduler-file={file}")
        until(lambda: file.is_file() and file.stat().st_size)
        self.address: str = json.loads(file.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def add(self, *flags: str, **environment: str) -> subprocess.Popen[bytes]:
        words = ("--no-nanny", "--nthreads=1", *flags, self.address)
        self.workers.append(self._start("worker", *words, **environment))
        return self.workers[-1]

    def keep(self, number: int) -> None:
        """See to it that some workers live, and no more."""
        self.workers = [each for each in self.workers if each.poll() is None]
        for process in self.workers[number:]:
            process.kill()
            process.wait()
        del self.workers[number:]
        while len(self.workers) < number:
            self.add()

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    def _start(self, what: str, *flags: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *flags]
        here = str(Path(__file__).parent)
        path = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
        (self._folder / "local").mkdir(exist_ok=True)
        with (self._folder / f"{what}.txt").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self._folder / "local",
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **environment},
                stdout=log,
                stderr=log,
            )


@contextmanager
def machines(folder: Path, workers: int = 2) -> Iterator[Machines]:
    """A scheduler with some workers."""
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    started = Machines(folder)
    try:
        for _ in range(workers):
            started.add()
        yield started
    finally:
        started.end()


def writers(folder: Path) -> set[int]:
    """The processes that are writing below a folder, by the names of their temporary files."""
    return {int(file.name.split("-")[2]) for file in folder.rglob(".part-*")}


def readers(image: Path, processes: Collection[int]) -> set[int]:
    """Those of some processes that have an image open."""
    found = set()
    for process in processes:
        with suppress(psutil.Error):  # it ended meanwhile
            opened = psutil.Process(process).open_files()
            found |= {process} if any(Path(file.path) == image for file in opened) else set()
    return found


def kill(process: int) -> None:
    psutil.Process(process).kill()
