"""Keeps what is drawn on disk, without anybody's asking, and gives it back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from ..errors import InputError
from ..projects import FrameLabels
from ..projects.corrections import Corrections
from ._drawing import Drawing
from ._drawing_layers import add_missing_layers
from ._kept import Home, Kept, key_of, new_folder, newest_kept, put_labels, read_kept, save_changed
from ._layer_data import LayerData
from ._worker import Worker

SOON_MS, RETRY_MS = 500, 5000
"""From a stroke until it is saved (further strokes do not put it off), and after a failure."""


@dataclass
class _Sitting:
    """What is drawn on one image with certain classes, and what of it is on disk."""

    key: str
    source: str
    drawing: Drawing
    home: Home | None = None
    drawn: bool = False

    @property
    def in_project(self) -> bool:
        """Whether this is a file of a project."""
        return self.home is not None and self.home.axes is not None


class Keeper(QObject):
    """Saves strokes soon after they were made, and restores those of another day.

    `offer` is what can be restored for the image that is drawn on; `changed` tells of another one.
    While it is `paused`, layers get other data, which are no strokes. `saved` carries the id of a
    project's file whose strokes are on disk, `failed` a sentence when something cannot be saved.

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
        self._homes: dict[int, Home] = {}
        self._flushes: list[Callable[[bool], None]] = []
        self._sittings: dict[str, _Sitting] = {}
        self._waiting: dict[str, _Sitting] = {}
        self._current: _Sitting | None = None
        self._worker: Worker | None = None
        self._saved_now: _Sitting | None = None
        self._looking: Worker | None = None
        self._told = False
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

    def adopt(self, image: Image, home: Home) -> None:
        """Save what is drawn on an image of a project there from now on."""
        self._homes[id(image)] = home
        self._on_choice()

    def let_go(self, image: Image) -> None:
        """The image is no longer open; everything is saved."""
        home = self._homes.pop(id(image), None)
        if home is not None:
            self._sittings.pop(_project_key(home), None)
            self._current = None

    def flush(self, then: Callable[[bool], None]) -> None:
        """Save everything now; `then` is told, perhaps at once, whether all is on disk."""
        self._refresh()
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
        """Draw what is offered."""
        kept, sitting = self.offer, self._current
        if kept is None or sitting is None:
            return
        add_missing_layers(self._data)
        home = Home(Corrections(kept.folder, sitting.drawing.scheme))
        self.offer, sitting.home = None, home
        worker = self._looking = Worker(read_kept(kept, sitting.drawing.scheme))
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
                deque(_saving(sitting, self._root(), first=0), maxlen=0)
        self._waiting.clear()

    def _on_choice(self) -> None:
        if self.paused:
            return
        before, self._current = self._current, self._sitting()
        if self._current is not before:
            self.offer = None
            self.changed.emit()
            if self._current is not None and self._current.home is None:
                self._look_for(self._current)

    def _on_stroke(self) -> None:
        if self.paused:
            return
        sitting = self._current = self._sitting()
        if sitting is not None:
            sitting.drawn = True
            self._waiting[sitting.key] = sitting
            if not self._timer.isActive():
                self._timer.start()

    def _on_scanned(self) -> None:
        if self._current is not None and self._current.drawn:
            self._on_stroke()  # undoing tells of no stroke

    def _refresh(self) -> None:
        """Undoing tells of no stroke until it is noticed: compare all that was drawn on once."""
        current = self._current
        if current is not None and current.drawn and self._data.layers.alive:
            self._current = self._sitting()
            self._waiting.setdefault(current.key, current)

    def _sitting(self) -> _Sitting | None:
        """The one with what is drawn now; None if that cannot be said."""
        image = self._data.image
        home = self._homes.get(id(image))
        if image is None or (home is not None and self._data.boxes.lost(image)):
            return None
        try:
            drawing = self._data.drawing(partly=home is None)
        except InputError:
            return None
        if home is not None and home.takes(drawing):
            key = _project_key(home)
            sitting = self._sittings.setdefault(key, _Sitting(key, "", drawing, home))
            sitting.drawing = drawing
            return sitting
        source = str(getattr(image.source, "path", None) or "")
        key = key_of(drawing, source)
        sitting = self._sittings.setdefault(key, _Sitting(key, source, drawing))
        sitting.drawing = drawing
        return sitting

    def _save(self) -> None:
        if self._worker is not None:
            return  # saves again when it is done
        sitting = next(iter(self._waiting.values()), None)
        if sitting is None:
            return
        self._saved_now = self._waiting.pop(sitting.key)
        worker = self._worker = Worker(_saving(sitting, self._root(), self._shown()))
        worker.returned.connect(self._on_saved)
        worker.failed.connect(self._on_failed)
        worker.over.connect(self._go_on)
        worker.begin()

    def _on_saved(self) -> None:
        sitting, self._saved_now, self._told = self._saved_now, None, False
        if sitting is not None and sitting.in_project and sitting.home is not None:
            self.saved.emit(sitting.home.image)
        self._timer.setInterval(SOON_MS)

    def _on_failed(self, error: Exception) -> None:
        """Tell it once, and try again."""
        self._keep_waiting()
        self._end_flushes(saved=False)
        self._timer.setInterval(RETRY_MS)
        if not self._told:
            self._told = True
            self.failed.emit(f"What is drawn is not saved, which is tried again: {error}")

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
            self._waiting.setdefault(self._saved_now.key, self._saved_now)
            self._saved_now = None

    def _look_for(self, sitting: _Sitting) -> None:
        worker = self._looking = Worker(_look(self._root(), sitting))
        worker.returned.connect(lambda kept: self._offer(sitting, kept))
        worker.begin()

    def _offer(self, sitting: _Sitting, kept: Kept | None) -> None:
        if sitting is self._current and sitting.home is None:
            self.offer = kept
            self.changed.emit()

    def _put(self, item: tuple[int, FrameLabels]) -> None:
        put_labels(self._data, *item)


def _saving(sitting: _Sitting, root: Path, first: int) -> Generator[None, None, None]:
    if not sitting.drawing.drawn:
        return
    if sitting.home is None:
        folder = new_folder(root, sitting.key, sitting.drawing, sitting.source)
        sitting.home = Home(Corrections(folder, sitting.drawing.scheme))
    yield from save_changed(sitting.drawing, sitting.home, first)


def _project_key(home: Home) -> str:
    """No image outside of the project has it."""
    return f"{home.corrections.folder}|{home.image}"


def _look(root: Path, sitting: _Sitting) -> Generator[None, None, Kept | None]:
    yield
    return newest_kept(root, sitting.key, sitting.drawing.scheme)
