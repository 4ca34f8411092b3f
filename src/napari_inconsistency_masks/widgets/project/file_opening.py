"""Reading a file of a project in a thread, and telling how much of it is read."""

from __future__ import annotations

import time
from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from ...projects import Project
from ..work.status import Activity, Status
from ..work.words import in_words
from ..work.worker import Worker
from .file_reading import ReadFile, read_file

OPENING = "open"

TELL_S = 0.2
"""Least time between two words about how much of a file is read."""


class FileOpening(QObject):
    """Reads one file at a time; `read` carries it, `failed` a sentence.

    Parameters
    ----------
    status
        Where to show how far it is.
    give_up
        What *Cancel* does.
    """

    read = Signal(object, object)
    failed = Signal(str)

    def __init__(
        self, status: Status, give_up: Callable[[], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._status, self._give_up = status, give_up
        self._worker: Worker | None = None
        self._told = 0.0

    def begin(self, project: Project, image_id: str, name: str) -> None:
        """Read a file with its labels."""
        worker = self._worker = Worker(read_file(project, image_id), self)
        worker.yielded.connect(lambda done: self._tell(name, done))
        worker.returned.connect(lambda read: self._on_read(worker, project, read))
        worker.failed.connect(lambda error: self._on_failed(worker, error))
        worker.over.connect(lambda: self._on_over(worker))
        self._status.begin(OPENING, Activity(f"Opening {name}", None, self._cancel))
        worker.begin()

    def _on_over(self, worker: Worker) -> None:
        if worker is self._worker:
            self._status.end(OPENING)

    def stop(self) -> None:
        """Read no further, and say nothing."""
        if self._worker is not None:
            self._worker.stop()

    def _tell(self, name: str, done: tuple[int, int]) -> None:
        now = time.monotonic()
        if now - self._told < TELL_S:
            return
        self._told = now
        self._status.progress(OPENING, f"Opening {name}", done[0] / done[1])

    def _cancel(self) -> None:
        self.stop()
        self._status.end(OPENING, "Canceled.")
        self._give_up()

    def _on_read(self, worker: Worker, project: Project, read: ReadFile) -> None:
        if worker is self._worker:  # and no other file is read by now
            self.read.emit(project, read)

    def _on_failed(self, worker: Worker, error: Exception) -> None:
        if worker is not self._worker:
            return
        self.failed.emit(in_words(error, "The file cannot be opened"))
