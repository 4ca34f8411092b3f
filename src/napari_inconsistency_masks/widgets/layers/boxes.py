"""Label boxes as rectangles in a layer: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...boxes import Box, clipped
from ...errors import InputError
from .frames import FrameAxes

SLACK = 0.5
"""Pixels by which a corner of a label box may be off, as after dragging."""


def corners(box: Box, frame: int, axes: FrameAxes) -> npt.NDArray[np.float64]:
    """The rectangle ``(4, axes)`` around the pixels of a box, for a layer of shapes."""
    top, left, bottom, right = (value - 0.5 for value in box)
    rows_columns = np.array([[top, left], [top, right], [bottom, right], [bottom, left]])
    return axes.points(frame, rows_columns)


def boxes_by_frame(
    shapes: Sequence[npt.NDArray[Any]], kinds: Sequence[str], axes: FrameAxes, layer: str
) -> dict[int, tuple[Box, ...]]:
    """The boxes drawn as rectangles ``(4, axes)``, by frame; a pixel is in if its center is.

    Raises
    ------
    InputError
        If something else than a rectangle is drawn, or a turned one, or if all rectangles of a
        frame lie outside of the image, which then would count as labeled all over; the sentence
        names the layer.
    """
    found: dict[int, list[Box]] = {}
    for shape, kind in zip(shapes, kinds, strict=True):
        if kind != "rectangle":
            raise InputError(
                f"Layer {layer!r} holds {'an' if kind == 'ellipse' else 'a'} {kind}: label boxes "
                f"are rectangles; remove it or draw a rectangle instead."
            )
        if _is_turned(shape):
            raise InputError(
                f"Layer {layer!r} holds a turned rectangle: label boxes lie along rows and "
                f"columns; remove it or draw a rectangle instead."
            )
        frame = axes.frame_at(list(np.mean(shape, axis=0)))
        rows = shape[:, axes.layer_letters.index("Y")]
        columns = shape[:, axes.layer_letters.index("X")]
        box = clipped(
            (
                int(np.ceil(rows.min())),
                int(np.ceil(columns.min())),
                int(np.floor(rows.max())) + 1,
                int(np.floor(columns.max())) + 1,
            ),
            axes.size,
        )
        holds_pixels = box[0] < box[2] and box[1] < box[3]
        found.setdefault(frame, []).extend([box] if holds_pixels else [])
    for frame, boxes in found.items():
        if not boxes:
            where = f" in frame {axes.label(frame)}" if axes.count > 1 else ""
            raise InputError(
                f"Layer {layer!r} holds a rectangle{where} that has no pixel of the image in it: "
                f"move it onto the image, or remove it."
            )
    return {frame: tuple(boxes) for frame, boxes in found.items()}


def _is_turned(shape: npt.NDArray[Any]) -> bool:
    """Whether a corner lies more than half a pixel inside of the box around all of them."""
    inwards = np.minimum(shape - shape.min(axis=0), shape.max(axis=0) - shape)
    return bool((inwards > SLACK).any())
