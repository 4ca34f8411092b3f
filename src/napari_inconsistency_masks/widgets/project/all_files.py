"""Predicting all files of a project, one after the other, of which none need be open."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from ...training.progress import duration
from ..layers.file_frames import FileFrames
from ..layers.subject import Subject, Subjects
from ..predicting.predictor import Predictor
from ..results.looking import Looking
from ..work.worker import Worker
from .data import ProjectData

CANCELED = "Canceled"


class AllFiles(QObject):
    """Predicts what the networks in use have not predicted yet.

    Frames are read when it is their turn; counts and places of all are kept, and pictures of none.
    `changed` tells that it began or ended; `failed` says in a sentence what was left out, and
    `finished` what was done.

    Parameters
    ----------
    data, subjects, looking, predictor
        Of the session.
    """

    changed = Signal()
    failed = Signal(str)
    finished = Signal(str)

    def __init__(
        self,
        data: ProjectData,
        subjects: Subjects,
        looking: Looking,
        predictor: Predictor,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._data, self._subjects = data, subjects
        self._looking, self._predictor = looking, predictor
        self._left: deque[str] = deque()
        self._current: Subject | None = None
        self._opening: Worker | None = None
        self._files = self._frames = self._done = self._done_before = 0
        self._began = 0.0
        predictor.ended.connect(self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether files are being predicted."""
        return self._current is not None

    def start(self) -> None:
        """Predict all files that are there; what is predicted already is left out."""
        if self.busy or self._predictor.model is None:
            return
        rows = [row for row in self._data.rows if row.found]
        left = {row.image.id: row.image.frames - self._known(row.image.id) for row in rows}
        if rows and not any(left.values()):
            self.failed.emit("These networks have predicted all files already.")
            return
        self._left = deque(image_id for image_id, frames in left.items() if frames)
        self._files, self._frames = len(self._left), sum(left.values())
        self._done, self._began = 0, time.monotonic()
        self._next()

    def cancel(self) -> None:
        """Stop; what is done stays."""
        self._stop()
        self._predictor.cancel()

    def _stop(self) -> None:
        self._left.clear()
        if self._opening is not None:
            self._opening.stop()
        self._current = self._opening = None
        self.changed.emit()

    def _known(self, image_id: str) -> int:
        """How many frames of a file the networks in use have predicted."""
        subject = self._subjects.file(image_id)
        result = None if subject is None else self._looking.results.of_subject(subject)
        model = self._predictor.model
        if result is None or model is None or not result.model.predicts_like(model):
            return 0
        return len(result.counts.predicted)

    def _next(self) -> None:
        """Read the next file; those that left the project meanwhile are passed over."""
        project, subject = self._data.project, None
        while self._left and subject is None:
            subject = self._subjects.file(self._left.popleft())
        if project is None or subject is None or subject.file is None:
            self._stop()
            self.finished.emit(_words(self._done, self._files))
            return
        self._current, self._done_before = subject, self._done
        worker = self._opening = Worker(_open(project.path_of(subject.file)), self)
        worker.returned.connect(lambda frames: self._predict(subject, frames))
        worker.failed.connect(lambda error: self._leave_out(str(error)))
        worker.begin()
        self.changed.emit()

    def _leave_out(self, sentence: str) -> None:
        self._opening = None
        self.failed.emit(sentence)
        if self.busy:
            self._next()

    def _predict(self, subject: Subject, frames: FileFrames) -> None:
        model = self._predictor.model
        if subject is not self._current or model is None:
            return
        problem = self._looking.misfit(subject.name, frames.axes, model)
        if problem is not None:
            self._leave_out(problem)
            return
        if subject.layer is None:
            subject.axes = frames.axes
        result = self._looking.results.of_subject(subject)
        same = result is not None and result.model.predicts_like(model)
        known = result.counts.predicted if same and result is not None else {}
        wanted = [frame for frame in range(frames.axes.count) if frame not in known]
        if not wanted:  # predicted by hand meanwhile
            self._next()
            return
        colors = self._looking.colors(model.scheme.classes)
        self._looking.results.predict_subject(
            subject, frames.axes, frames, wanted, colors, self._tell
        )
        self._opening = None  # from now on, what ends is this file: one that ran is canceled

    def _tell(self, done: int, total: int) -> tuple[str, float]:
        self._done = self._done_before + done
        file = self._files - len(self._left)
        took = time.monotonic() - self._began
        words = f"File {file} of {self._files}, frame {done} of {total}"
        if self._done:
            left = took / self._done * max(0, self._frames - self._done)
            words += f", {duration(left)} left"
        return words, min(1.0, self._done / max(1, self._frames))

    def _on_ended(self, sentence: str, ok: bool) -> None:
        if not self.busy or self._opening is not None:
            return  # what has ended is no file of these
        if sentence.startswith(CANCELED) or (not ok and self._predictor.child is None):
            self._stop()  # by the person, or nothing would predict the next one either
        else:
            self._next()


def _words(frames: int, files: int) -> str:
    """What was done."""
    of = "1 file" if files == 1 else f"{files} files"
    return f"Predicted {frames} frame{'' if frames == 1 else 's'} of {of}."


def _open(path: Path) -> Generator[None, None, FileFrames]:
    yield
    return FileFrames(path)
