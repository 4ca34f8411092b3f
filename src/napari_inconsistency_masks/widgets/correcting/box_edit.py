"""Reading and replacing what is drawn inside a box, in all layers of the classes at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer, Points

from ...boxes import Box
from ...cells import position_markers
from ...errors import InputError
from ...task import LabelScheme
from ..drawing.layer_data import LayerData
from ..layers.class_rows import NO_LAYER
from ..layers.fitting import fits, misfit, points_in, points_on, say_last, states_of
from ..layers.frames import FrameAxes
from ..layers.held import can_be_painted, forget_undo
from ..layers.viewer_layers import told_once
from ..predicting.found_places import Answer, inside

States = tuple[str, ...]
"""What is said of points; empty if nobody said anything."""

Content = list[tuple[Layer, npt.NDArray[Any], States]]
"""Per layer its labels ``(Y, X)`` in a box, or its points ``(N, axes)`` there with their states."""


def read_box(data: LayerData, frame: int, box: Box) -> Content:
    """What is drawn in a box, as copies."""
    axes = _axes(data)
    return [(layer, *_read(data, layer, axes, frame, box)) for _, layer in _drawn_in(data)]


def frame_is_empty(data: LayerData, frame: int) -> bool:
    """Whether nothing is drawn on a frame."""
    axes = _axes(data)
    for _, layer in _drawn_in(data):
        if isinstance(layer, Points):
            frames, _ = axes.frames_of_points(_points(data, layer))
            if (frames == frame).any():
                return False
        elif axes.read_plane(layer.data, frame).any():
            return False
    return True


def is_empty(content: Content) -> bool:
    """Whether nothing is drawn."""
    return not any(
        values.any() if _is_labels(layer) else len(values) for layer, values, _ in content
    )


def same(one: Content, other: Content) -> bool:
    """Whether the same is drawn, in the layers that are there both times.

    Nothing is said by what was drawn in a layer that is gone; a new one has to be empty.
    """
    before = {id(layer): (values, states) for layer, values, states in one}
    added = [item for item in other if id(item[0]) not in before]
    return is_empty(added) and all(
        np.array_equal(before[id(layer)][0], values) and before[id(layer)][1] == states
        for layer, values, states in other
        if id(layer) in before
    )


def put_back(data: LayerData, frame: int, box: Box, content: Content) -> None:
    """Draw what was read before; layers that are gone meanwhile, or fit no more, are left out."""
    for layer, values, states in content:
        if data.layers.has(layer) and fits(layer, _axes(data)):
            _write(data, layer, _axes(data), frame, box, values, states)


def check_layers(data: LayerData) -> None:
    """Raise `InputError` if labels fit no more or cannot be changed, see `can_be_painted`."""
    for row in data.drawn_rows:
        if row.layer is not None and not fits(row.layer, _axes(data)):
            raise InputError(misfit(row.layer, data.image, _axes(data)))
    for name, layer in _drawn_in(data):
        if isinstance(layer, Labels) and not can_be_painted(layer):
            raise InputError(
                f"Nobody can paint in labels layer {layer.name!r}, which shows a file as it is: "
                f"for class {name!r} choose {NO_LAYER!r} under 1 Data and press Add label layers."
            )


def forget_strokes(data: LayerData) -> None:
    """Let napari's own undo lead no further back than to what is drawn now."""
    for _, layer in _drawn_in(data):
        if isinstance(layer, Labels):
            forget_undo(layer)


def draw(data: LayerData, frame: int, box: Box, answer: Answer, scheme: LabelScheme) -> None:
    """Replace what is drawn in a box by an answer of networks.

    Parameters
    ----------
    data
        Says which layers hold the classes.
    frame, box
        Where.
    answer, scheme
        What, and what its channels mean.

    Raises
    ------
    InputError
        If the classes that are drawn are not those of the networks.
    """
    check_classes(data, scheme)
    axes = _axes(data)
    values: npt.NDArray[Any]
    for name, layer in _drawn_in(data):
        if scheme.exclusive:
            values = scheme.to_target(answer.channels)
        elif isinstance(layer, Points):
            values = points_in(layer, data.image, axes.points(frame, answer.centers))
        elif name == scheme.position:
            local = np.rint(answer.centers).astype(np.int64) - box[:2]
            values = position_markers(local, _shape(box)).astype(np.uint8)
        else:
            values = answer.channels[scheme.classes.index(name)].astype(np.uint8)
        _write(data, layer, axes, frame, box, values)


