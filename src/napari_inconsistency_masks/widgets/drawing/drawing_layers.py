"""Empty layers to draw classes in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points
from napari.utils.colormaps import DirectLabelColormap

from ...projects.objects import ROOM
from ...task import Task
from ..layers.class_rows import POSITION, ClassRow
from ..layers.frames import FrameAxes
from ..layers.viewer_layers import geometry, mark
from .layer_data import LayerData


def add_missing_layers(data: LayerData) -> None:
    """Add a layer for each class that has none, and select the first that was added."""
    made = list(iter(lambda: add_missing_layer(data), None))
    if made:
        data.layers.select(made[0])


def add_missing_layer(data: LayerData) -> Layer | None:
    """Add a layer for the first class that has none, and return it; None if all have one."""
    image, axes = data.image, data.axes
    if image is None or axes is None:
        return None
    rows = list(data.rows)
    for number, row in enumerate(data.drawn_rows):
        if row.layer is None:
            empty = _empty_layer(data, row, image, axes)
            data.image_layers.make(empty, image)
            made = data.layers.add(empty)
            rows[number] = ClassRow(row.name, row.color, row.kind, made)
            data.set_rows(rows)
            return made
    return None


def label_colors(colors: Iterable[tuple[int | None, str]]) -> DirectLabelColormap:
    """Colors of some labels, as pairs; all others are clear, or have that of None."""
    clear = (0, 0, 0, 0)
    everything: dict[int | None, Any] = {None: clear, 0: clear}
    everything |= dict(colors)
    return DirectLabelColormap(color_dict=everything)


def numbered_colors(colors: Iterable[str]) -> DirectLabelColormap:
    """Colors of the labels 1, 2 and so on; a single one is that of every label but 0."""
    numbered: dict[int | None, str] = dict(enumerate(colors, start=1))
    if len(numbered) == 1:
        numbered[None] = numbered[1]
    return label_colors(numbered.items())


def points_look(color: str) -> dict[str, Any]:
    """How a layer of positions looks."""
    return {"face_color": color, "border_color": "black", "size": 8}


def _empty_layer(data: LayerData, row: ClassRow, image: Image, axes: FrameAxes) -> Layer:
    where = {**geometry(image, axes), "metadata": mark("drawing", of=image.name)}
    if row.kind == POSITION:
        return Points(
            np.zeros((0, len(axes.layer_letters))),
            name=row.name,
            **points_look(row.color),
            **where,
        )
    exclusive = data.task is Task.MULTICLASS
    shown = data.rows if exclusive else [row]
    return Labels(
        np.zeros(axes.layer_shape, np.uint8 if exclusive else ROOM),
        name="classes" if exclusive else row.name,
        colormap=numbered_colors(item.color for item in shown),
        opacity=0.6,
        **where,
    )
