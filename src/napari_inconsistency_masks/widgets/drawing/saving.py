"""Saving sittings in a thread, one after the other, until they are on disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qtpy.QtCore import QObject, QTimer, Signal

from ...errors import InputError
from ..work.worker import Worker
from .sittings import Sitting

SOON_MS, RETRY_MS = 500, 5000
"""From a stroke until it is saved (further strokes do not put it off), and after a failure."""


class Saving(QObject):
    """What waits to be saved, and what is saved now.

    `saved` carries a sitting that is on disk, and whether saving failed before; `failed` a sentence
    when something cannot be saved, which is told once and tried again. `trouble` is that sentence
    until saving works again. `over` tells that a sitting was saved, or could not be.

    Parameters
    ----------
    root
        Tells the folder that drawings are kept in.
    shown
        Tells which frame is shown; it is saved first.
    held
        Tells whether nothing may be saved now; after that somebody says `go_on`.

    Attributes
    ----------
    now
        The sitting that is saved at the moment, which may get its folder meanwhile.
    """

    saved = Signal(object, bool)
    failed = Signal(str)
    over = Signal()

    def __init__(
        self,
        root: Callable[[], Path],
        shown: Callable[[], int],
        held: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.now: Sitting | None = None
        self.trouble = ""
        self._root, self._shown, self._held = root, shown, held
        self._flushes: list[Callable[[bool], None]] = []
        self._waiting: dict[int, Sitting] = {}  # by identity
        self._worker: Worker | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOON_MS)
        self._timer.timeout.connect(self._save)

    @property
    def busy(self) -> bool:
        """Whether anything is not on disk yet."""
        return bool(self._waiting) or self._worker is not None

    def waits(self, sitting: Sitting | None) -> bool:
        """Whether it is to be saved, with its areas as they are then."""
        return sitting is not None and id(sitting) in self._waiting

    def put(self, sitting: Sitting) -> None:
        """Save a sitting soon."""
        self._waiting[id(sitting)] = sitting
        self.soon()

    def soon(self) -> None:
        """Save what waits soon."""
        if not self._timer.isActive():
            self._timer.start()

    def go_on(self) -> None:
        """Save what waits: at once if somebody asked for everything, else soon."""
        if self._waiting and self._flushes:
            self._save()
        elif self._waiting:
            self.soon()

    def flush(self, then: Callable[[bool], None]) -> None:
        """Save everything now; `then` is told, perhaps at once, whether all is on disk."""
        if not self.busy:
            then(True)
            return
        self._flushes.append(then)
        self._timer.stop()
        self._save()

    def finish(self, milliseconds: int) -> None:
        """Save everything here and now; a thread that saves has so much time to stop."""
        self._timer.stop()
        if self._worker is not None:
            self._worker.stop()
            self._worker.wait(milliseconds)
        self._keep_waiting()
        for sitting in self._waiting.values():
            with suppress(OSError, InputError):  # nothing more can be done now
                deque(sitting.save(self._root(), first=0), maxlen=0)
        self._waiting.clear()

    def _save(self) -> None:
        if self._worker is not None or self._held():
            return  # saves again when it is done
        sitting = next(iter(self._waiting.values()), None)
        if sitting is None:
            return
        self.now = self._waiting.pop(id(sitting))
        worker = self._worker = Worker(sitting.save(self._root(), self._shown()), self)
        worker.returned.connect(self._on_saved)
        worker.failed.connect(self._on_failed)
        worker.over.connect(self._on_over)
        worker.begin()

    def _on_saved(self) -> None:
        sitting, self.now = self.now, None
        before, self.trouble = self.trouble, ""
        self._timer.setInterval(SOON_MS)
        if sitting is not None:
            self.saved.emit(sitting, bool(before))

    def _on_failed(self, error: Exception) -> None:
        """Tell it once, and try again."""
        self._keep_waiting()
        self._end_flushes(saved=False)
        self._timer.setInterval(RETRY_MS)
        before = self.trouble
        self.trouble = f"What is drawn is not saved, which is tried again: {error}"
        if not before:
            self.failed.emit(self.trouble)

    def _on_over(self) -> None:
        self._worker = None
        self.over.emit()
        if self._waiting:
            self.go_on()
        else:
            self._end_flushes(saved=True)

    def _end_flushes(self, *, saved: bool) -> None:
        told, self._flushes = self._flushes, []
        for then in told:
            then(saved)

    def _keep_waiting(self) -> None:
        if self.now is not None:
            self._waiting.setdefault(id(self.now), self.now)
            self.now = None
