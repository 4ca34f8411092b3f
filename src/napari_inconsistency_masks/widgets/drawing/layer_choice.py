"""Which image is drawn on, what its axes mean, and which layer holds which class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from napari.layers import Image, Labels, Layer, Points
from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ...task import LabelScheme, Task
from ..layers.class_rows import (
    MASK,
    POSITION,
    ClassRow,
    Own,
    default_rows,
    mean_the_same,
    numbered_alike,
)
from ..layers.covering import Opened
from ..layers.fitting import shape_of
from ..layers.frames import FrameAxes, guess_axes
from ..layers.image_layers import ImageLayers
from ..layers.viewer_layers import GEOMETRY, ViewerLayers
from ..parts.colors import class_color
from .proposed_rows import proposed_rows
from .snapshot import check_class_names


class LayerChoice(QObject):
    """The choice of layers; sections show and change it.

    `leaving` tells that another image is about to be chosen, or other axes, classes or layers for
    it, `changed` of any change of the choice. `reshaped` carries the image that is about to be
    chosen anew because it has another shape, and the shape it had; `placed` tells that layers are
    where the image is now, as it may have been scaled or moved.
    """

    leaving = Signal()
    changed = Signal()
    reshaped = Signal(object, object)
    placed = Signal()

    def __init__(self, layers: ViewerLayers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layers = layers
        self.image: Image | None = None
        self.axes: FrameAxes | None = None
        self.axes_note = ""
        self.task = Task.MULTILABEL
        self.rows = default_rows()
        self.image_layers = ImageLayers(layers)
        self._opened = Opened(layers)
        self._untouched = True

    def choose_image(self, image: Image | None) -> None:
        """Take an image; layers that fit it are proposed for the classes, its own ones first."""
        if image is not self.image:
            self.leaving.emit()
            self._follow(image)
        self.image, self.axes, self.axes_note = image, None, ""
        own = self.image_layers.own.of(image)
        if own is not None:
            self._take(own)
        elif image is not None:
            axes, note = guess_axes(shape_of(image), rgb=image.rgb, names=image.axis_labels)
            named = self.image_layers.named_axes(image)
            self.axes, self.axes_note = (axes, note) if named is None else (named, "")
            self._find_layers(self.axes)
            if self._untouched:
                self._propose()
        self._on_image_placed()
        self.changed.emit()

    def choose_own(self, image: Image, own: Own) -> None:
        """Take an image whose axes and classes are known; it keeps them, and its layers too."""
        self.image_layers.own.know(image, own)
        self.choose_image(image)

    def let_go(self, image: Image) -> None:
        """Forget what is known of an image that is closed, and propose classes for others anew."""
        self.image_layers.own.forget(image)
        if self.image is image:
            self.task, self.rows, self._untouched = Task.MULTILABEL, default_rows(), True

    def name_axis(self, axis: int, letter: str) -> None:
        """Say what an axis of the image is."""
        if self.axes is None:
            return
        self.leaving.emit()
        self.image_layers.use(self.image, self.axes, self.rows)
        axes = self.axes.renamed(axis, letter)
        self._name_axes(axes)
        self._find_layers(axes)
        self.changed.emit()

    def choose_task(self, task: Task) -> None:
        """Say whether classes may overlap."""
        if task is not self.task:
            self.leaving.emit()
            self.image_layers.use(self.image, self.axes, self.rows)
        self._choose_task(task)

    def begin_change(self) -> None:
        """A person begins to change the table: a layer that comes now proposes no other classes."""
        self._untouched = False

    def set_rows(self, rows: Iterable[ClassRow]) -> None:
        """Replace the table of classes."""
        rows = list(rows)
        if not mean_the_same(self.rows, rows):
            self.leaving.emit()
        self.image_layers.rename(self.rows, rows)
        free = self.image_layers.own.of(self.image) is None  # else it has classes of its own
        if free and self.task is Task.MULTICLASS and not numbered_alike(self.rows, rows):
            rows[0] = replace(rows[0], layer=None)  # its numbers are other classes now
        self.rows, self._untouched = self._with_layers_of_before(rows), False
        self.image_layers.use(self.image, self.axes, self.rows)
        self.changed.emit()

    def choose_classes(self, scheme: LabelScheme, letters: str) -> None:
        """Take other classes, without layers, and other letters for the axes of the image."""
        self.leaving.emit()
        kinds = {scheme.position: POSITION}
        self.rows = [
            ClassRow(name, class_color(number), kinds.get(name, MASK))
            for number, name in enumerate(scheme.classes)
        ]
        if self.axes is not None:
            self._name_axes(replace(self.axes, letters=letters))
        self._choose_task(scheme.task)

    @property
    def classes_chosen(self) -> bool:
        """Whether a person said which classes there are, with the table or by layers of labels."""
        return not self._untouched or any(isinstance(row.layer, Labels) for row in self.rows)

    def layers_changed(self) -> None:
        """Layers were added, removed or renamed: let go of those that are gone.

        An image that is opened over one on which nobody has begun to draw is taken instead.
        """
        opened_over = self._opened.over(self.image)
        if not self.layers.has(self.image):
            self.choose_image(self.layers.active_image())
            return
        if opened_over is not None and not self._begun:
            self.choose_image(opened_over)
            return
        gone = [row for row in self.rows if row.layer and not self.layers.has(row.layer)]
        if gone:
            self.rows = [replace(row, layer=self._fitting(row.layer)) for row in self.rows]
        if self._untouched:
            self._propose()
        self.changed.emit()

    @property
    def _begun(self) -> bool:
        """Whether there is anything to draw in on the image, or its classes are its own."""
        own = self.image_layers.own.of(self.image)
        return own is not None or any(row.layer is not None for row in self.rows)

    def choices(self, kind: str) -> list[Layer]:
        """Layers a class of this kind can be drawn in."""
        wanted = Labels | Points if kind == POSITION else Labels
        may = self.image_layers.may_choose
        drawable = [item for item in self.layers.drawable() if isinstance(item, wanted)]
        return [item for item in drawable if may(item, self.image, self.axes)]

    @property
    def used_rows(self) -> list[ClassRow]:
        """The classes of the label kind: the first one if there is only one."""
        return self.rows[:1] if self.task is Task.BINARY else self.rows

    @property
    def drawn_rows(self) -> list[ClassRow]:
        """The rows whose layers are drawn in: exclusive classes share the first one's."""
        return self.used_rows if self.task is Task.MULTILABEL else self.rows[:1]

    def scheme(self) -> LabelScheme:
        """What the labels mean; `InputError` if the table says no such thing."""
        rows = self.used_rows
        check_class_names([row.name for row in rows])
        positions = [row.name for row in rows if row.kind == POSITION]
        if len(positions) > 1:
            raise InputError(
                f"{positions[0]!r} and {positions[1]!r} both mark positions; only one class can."
            )
        return LabelScheme(self.task, tuple(row.name for row in rows), next(iter(positions), None))

    def _fitting(self, layer: Layer | None) -> Layer | None:
        return self.image_layers.fitting(layer, self.image, self.axes)

    def _choose_task(self, task: Task) -> None:
        self.task, self._untouched = task, False
        if task is not Task.MULTILABEL:
            self.rows = [_as_area(row) for row in self.rows]
        self.changed.emit()

    def _find_layers(self, axes: FrameAxes) -> None:
        """Of the classes on the image, as it has these axes now."""
        assert self.image is not None
        drawn_in = self.image_layers.drawn_in
        self.rows = [replace(row, layer=drawn_in(row, self.image, axes)) for row in self.rows]

    def _with_layers_of_before(self, rows: list[ClassRow]) -> list[ClassRow]:
        """A class that comes back to the table comes with its layer."""
        if self.image is None or self.axes is None:
            return rows
        there = {(row.name, row.kind) for row in self.rows}
        taken = [row.layer for row in rows]
        for number, row in enumerate(rows):
            if row.layer is None and (row.name, row.kind) not in there:
                found = self.image_layers.drawn_in(row, self.image, self.axes)
                if not any(found is layer for layer in taken):
                    rows[number] = replace(row, layer=found)
        return rows

    def _name_axes(self, axes: FrameAxes) -> None:
        self.axes, self.axes_note = axes, ""
        self.image_layers.name_axes(self.image, axes)

    def _follow(self, image: Image | None) -> None:
        if self.image is not None:
            self.image_layers.use(self.image, self.axes, self.rows)
            self.image.events.data.disconnect(self._on_image_data)
            for name in GEOMETRY:
                self.image.events[name].disconnect(self._on_image_placed)
        if image is not None:
            image.events.data.connect(self._on_image_data)
            for name in GEOMETRY:
                image.events[name].connect(self._on_image_placed)

    def _on_image_data(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        """With another shape the image is another one, unless it comes with axes of its own."""
        image, axes = self.image, self.axes
        if image is None or axes is None or self.image_layers.own.of(image) is not None:
            return
        if shape_of(image) != axes.shape:
            self.leaving.emit()
            self.reshaped.emit(image, axes.shape)
            self.choose_image(image)

    def _on_image_placed(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        if self.image is not None and self.axes is not None:
            self.image_layers.lie_on(self.image, self.axes)
            self.placed.emit()

    def _take(self, own: Own) -> None:
        self.axes, self.task = own.axes, own.task
        self.rows = [
            row if self.layers.has(row.layer) else replace(row, layer=None) for row in own.rows
        ]
        self._untouched = False

    def _propose(self) -> None:
        """Until somebody changes the table."""
        name = "" if self.image is None else self.image.name
        self.rows = proposed_rows(self.image_layers.proposed(self.image, self.axes), name)


def _as_area(row: ClassRow) -> ClassRow:
    """A class without positions; the points that were its own are known if it gets them again."""
    layer = row.layer if isinstance(row.layer, Labels) else None
    return replace(row, kind=MASK, layer=layer)
