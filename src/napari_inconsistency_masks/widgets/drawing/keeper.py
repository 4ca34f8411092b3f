"""Keeps what is drawn on disk, without anybody's asking, and gives it back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from ...errors import InputError
from ...projects import FrameLabels
from ..work.worker import Worker
from .drawing_layers import add_missing_layers
from .kept import Home, home_in, put_labels, read_kept
from .kept_folders import Kept
from .layer_data import LayerData
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
        self.trouble, self._told_problem = "", ""
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
        home = home_in(kept.folder, kept.scheme)
        self.offer, sitting.home = None, home
        worker = self._looking = Worker(read_kept(kept), self)
        worker.yielded.connect(self._put)
        worker.returned.connect(home.saved.update)
        worker.failed.connect(lambda error: self.failed.emit(str(error)))
        worker.begin()
        self.changed.emit()

    def finish(self, milliseconds: int) -> None:
        """Save what is not saved yet, as the window closes."""
        self._timer.stop()
        self._refresh()
        if self._worker is not None:
            self._worker.stop()
            self._worker.wait(milliseconds)
        self._keep_waiting()
        for sitting in self._waiting.values():
            with suppress(OSError, InputError):  # nothing more can be done now
                deque(sitting.save(self._root(), first=0), maxlen=0)
        self._waiting.clear()

    def _on_choice(self) -> None:
        if self.paused:
            return
        before, self._current = self._current, self._sittings.now()
        if self._current is not before:
            self.offer = None
            self.changed.emit()
            if self._current is not None and self._current.home is None:
                self._look_for(self._current)

    def _on_stroke(self) -> None:
        if self.paused:
            return
        if not (self._data.painted() and self._waits(self._current)):
            self._current = self._sittings.now()
        sitting = self._current
        self._tell_problem()
        if sitting is not None:
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
            self._current = self._sittings.now()  # perhaps it is solved
        current = self._current
        if current is not None and (current.drawn or current.in_project):
            self._current = self._sittings.now()
            self._waiting.setdefault(id(current), current)

    def _save(self) -> None:
        if self._worker is not None:
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
        if self.trouble:
            self.trouble = ""
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
        if sitting is self._current and sitting.home is None:
            self.offer = kept
            self.changed.emit()

    def _put(self, item: tuple[int, FrameLabels]) -> None:
        put_labels(self._data, *item)
