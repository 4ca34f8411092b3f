"""Whether labels and points belong to an image, and where points are on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Layer, Points

from .frames import FrameAxes
from .units import ratios


def fits(layer: Layer, axes: FrameAxes) -> bool:
    """Whether labels or points can belong to an image with these axes."""
    if isinstance(layer, Points):
        return bool(layer.ndim == len(axes.layer_letters))
    return tuple(layer.data.shape) in (axes.layer_shape, axes.shape)


def shape_of(image: Image) -> tuple[int, ...]:
    """Shape of the array of an image; of a pyramid that of the largest one."""
    return tuple(map(int, (image.data[0] if image.multiscale else image.data).shape))


def misfit(layer: Layer, image: Layer, axes: FrameAxes) -> str:
    """A sentence that names a layer that does not fit, its image and both shapes."""
    if isinstance(layer, Points):
        return (
            f"Points layer {layer.name!r} has {layer.ndim} axes and image {image.name!r} "
            f"{len(axes.layer_letters)}; make one with the same axes."
        )
    shape, wanted = tuple(layer.data.shape), axes.layer_shape
    turned = shape[:-2] == wanted[:-2] and shape[-2:] == wanted[:-3:-1]
    hint = " It looks transposed." if turned and shape != wanted else ""
    return (
        f"Labels layer {layer.name!r} has the shape {by(shape)} and image {image.name!r} "
        f"{by(wanted)}; choose or add labels of the same size.{hint}"
    )


def points_on(image: Layer, points: Points) -> npt.NDArray[np.float64]:
    """A copy of the positions of a points layer in pixels of an image ``(N, axes)``."""
    return _moved(np.array(points.data, dtype=float), points, image)


def points_in(
    points: Points, image: Layer, positions: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Positions in pixels of an image ``(N, axes)`` as data of a points layer."""
    return _moved(positions, image, points)


def _moved(data: npt.NDArray[np.float64], one: Layer, other: Layer) -> npt.NDArray[np.float64]:
    """Coordinates ``(N, axes)`` of one layer in those of another."""
    if _same_place(one, other):
        return data
    corners = np.vstack([np.zeros(data.shape[1]), np.eye(data.shape[1])])
    world = [one.data_to_world(corner) * ratios(one.units, other.units) for corner in corners]
    placed = np.array([other.world_to_data(corner) for corner in world])
    moved: npt.NDArray[np.float64] = data @ (placed[1:] - placed[0]) + placed[0]
    return moved  # point by point takes long for many


def states_of(points: Points) -> tuple[str, ...]:
    """What the feature ``state`` of a points layer says of each point; empty without it."""
    if "state" not in points.features:
        return ()
    values = points.features["state"].tolist()
    return tuple(value if isinstance(value, str) else "" for value in values)


def say_last(points: Points, states: Sequence[str]) -> None:
    """Say the states of the last points of a layer; of points to come nobody has said one."""
    known = states_of(points)
    if known or any(states):
        before = list(known or ("",) * len(points.data))[: len(points.data) - len(states)]
        points.features = points.features.assign(state=[*before, *states])
        points.feature_defaults = {"state": ""}


def _same_place(one: Layer, other: Layer) -> bool:
    return (
        one.units == other.units
        and all(
            np.array_equal(np.asarray(getattr(one, name)), np.asarray(getattr(other, name)))
            for name in ("scale", "translate", "rotate", "shear")
        )
        and np.array_equal(one.affine.affine_matrix, other.affine.affine_matrix)
    )


def by(shape: Sequence[int]) -> str:
    """A shape in words, such as ``"40 x 48"``."""
    return " x ".join(map(str, shape))
