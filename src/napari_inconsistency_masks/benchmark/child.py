"""A process that trains a run folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

LOG = "log.txt"
"""In a run folder: what its training wrote besides events."""

STOP_WITHIN = 60.0
"""Seconds in which a training that is to stop must have ended its step and saved."""


class Child:
    """``napari-im run FOLDER``, which ends when this process does, however that ends.

    Parameters
    ----------
    folder
        The run folder.
    threads
        Processor cores; 0 leaves that to the program.
    gpu
        The only GPU it sees, or None for all.
    """

    def __init__(self, folder: Path, threads: int, gpu: str | None) -> None:
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}  # as the log is read
        if gpu is not None:
            environment["CUDA_VISIBLE_DEVICES"] = gpu
        command = [sys.executable, "-m", __package__.split(".", maxsplit=1)[0], "run", str(folder)]
        command += ["--json", "--end-with-input", "--threads", str(threads)]
        with (folder / LOG).open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own command
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=environment,
            )

    def events(self) -> Iterator[dict[str, Any]]:
        """What it says until it ends, as JSON values."""
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                with suppress(ValueError):  # a torn line of a child that was killed
                    yield json.loads(line)

    def wait(self) -> int:
        """Wait for its end; returns the exit code."""
        return self._process.wait()

    def ask_to_end(self) -> None:
        """Ask it to save and end; nothing happens if it has."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def end(self, seconds: float) -> None:
        """Wait for an end that was asked for, and kill it if that takes too long."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
