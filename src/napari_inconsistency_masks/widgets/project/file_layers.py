"""The layers of the open file of a project: made once, and filled anew for the next file.

napari stands still for a layer that comes or goes, and much less for one that gets other data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points

from ...task import LabelScheme
from ..drawing.drawing_layers import numbered_colors, points_look
from ..layers.class_rows import MASK, POSITION, ClassRow
from ..layers.file_frames import layer_look
from ..layers.frames import FrameAxes
from ..layers.held import HeldLayers
from ..layers.label_boxes import LabelBoxes
from ..layers.subject import Subject
from ..layers.viewer_layers import ViewerLayers, geometry, mark, put
from ..parts.colors import class_color
from .file_reading import ReadFile

OPACITY = 0.6


@dataclass
class OpenFile:
    """A file with its layers, all of them made here.

    Attributes
    ----------
    subject, axes, scheme
        Which file, and what is drawn on it.
    image, rows
        Its layer, and those of the classes.
    notes
        What a person should know about how its labels were read.
    """

    subject: Subject
    axes: FrameAxes
    scheme: LabelScheme
    image: Image
    rows: list[ClassRow] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def layers(self) -> list[Layer]:
        """The image, and the layers of the classes."""
        return [self.image, *(row.layer for row in self.rows if row.layer is not None)]

    def can_show(self, read: ReadFile, scheme: LabelScheme) -> bool:
        """Whether another file may take over these layers."""
        same = (read.axes.letters, read.axes.color_last) == (
            self.axes.letters,
            self.axes.color_last,
        )
        return same and scheme == self.scheme


def make_layers(
    layers: ViewerLayers, boxes: LabelBoxes, held: HeldLayers, opened: OpenFile, read: ReadFile
) -> Iterator[None]:
    """Add the layers of a file one by one; they are held until all are there."""
    layers.add(opened.image)
    yield
    where = geometry(opened.image, opened.axes)
    for row in _new_rows(opened.scheme, read, where, opened.subject.name):
        opened.rows.append(row)
        if row.layer is not None:
            layers.add(row.layer)
            held.take(row.layer)
            yield
    if read.boxes:
        held.take(boxes.make(opened.image, read.axes, read.boxes))
        yield


def fill_layers(
    boxes: LabelBoxes, held: HeldLayers, opened: OpenFile, read: ReadFile
) -> Iterator[None]:
    """Show another file in the layers of the one before, which are held and stay so."""
    image = opened.image
    image.data = read.pixels
    image.reset_contrast_limits_range()
    image.reset_contrast_limits()
    image.name = opened.subject.name
    image.metadata = mark("file", file=read.entry.id)
    put(image, layer_look(read.header, read.axes))
    yield
    where = geometry(image, read.axes)
    for row in opened.rows:
        if isinstance(row.layer, Points):
            _fill_points(row.layer, read)
        elif row.layer is not None:
            row.layer.data = read.planes[_key(opened.scheme, row.name)]
        if row.layer is not None:
            held.take(row.layer)
            put(row.layer, where)
            yield
    boxes.fill(image, read.axes, read.boxes)
    drawn = boxes.layer(image)
    if drawn is not None:
        held.take(drawn)


def new_image(read: ReadFile, name: str) -> Image:
    """The file as a layer."""
    about = mark("file", file=read.entry.id)
    look = layer_look(read.header, read.axes)
    return Image(read.pixels, name=name, rgb=read.axes.color_last, metadata=about, **look)


def _new_rows(
    scheme: LabelScheme, read: ReadFile, where: dict[str, Any], name: str
) -> Iterator[ClassRow]:
    colors = [class_color(number) for number in range(len(scheme.classes))]
    about: dict[str, Any] = {**where, "metadata": mark("drawing", of=name)}
    if scheme.exclusive:
        shown = numbered_colors(colors)
        layer = Labels(
            read.planes["classes"], name="classes", colormap=shown, opacity=OPACITY, **about
        )
        for number, (class_name, color) in enumerate(zip(scheme.classes, colors, strict=True)):
            yield ClassRow(class_name, color, MASK, layer if number == 0 else None)
        return
    for class_name, color in zip(scheme.classes, colors, strict=True):
        if class_name == scheme.position:
            points = Points(
                read.points, name=class_name, **points_look(color), **{**about, "opacity": 1}
            )
            _say_states(points, read.states)
            yield ClassRow(class_name, color, POSITION, points)
        else:
            shown = numbered_colors([color])
            plane = read.planes[class_name]
            layer = Labels(plane, name=class_name, colormap=shown, opacity=OPACITY, **about)
            yield ClassRow(class_name, color, MASK, layer)


def _key(scheme: LabelScheme, name: str) -> str:
    return "classes" if scheme.exclusive else name


def _fill_points(layer: Points, read: ReadFile) -> None:
    layer.selected_data = set()
    layer.data = read.points
    _say_states(layer, read.states)


def _say_states(layer: Points, states: list[str]) -> None:
    if any(states) or "state" in layer.features:
        layer.features = {"state": np.array(states, object)}  # text also if there are none
        layer.feature_defaults = {"state": ""}  # of points to come nobody has said one
