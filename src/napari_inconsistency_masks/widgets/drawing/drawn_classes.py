"""What layers show, as a drawing: now, or as much of it as can be said. Plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari.layers import Image, Labels, Layer, Points

from ...errors import InputError
from ...task import LabelScheme
from ..layers.class_rows import ClassRow
from ..layers.fitting import fits, misfit, points_on, states_of
from ..layers.frames import FrameAxes
from ..layers.label_boxes import LabelBoxes
from .snapshot import Drawing, DrawnClass


def drawing_of(
    image: Image, axes: FrameAxes, scheme: LabelScheme, rows: Iterable[ClassRow], boxes: LabelBoxes
) -> Drawing:
    """An image with what is drawn in the layers of these classes.

    Raises
    ------
    InputError
        If a layer is missing or does not fit; the sentence names it and says what to do.
    """
    drawn = tuple(_drawn(row, image, axes) for row in rows)
    data = image.data[0] if image.multiscale else image.data
    file = None if image.source.path is None else Path(image.source.path)
    return Drawing(image.name, axes, data, scheme, drawn, boxes.of(image, axes), file)


def drawing_like(
    before: Drawing, layers: Sequence[Layer | None], image: Image, boxes: LabelBoxes
) -> Drawing:
    """What is drawn now in the same layers as before, with classes and axes as before.

    For when there is no `drawing_of`, as while a class has no valid name: what cannot be said of
    what is drawn now stays as it was.

    Parameters
    ----------
    before
        An earlier drawing of the image.
    layers
        Those of what was drawn; None for one that is gone.
    image, boxes
        As they are now; the image has the shape that it had.
    """
    drawn = list(before.drawn)
    for number, (item, layer) in enumerate(zip(drawn, layers, strict=True)):
        with suppress(InputError):
            drawn[number] = _drawn(ClassRow(item.name, "", layer=layer), image, before.axes)
    there = before.boxes
    with suppress(InputError):
        there = there if boxes.lost(image) else boxes.of(image, before.axes)
    return replace(before, drawn=tuple(drawn), boxes=there)


def beyond_channel(
    image: Image, axes: FrameAxes, rows: Iterable[ClassRow], frame: int, channel: int
) -> str:
    """A sentence about labels on another channel than the first, which count for nothing.

    Empty if there are none, or if they are on the first one too. Only one channel of one frame is
    looked at: that on which a person draws, as it is asked after every stroke.
    """
    for row in rows if channel else ():
        layer = row.layer
        if not isinstance(layer, Labels) or not fits(layer, axes):
            continue
        labels = layer.data[0] if layer.multiscale else layer.data
        if tuple(labels.shape) == axes.layer_shape:
            continue
        drawn = axes.read_plane(labels, frame, channel)
        if ((drawn != 0) & (drawn != axes.read_plane(labels, frame))).any():
            return (
                f"Labels layer {layer.name!r} is drawn on channel {channel} of image "
                f"{image.name!r}, and only what is on its channel 0 counts and is saved: draw it "
                f"there."
            )
    return ""


def refuse_shared_layers(rows: Iterable[ClassRow]) -> None:
    """Raise `InputError` if two classes are drawn in one layer."""
    holders: dict[int, str] = {}
    for row in rows:
        if row.layer is not None and id(row.layer) in holders:
            raise InputError(
                f"Layer {row.layer.name!r} is chosen for {holders[id(row.layer)]!r} and for "
                f"{row.name!r}; give each class a layer of its own."
            )
        holders[id(row.layer)] = row.name


def _drawn(row: ClassRow, image: Image, axes: FrameAxes) -> DrawnClass:
    layer = row.layer
    if layer is None:
        raise InputError(
            f"Class {row.name!r} has no layer to draw in: choose one or press Add label layers."
        )
    if not fits(layer, axes):
        raise InputError(misfit(layer, image, axes))
    if isinstance(layer, Points):
        points = points_on(image, layer)
        return DrawnClass(row.name, layer.name, points=points, states=states_of(layer))
    labels = layer.data[0] if layer.multiscale else layer.data
    return DrawnClass(row.name, layer.name, _without_channels(labels, axes))


def _without_channels(labels: Any, axes: FrameAxes) -> Any:
    """Labels drawn on an array with channels, seen in the first of them."""
    if tuple(labels.shape) == axes.layer_shape:
        return labels
    where = axes.letters.index("C")
    return labels[(slice(None),) * where + (slice(0, 1),)]
