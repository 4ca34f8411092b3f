"""Keeps what is drawn on disk, without anybody's asking, and gives it back."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from ...errors import InputError
from ..work.worker import Worker
from .canvas import Canvas
from .drawing_layers import add_missing_layers
from .kept import Home, home_in
from .kept_folders import Kept
from .layer_data import LayerData
from .restoring import Restoring
from .sittings import Sitting, Sittings

SOON_MS, RETRY_MS = 500, 5000
"""From a stroke until it is saved (further strokes do not put it off), and after a failure."""


class Keeper(QObject):
    """Saves strokes soon after they were made, and restores those of another day.

    `offer` is what can be restored for the image that is drawn on; `changed` tells of another one.
    While it is `paused`, layers get other data, which are no strokes. `saved` carries the id of a
    project's file whose strokes are on disk, `failed` a sentence when something cannot be saved;
    `trouble` is that sentence until saving works again, which `recovered` tells.

    Parameters
    ----------
    data
        Of the session.
    root
        Tells the folder to keep drawings in.
    shown
        Tells which frame is shown.
    """

    changed = Signal()
    saved = Signal(str)
    failed = Signal(str)
    recovered = Signal()

    def __init__(
        self,
        data: LayerData,
        root: Callable[[], Path],
        shown: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.offer: Kept | None = None
        self.paused = False
        self._data, self._root, self._shown = data, root, shown
        self._flushes: list[Callable[[bool], None]] = []
        self._sittings = Sittings(data)
        self._waiting: dict[int, Sitting] = {}  # by identity
        self._current: Sitting | None = None
        self._worker: Worker | None = None
        self._saved_now: Sitting | None = None
        self._looking: Worker | None = None
        self._restoring: Restoring | None = None
        self.trouble, self._told_problem = "", ""
        self._unsaid: weakref.WeakSet[Image] = weakref.WeakSet()  # with strokes, see `problem`
        self._tell_saved = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOON_MS)
        self._timer.timeout.connect(self._save)
        data.changed.connect(self._on_choice)
        data.drawn.connect(self._on_stroke)
        data.scanned.connect(self._on_scanned)

    @property
    def folder(self) -> Path | None:
        """Where strokes on this image are kept, once there are some."""
        home = None if self._current is None else self._current.home
        return None if home is None else home.corrections.folder

    @property
    def drawn_on(self) -> bool:
        """Whether somebody drew on the image that is chosen, which is no file of a project."""
        current = self._current
        return current is not None and current.drawn and not current.in_project

    @property
    def offers_others(self) -> bool:
        """Whether what is offered has other classes or axes than what is drawn now."""
        if self.offer is None or self._current is None:
            return False
        return not self.offer.is_like(self._current.drawing)

    def adopt(self, image: Image, home: Home) -> None:
        """Save what is drawn on an image of a project there from now on."""
        self._sittings.adopt(image, home)
        self._on_choice()

    def give_up(self, image: Image) -> None:
        """A layer of a project's file was removed: save nothing more until it is opened again.

        Layers that are made in its place are empty, and would empty what is on disk.
        """
        self._sittings.give_up(image)
        self._on_choice()

    def let_go(self, image: Image) -> None:
        """The image is no longer open; everything is saved."""
        self._unsaid.discard(image)
        if self._sittings.let_go(image):
            self._current = None

    def flush(self, then: Callable[[bool], None]) -> None:
        """Save everything now; `then` is told, perhaps at once, whether all is on disk."""
        self._refresh()
        if self._sittings.stuck:
            self._tell_problem()
            self._timer.start()  # what could be said before
            then(False)
            return
        if not self._waiting and self._worker is None:
            then(True)
            return
        self._flushes.append(then)
        self._timer.stop()
        self._save()

    def busy(self) -> bool:
        """Whether anything is not on disk yet."""
        return bool(self._waiting) or self._worker is not None

    def restore(self) -> None:
        """Draw what is offered, with the classes and axes it was drawn with."""
        kept = self.offer
        if kept is None or self._current is None:
            return
        if not kept.is_like(self._current.drawing):
            self._data.choose_classes(kept.scheme, kept.letters)  # which begins another sitting
        sitting = self._current
        if sitting is None:
            return
        add_missing_layers(self._data)
        self.offer, sitting.rest = None, kept
        if sitting.home is None and self._saved_now is not sitting:
            sitting.home = home_in(kept.folder, kept.scheme)
        self._go_on_restoring()
        self.changed.emit()

    def finish(self, milliseconds: int) -> None:
        """Save what is not saved yet, as the window closes."""
        self._timer.stop()
        if self._restoring is not None:
            self._restoring.over.disconnect(self._on_restored)
            self._restoring.stop()
        self._refresh()
        for image in self._unsaid:
            sitting = self._sittings.last(image)
            if sitting is not None:  # areas with the classes that could be said last
                self._waiting[id(sitting)] = sitting
        if self._worker is not None:
            self._worker.stop()
            self._worker.wait(milliseconds)
        self._keep_waiting()
        for sitting in self._waiting.values():
            with suppress(OSError, InputError):  # nothing more can be done now
                deque(sitting.save(self._root(), first=0), maxlen=0)
        self._waiting.clear()
        self._sittings.end()

    def _on_choice(self) -> None:
        if self.paused:
            return
        before = self._current
        self._say_now()
        if self._current is not before:
            self.offer = None
            self.changed.emit()
            if self._current is not None and self._current.rest is not None:
                self._go_on_restoring()
            elif self._current is not None and self._current.home is None:
                self._look_for(self._current)
            self._forget_closed()

    def _on_stroke(self) -> None:
        if self.paused:
            return
        if not (self._data.painted() and self._waits(self._current)):
            self._say_now()
        self._tell_problem()
        if self._current is not None:
            self._queue(self._current)
        elif self._sittings.problem and self._data.image is not None:
            self._unsaid.add(self._data.image)

    def _say_now(self) -> None:
        """Look at what is drawn; strokes of which nothing could be said until now are to be saved.

        Such as those made while a class had a name that none can have.
        """
        sitting = self._current = self._sittings.now()
        image = self._data.image
        if self._restoring is not None and self._restoring.sitting is not sitting:
            self._restoring.stop()
        if sitting is not None and image in self._unsaid:
            self._unsaid.discard(image)
            self._tell_saved, self._told_problem = True, ""
            self._queue(sitting)

    def _queue(self, sitting: Sitting) -> None:
        sitting.drawn = True
        self._waiting[id(sitting)] = sitting
        if not self._timer.isActive():
            self._timer.start()

    def _tell_problem(self) -> None:
        """Tell once why what is drawn cannot be saved."""
        before, self._told_problem = self._told_problem, self._sittings.problem
        if self._told_problem not in ("", before):
            self.failed.emit(f"What is drawn is not saved: {self._told_problem}")

    def _waits(self, sitting: Sitting | None) -> bool:
        """Whether it is to be saved, with its areas as they are then."""
        return sitting is not None and id(sitting) in self._waiting

    def _on_scanned(self) -> None:
        if self._current is not None and self._current.drawn:
            self._on_stroke()  # undoing tells of no stroke

    def _refresh(self) -> None:
        """Not every change tells of a stroke, such as undoing: compare all that is drawn once.

        What another plugin writes into the layers of a project's file tells of none, nor do states
        of positions.
        """
        if not self._data.layers.alive:
            return
        if self._sittings.problem:
            self._say_now()  # perhaps it is solved
        current = self._current
        if current is not None and (current.drawn or current.in_project):
            self._say_now()
            self._waiting.setdefault(id(current), current)

    def _save(self) -> None:
        if self._worker is not None or self._restoring is not None:
            return  # saves again when it is done
        sitting = next(iter(self._waiting.values()), None)
        if sitting is None:
            return
        self._saved_now = self._waiting.pop(id(sitting))
        worker = self._worker = Worker(sitting.save(self._root(), self._shown()), self)
        worker.returned.connect(self._on_saved)
        worker.failed.connect(self._on_failed)
        worker.over.connect(self._go_on)
        worker.begin()

    def _on_saved(self) -> None:
        sitting, self._saved_now = self._saved_now, None
        if self.trouble or self._tell_saved:
            self.trouble, self._tell_saved = "", False
            self.recovered.emit()
        if sitting is not None and sitting.in_project and sitting.home is not None:
            self.saved.emit(sitting.home.image)
        self._timer.setInterval(SOON_MS)

    def _on_failed(self, error: Exception) -> None:
        """Tell it once, and try again."""
        self._keep_waiting()
        self._end_flushes(saved=False)
        self._timer.setInterval(RETRY_MS)
        before = self.trouble
        self.trouble = f"What is drawn is not saved, which is tried again: {error}"
        if not before:
            self.failed.emit(self.trouble)

    def _go_on(self) -> None:
        self._worker = None
        self.changed.emit()
        if self._waiting and self._flushes:
            self._save()
        elif self._waiting:
            self._timer.start()
        else:
            self._end_flushes(saved=True)
        self._forget_closed()

    def _end_flushes(self, *, saved: bool) -> None:
        told, self._flushes = self._flushes, []
        for then in told:
            then(saved)

    def _keep_waiting(self) -> None:
        if self._saved_now is not None:
            self._waiting.setdefault(id(self._saved_now), self._saved_now)
            self._saved_now = None

    def _look_for(self, sitting: Sitting) -> None:
        worker = self._looking = Worker(
            sitting.look(self._root(), alike=self._data.classes_chosen), self
        )
        worker.returned.connect(lambda kept: self._offer(sitting, kept))
        worker.begin()

    def _offer(self, sitting: Sitting, kept: Kept | None) -> None:
        if sitting is self._current and sitting.home is None and sitting.rest is None:
            self.offer = kept
            self.changed.emit()

    def _go_on_restoring(self) -> None:
        sitting = self._current
        if self._restoring is not None or sitting is None:
            return  # goes on when the other one is over
        canvas = Canvas.of(self._data)
        restoring = self._restoring = Restoring(sitting, canvas, self._shown(), self)
        restoring.over.connect(self._on_restored)

    def _on_restored(self) -> None:
        restoring, self._restoring = self._restoring, None
        assert restoring is not None
        restoring.deleteLater()
        if restoring.notes:
            more = len(restoring.notes) - 1
            self.failed.emit(restoring.notes[0] + (f" (And {more} more.)" if more else ""))
        if restoring.unsaved:
            self._queue(restoring.sitting)
        if self._current is restoring.sitting:
            self._say_now()  # with all points as they are now
        if self._current is not None and self._current.rest is not None:
            self._go_on_restoring()
        elif self._waiting and self._flushes:
            self._save()
        elif self._waiting:
            self._timer.start()
        self._forget_closed()
        self.changed.emit()

    def _forget_closed(self) -> None:
        self._sittings.forget_closed(self._needs)

    def _needs(self, sitting: Sitting) -> bool:
        restored = None if self._restoring is None else self._restoring.sitting
        if any(sitting is other for other in (self._current, self._saved_now, restored)):
            return True
        return self._waits(sitting) or self._sittings.is_last_of(sitting, self._unsaid)
