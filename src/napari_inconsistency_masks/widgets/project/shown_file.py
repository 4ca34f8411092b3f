"""The layers of the open file: filled with another one, or made anew, one layer per turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from napari.layers import Layer
from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ..drawing.keeper import Keeper
from ..drawing.label_scan import strokes_of
from ..drawing.layer_data import LayerData
from ..layers.class_rows import Own
from ..layers.held import HeldLayers
from ..layers.subject import Subjects
from ..layers.viewer_layers import ViewerLayers, role_of
from .data import ProjectData
from .file_layers import OpenFile, fill_layers, make_layers, new_image
from .file_reading import ReadFile, home_of

OF_FILES = ("file", "drawing", "boxes")
"""Roles of the layers that are made here."""


class ShownFile(QObject):
    """At most one file of the project in the viewer; `closed` carries one that no longer is.

    Parameters
    ----------
    layers, layer_data, keeper, subjects, data
        Of the session.

    Attributes
    ----------
    current : OpenFile or None
    incomplete : bool
        Whether a layer of it was removed by hand, so that nothing of it may be saved.
    """

    closed = Signal(object)

    def __init__(
        self,
        layers: ViewerLayers,
        layer_data: LayerData,
        keeper: Keeper,
        subjects: Subjects,
        data: ProjectData,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.current: OpenFile | None = None
        self.incomplete = False
        self._layers, self._layer_data, self._keeper = layers, layer_data, keeper
        self._subjects, self._data = subjects, data
        layer_data.boxed.connect(self._watch_boxes)

    def problem(self) -> str | None:
        """Why strokes on the open file are not saved, in a sentence, or None."""
        opened = self.current
        if opened is None:
            return None
        if self.incomplete:
            return (
                f"A layer of {opened.subject.name} was removed. What was saved is kept; nothing "
                f"more is saved until the file is opened again."
            )
        if self._layer_data.image is opened.image:
            try:
                self._layer_data.drawing()
            except InputError as error:
                return f"Not saved: {error}"
            if self._keeper.problem:
                return f"Not saved: {self._keeper.problem}"
        return None

    def lacks_a_layer(self) -> bool:
        """Whether a layer of the open file is gone."""
        opened = self.current
        if opened is None:
            return False
        gone = not all(map(self._layers.has, opened.layers))
        return gone or self._layer_data.boxes.lost(opened.image)

    def give_up(self) -> None:
        """A layer of the open file is gone: save nothing more of it until it is opened again."""
        self.incomplete = True
        if self.current is not None:
            self._keeper.give_up(self.current.image)

    def frame(self) -> int:
        """The shown frame of the open file."""
        opened = self.current
        if opened is None or not self._layers.has(opened.image):
            return 0
        return self._layers.frame_shown(opened.image, opened.subject.axes)

    def show_frame(self, frame: int) -> None:
        """Show another frame of it."""
        if self.current is not None:
            self._layers.show_frame(self.current.image, self.current.subject.axes, frame)

    def replace(self, read: ReadFile | None) -> Iterator[None]:
        """Show another file, or none; everything drawn is saved.

        The layers are filled with it; if that cannot be, or some are lost, they are made anew. If
        napari, or another plugin that it tells, fails half way, none is shown.
        """
        held, before = HeldLayers(), self._layers.all()
        opened = self.current
        try:
            yield from self._replace(read, held)
        except Exception:
            self._keeper.paused, self.current = False, None
            held.release()
            old = [] if opened is None else opened.layers
            new = [each for each in self._layers.all() if each not in before]
            self._drop([*old, *(each for each in new if role_of(each) in OF_FILES)])
            raise

    def _drop(self, layers: Iterable[Layer]) -> None:
        """Remove layers of which nobody could say what they show."""
        for layer in layers:
            with suppress(Exception):  # the next ones go all the same
                self._layers.remove(layer)

    def _replace(self, read: ReadFile | None, held: HeldLayers) -> Iterator[None]:
        opened, self.current = self.current, None
        project, incomplete, self.incomplete = self._data.project, self.incomplete, False
        subject = None if read is None else self._subjects.file(read.entry.id)
        self._keeper.paused = True
        if opened is not None:
            self._hold(held, opened)
            self._keeper.let_go(opened.image)
            self._subjects.hide(opened.subject)
            self.closed.emit(opened)
        if read is None or project is None or subject is None:
            yield from self._remove(opened)
            self._keeper.paused = False
            return
        subject.axes = read.axes
        boxes = self._layer_data.boxes
        if opened is not None and not incomplete and opened.can_show(read, project.scheme):
            shown = OpenFile(subject, read.axes, project.scheme, opened.image, opened.rows)
            yield from fill_layers(boxes, held, shown, read)
        else:
            yield from self._remove(opened)
            image = new_image(read, subject.name)
            shown = OpenFile(subject, read.axes, project.scheme, image)
            yield from make_layers(self._layers, boxes, held, shown, read)
        shown.notes = tuple(read.notes)
        yield
        self._take(shown, read)
        held.release()

    def _hold(self, held: HeldLayers, opened: OpenFile) -> None:
        """What is drawn from now on, until another file is shown, would be lost with this one."""
        for layer in [*opened.layers[1:], self._layer_data.boxes.layer(opened.image)]:
            if layer is not None:
                held.take(layer)

    def _remove(self, opened: OpenFile | None) -> Iterator[None]:
        if opened is not None:
            self._layer_data.let_go(opened.image)
            self._layer_data.boxes.let_go(opened.image)
            for layer in reversed(opened.layers):
                self._layers.remove(layer)
                yield

    def _take(self, shown: OpenFile, read: ReadFile) -> None:
        """All layers are there: what is drawn on them is the file's from now on."""
        project = self._data.project
        assert project is not None
        drawn = shown.layers[1:]
        self._subjects.show(shown.subject, shown.image)
        self.current = shown
        self._watch(drawn)
        self._watch_boxes()
        own = Own(shown.axes, project.scheme.task, tuple(shown.rows))
        self._layer_data.choose_own(shown.image, own)
        self._keeper.paused = False
        self._keeper.adopt(shown.image, home_of(project, read))
        if not any(map(self._layers.selects, drawn)):
            self._layers.select(drawn[0])

    def _watch(self, layers: Iterable[Layer]) -> None:
        for layer in layers:
            for name in strokes_of(layer):
                emitter = layer.events.emitters.get(name)
                if emitter is not None:
                    emitter.connect(self._on_stroke)

    def _watch_boxes(self) -> None:
        """The layer of label boxes comes with the first one."""
        boxes = None if self.current is None else self._layer_data.boxes.layer(self.current.image)
        if boxes is not None:
            self._watch([boxes])

    def _on_stroke(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        """Whoever draws on the file while another image is chosen, chooses it: so it is saved."""
        opened = self.current
        if opened is None or self.incomplete:
            return
        if self._layer_data.image is not opened.image:
            self._layer_data.choose_image(opened.image)
            self._layer_data.drawn.emit()

    def fit_view(self) -> None:
        """Show all of it."""
        self._layers.fit_view()