def check_classes(data: LayerData, scheme: LabelScheme) -> None:
    """Raise `InputError` unless the classes that are drawn are those of the networks."""
    drawn = data.scheme()
    if (drawn.task, drawn.classes, drawn.position) != (
        scheme.task,
        scheme.classes,
        scheme.position,
    ):
        raise InputError(
            f"The networks see {', '.join(scheme.classes)} and the classes under 1 Data are "
            f"{', '.join(drawn.classes)}: name them and choose their kind as for the networks."
        )


def _drawn_in(data: LayerData) -> list[tuple[str, Layer]]:
    """The layers of classes by name; none to which another program gave another shape."""
    found = [(row.name, row.layer) for row in data.drawn_rows if row.layer is not None]
    return [(name, layer) for name, layer in found if fits(layer, _axes(data))]


def _axes(data: LayerData) -> FrameAxes:
    assert data.axes is not None
    return data.axes


def _is_labels(layer: Layer) -> bool:
    return isinstance(layer, Labels)


def _points(data: LayerData, layer: Points) -> npt.NDArray[np.float64]:
    """Where points are, in pixels of the image."""
    return points_on(data.image, layer)


def _read(
    data: LayerData, layer: Layer, axes: FrameAxes, frame: int, box: Box
) -> tuple[npt.NDArray[Any], States]:
    if isinstance(layer, Points):
        there = _in_box(_points(data, layer), axes, frame, box)
        said = np.array(states_of(layer) or [""] * len(there), object)[there].tolist()
        return np.asarray(layer.data, float)[there], tuple(said) if any(said) else ()
    top, left, bottom, right = box
    return axes.read_plane(layer.data, frame)[top:bottom, left:right].copy(), ()


def _write(
    data: LayerData,
    layer: Layer,
    axes: FrameAxes,
    frame: int,
    box: Box,
    values: npt.NDArray[Any],
    states: States = (),
) -> None:
    if isinstance(layer, Points):
        there = _in_box(_points(data, layer), axes, frame, box)
        if there.any() or len(values):
            with told_once(layer):
                _replace_points(layer, there, values, states)
        return
    if not layer.visible:
        layer.set_view_slice()  # else napari may still show what was there when it was hidden
    layer.data_setitem(_pixels(axes, frame, box), values.ravel())  # keeps napari's own undo


def _replace_points(
    layer: Points, old: npt.NDArray[np.bool_], new: npt.NDArray[Any], states: States
) -> None:
    if old.any():
        layer.selected_data = set(np.flatnonzero(old).tolist())
        layer.remove_selected()
    if len(new):
        layer.add(new)
        layer.selected_data = set()
        say_last(layer, states or ("",) * len(new))


def _pixels(axes: FrameAxes, frame: int, box: Box) -> tuple[npt.NDArray[np.int64], ...]:
    rows, columns = np.mgrid[box[0] : box[2], box[1] : box[3]]
    return axes.indices(frame, rows.ravel(), columns.ravel())


def _shape(box: Box) -> tuple[int, int]:
    return box[2] - box[0], box[3] - box[1]


def _in_box(
    points: npt.NDArray[np.float64], axes: FrameAxes, frame: int, box: Box
) -> npt.NDArray[np.bool_]:
    if not len(points):
        return np.zeros(0, bool)
    frames, positions = axes.frames_of_points(points)
    there: npt.NDArray[np.bool_] = (frames == frame) & inside(positions.astype(float), box)
    return there
