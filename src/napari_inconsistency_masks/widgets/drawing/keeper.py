"""Keeps what is drawn on disk, without anybody's asking."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from ..layers.fitting import shape_of
from .earlier import Earlier
from .elsewhere import Elsewhere
from .kept import Home, home_in
from .kept_folders import Kept
from .layer_data import LayerData
from .saving import Saving
from .sittings import Sitting, Sittings


class Keeper(QObject):
    """Notices strokes and has them saved; offers those of another day, and goes on where they are.

    `changed` tells of another `offer`, or that something was saved. While it is `paused`, layers
    get other data, which are no strokes. `saved` carries the id of a project's file whose strokes
    are on disk, `failed` a sentence when something cannot be saved, and `recovered` tells that
    saving works again.

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
        self.paused = False
        self._data, self._told_problem = data, ""
        self._sittings = Sittings(data)
        self._elsewhere = Elsewhere(data, self)
        self._earlier = Earlier(data, self._sittings, root, shown, self)
        self._saving = Saving(root, shown, lambda: self._earlier.restoring is not None, self)
        self._unsaid: weakref.WeakSet[Image] = weakref.WeakSet()  # with strokes, see `problem`
        self._tell_saved = False
        data.leaving.connect(self._on_leaving)
        data.changed.connect(self._on_choice)
        data.drawn.connect(self._on_stroke)
        data.scanned.connect(self._on_scanned)
        self._earlier.changed.connect(self.changed)
        self._earlier.noted.connect(self.failed)
        self._earlier.restored.connect(self._on_restored)
        self._saving.saved.connect(self._on_saved)
        self._saving.failed.connect(self.failed)
        self._saving.over.connect(self._on_tried)

    @property
    def folder(self) -> Path | None:
        """Where strokes on this image are kept, once there are some."""
        current = self._sittings.current
        home = None if current is None else current.home
        return None if home is None else home.corrections.folder

    @property
    def drawn_on(self) -> bool:
        """Whether somebody drew on the image that is chosen, which is no file of a project."""
        current = self._sittings.current
        return current is not None and current.drawn and not current.in_project

    @property
    def problem(self) -> str:
        """Why nothing can be said of what is drawn now, in a sentence; empty if it can."""
        return self._sittings.problem

    @property
    def trouble(self) -> str:
        """Why strokes cannot be saved, in a sentence, until saving works again; else empty."""
        return self._saving.trouble

    @property
    def offer(self) -> Kept | None:
        """What can be restored for the image that is drawn on."""
        return self._earlier.offer

    @property
    def offers_others(self) -> bool:
        """Whether what is offered has other classes or axes than what is drawn now."""
        return self._earlier.offers_others

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
        self._sittings.let_go(image)

    def flush(self, then: Callable[[bool], None]) -> None:
        """Save everything now; `then` is told, perhaps at once, whether all is on disk."""
        self._refresh()
        if self._sittings.stuck:
            self._tell_problem()
            self._saving.soon()  # what could be said before
            then(False)
            return
        self._saving.flush(then)

    def busy(self) -> bool:
        """Whether anything is not on disk yet."""
        return self._saving.busy

    def restore(self) -> None:
        """Draw what is offered, with the classes and axes it was drawn with."""
        sitting = self._earlier.accept()
        if sitting is None or sitting.rest is None:
            return
        if sitting.home is None and self._saving.now is not sitting:
            sitting.home = home_in(sitting.rest.folder, sitting.rest.scheme)
        self._earlier.go_on()
        self.changed.emit()

    def finish(self, milliseconds: int) -> None:
        """Save what is not saved yet, as the window closes."""
        self._earlier.finish()
        self._refresh()
        for image in self._unsaid:
            self._save_unsaid(image)
        self._saving.finish(milliseconds)
        self._sittings.end()

    def _on_leaving(self) -> None:
        """Another image or class is about to be chosen: save what layers show, undoing too."""
        image, axes = self._data.image, self._data.axes
        if self.paused or image is None or axes is None or shape_of(image) != axes.shape:
            return  # with another shape it has become another one already
        self._refresh()
        if image in self._unsaid:
            self._save_unsaid(image)

    def _save_unsaid(self, image: Image) -> None:
        """Save strokes of which nothing could be said, with the classes that were there last."""
        sitting = self._sittings.last(image)
        if sitting is not None:
            self._saving.put(sitting)

    def _on_choice(self) -> None:
        if self.paused:
            return
        before = self._sittings.current
        self._say_now()
        if self._sittings.current is not before:
            if before is not None and before.drawn:
                self._saving.put(before)  # layers may come and go unasked just after an undo
            self._earlier.begin()
            self._forget_closed()

    def _on_stroke(self) -> None:
        if self.paused:
            return
        if not (self._data.painted() and self._saving.waits(self._sittings.current)):
            self._say_now()
        self._tell_problem()
        current = self._sittings.current
        if current is not None:
            self._queue(current)
        elif self._sittings.problem and self._data.image is not None:
            self._unsaid.add(self._data.image)

    def _on_scanned(self) -> None:
        current = self._sittings.current
        if current is not None and current.drawn:
            self._on_stroke()  # undoing tells of no stroke

    def _say_now(self) -> None:
        """Look at what is drawn; strokes of which nothing could be said until now are to be saved.

        Such as those made while a class had a name that none can have.
        """
        sitting, image = self._sittings.now(), self._data.image
        self._earlier.leave_others()
        if sitting is not None and image in self._unsaid:
            self._unsaid.discard(image)
            self._tell_saved, self._told_problem = True, ""
            self._queue(sitting)

    def _queue(self, sitting: Sitting) -> None:
        sitting.drawn = True
        self._saving.put(sitting)

    def _tell_problem(self) -> None:
        """Tell once why what is drawn, or some of it, cannot be saved."""
        before, problem = self._told_problem, self._sittings.problem
        self._told_problem = problem or self._sittings.left_out
        if self._told_problem not in ("", before):
            words = "What is drawn is not saved: " if problem else ""
            self.failed.emit(words + self._told_problem)

    def _refresh(self) -> None:
        """Not every change tells of a stroke, such as undoing: compare all that is drawn once.

        What another plugin writes into the layers of a project's file tells of none, nor do states
        of positions.
        """
        if not self._data.layers.alive:
            return
        if self._sittings.problem:
            self._say_now()  # perhaps it is solved
        current, image = self._sittings.current, self._data.image
        if current is not None and (current.drawn or current.in_project):
            self._say_now()
            self._saving.put(current)
        elif self._sittings.stuck and image is not None:
            self._save_unsaid(image)  # no class may be drawn in some of its layers just now

    def _on_saved(self, sitting: Sitting, failed_before: bool) -> None:
        if failed_before or self._tell_saved:
            self._tell_saved = False
            self.recovered.emit()
        if sitting.in_project and sitting.home is not None:
            self.saved.emit(sitting.home.image)

    def _on_tried(self) -> None:
        self.changed.emit()
        self._forget_closed()

    def _on_restored(self, sitting: Sitting, unsaved: bool) -> None:
        if unsaved:
            self._queue(sitting)
        if sitting is self._sittings.current:
            self._say_now()  # with all points as they are now
        self._earlier.go_on()
        self._saving.go_on()
        self._forget_closed()
        self.changed.emit()

    def _forget_closed(self) -> None:
        self._sittings.forget_closed(self._needs)

    def _needs(self, sitting: Sitting) -> bool:
        at_work = (self._sittings.current, self._saving.now, self._earlier.restoring)
        if any(sitting is other for other in at_work):
            return True
        return self._saving.waits(sitting) or self._sittings.is_last_of(sitting, self._unsaid)
