"""Boxes of pixels, such as label boxes: inside everything is labeled, outside nothing is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Box: TypeAlias = tuple[int, int, int, int]
"""First row, first column, row and column behind the last, in pixels."""


def clipped(box: Box, shape: tuple[int, int]) -> Box:
    """The part of a box that lies in an image ``(Y, X)``."""
    top, left, bottom, right = box
    return max(0, top), max(0, left), min(shape[0], bottom), min(shape[1], right)


def padded(box: Box, margin: int, shape: tuple[int, int]) -> Box:
    """Grow a box by `margin` pixels on each side, as far as the image ``(Y, X)`` goes."""
    top, left, bottom, right = box
    return clipped((top - margin, left - margin, bottom + margin, right + margin), shape)


def known_mask(boxes: Iterable[Box], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Where the labels of an image count ``(Y, X)``: inside its label boxes."""
    known = np.zeros(shape, np.bool_)
    for top, left, bottom, right in boxes:
        known[top:bottom, left:right] = True
    return known
