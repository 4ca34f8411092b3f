"""Programs that the window starts and talks with in lines of JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import psutil
from qtpy.QtCore import QByteArray, QObject, QProcess, QProcessEnvironment, Signal

from ...devices import ALLOCATOR

log = logging.getLogger(__name__)

CRASHED = -1
"""What `Child.ended` carries if the program crashed, was killed, or could not be started."""

REFUSED = "napari-im: "
"""What the command line puts in front of a sentence about refused input."""

LONGEST_LINE = 2**24
"""Bytes; what is longer is no answer of ours."""

NICENESS = 10

TEXT = "utf-8"
"""What programs write into pipes; on Windows they would use the letters of one region."""


def our_command(*arguments: str) -> tuple[str, ...]:
    """The command line of this package, run by the Python of this process."""
    return (sys.executable, "-m", "napari_inconsistency_masks", *arguments)


KILL_MS = 10_000
"""A process that is killed is gone within milliseconds, unless the computer is very busy."""


class Child(QObject):
    """A program that answers in lines of JSON, and ends when its standard input is closed.

    Lines that are no JSON objects, and its standard error, go to `said`.

    Parameters
    ----------
    command
        The program and its arguments.
    parent
        Owner.
    """

    answered = Signal(dict)
    said = Signal(str)
    ended = Signal(int)

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command)
        self._partial, self._partial_error = b"", b""
        self._over = False
        self._process = process = QProcess(self)
        process.setProgram(self._command[0])
        process.setArguments(list(self._command[1:]))
        process.setProcessEnvironment(_environment())
        process.started.connect(self._make_nice)
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)

    @property
    def running(self) -> bool:
        """Whether the program was started and has not ended."""
        return bool(self._process.state() != QProcess.ProcessState.NotRunning)

    @property
    def pid(self) -> int:
        """Process id, 0 if not running."""
        return int(self._process.processId())

    def start(self) -> None:
        """Start the program; `ended` tells if it cannot be started."""
        log.debug("starting %s", " ".join(self._command))
        self._process.start()

    def send(self, request: Mapping[str, Any]) -> None:
        """Write one JSON object to its standard input."""
        self._process.write(QByteArray(json.dumps(request).encode() + b"\n"))

    def close_input(self) -> None:
        """Ask it to save what it has and to end."""
        self._process.closeWriteChannel()

    def wait(self, milliseconds: int) -> bool:
        """Whether it has ended within that time."""
        return not self.running or bool(self._process.waitForFinished(max(1, milliseconds)))

    def kill(self) -> None:
        """End it at once."""
        if self.running:
            self._process.kill()
            self._process.waitForFinished(KILL_MS)

    def _make_nice(self) -> None:
        """Leave the processor to the window; threads that it starts later inherit this."""
        lower = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICENESS)
        with suppress(psutil.Error, OSError):
            psutil.Process(self.pid).nice(lower)

    def _read_output(self) -> None:
        written = bytes(self._process.readAllStandardOutput())
        lines, self._partial = _whole_lines(self._partial + written)
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        with suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                self.answered.emit(answer)
                return
        self._say(line)

    def _read_errors(self) -> None:
        written = bytes(self._process.readAllStandardError())
        lines, self._partial_error = _whole_lines(self._partial_error + written)
        for line in lines:
            self._say(line)

    def _say(self, line: bytes) -> None:
        if line.strip():
            self.said.emit(line.decode("utf-8", "backslashreplace").rstrip())

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_output()
        self._read_errors()
        self._take(self._partial)
        self._say(self._partial_error)
        self._end(CRASHED if status == QProcess.ExitStatus.CrashExit else code)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.said.emit(f"{self._command[0]} cannot be started: {self._process.errorString()}")
            self._end(CRASHED)

    def _end(self, code: int) -> None:
        if not self._over:
            self._over = True
            self.ended.emit(code)


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONIOENCODING", TEXT)
    if sys.platform == "linux":
        for name, value in ALLOCATOR.items():
            environment.insert(name, value)
    return environment


def _whole_lines(written: bytes) -> tuple[list[bytes], bytes]:
    """Lines that are complete, and the beginning of the next one."""
    *lines, rest = written.split(b"\n")
    return lines, rest if len(rest) <= LONGEST_LINE else b""
