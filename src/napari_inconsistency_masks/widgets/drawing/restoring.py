"""Drawing what was kept on another day, frame by frame, while the window goes on."""

from __future__ import annotations

from dataclasses import replace

from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ...projects import FrameLabels
from ..work.worker import Worker
from .canvas import Canvas
from .kept import KeptFrame, read_kept
from .sittings import Sitting


class Restoring(QObject):
    """Draws `rest` of a sitting in its layers; what is drawn there meanwhile stays on top.

    Frames that are shown as they are on disk count as saved. `over` comes last, also if it was
    stopped; then `rest` of the sitting are the frames that are not there yet.

    Parameters
    ----------
    sitting, canvas
        What is restored, and where.
    first
        The frame to begin with.

    Attributes
    ----------
    notes
        What a person should know about how it was read, one sentence each.
    unsaved
        Whether a frame differs from what is on disk.
    """

    over = Signal()

    def __init__(
        self, sitting: Sitting, canvas: Canvas, first: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.sitting, self.unsaved = sitting, False
        self.notes: list[str] = []
        self._canvas, self._stopped = canvas, False
        kept, home = sitting.rest, sitting.home
        assert kept is not None
        there = home is not None and home.corrections.folder == kept.folder
        self._home = home if there else None
        frames = tuple(sorted(kept.frames, key=lambda frame: frame != first))
        self._worker = Worker(read_kept(replace(kept, frames=frames)), self)
        self._worker.yielded.connect(self._put)
        self._worker.returned.connect(self._on_all)
        self._worker.failed.connect(self._on_failed)
        self._worker.over.connect(self.over)
        self._worker.begin()

    def stop(self) -> None:
        """Draw nothing more."""
        self._stopped = True
        self._worker.stop()

    def _put(self, read: KeptFrame) -> None:
        if self._stopped:
            return
        if read.note:
            self.notes.append(read.note)
        if read.labels is not None:
            self._draw(read, read.labels)
        rest = self.sitting.rest
        assert rest is not None
        frames = tuple(frame for frame in rest.frames if frame != read.frame)
        self.sitting.rest = replace(rest, frames=frames)

    def _draw(self, read: KeptFrame, labels: FrameLabels) -> None:
        try:
            empty = self._canvas.put(read.frame, labels)
        except InputError as error:
            self.notes.append(str(error))
            return
        if empty and self._home is not None:
            self._home.saved[read.frame], self._home.shown[read.frame] = read.mark, read.number
        else:
            self.unsaved = True

    def _on_all(self) -> None:
        if not self._stopped:
            self.sitting.rest = None

    def _on_failed(self, error: Exception) -> None:
        self.sitting.rest = None  # trying again would fail again
        self.notes.append(str(error))
