"""Erosion and dilation by squares, as OpenCV does them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Bool = npt.NDArray[np.bool_]


def erode(mask: _Bool, size: int) -> _Bool:
    """Erode ``(..., Y, X)`` by a square of odd `size`; the border of the image does not erode."""
    return ~dilate(~mask, size)


def dilate(mask: _Bool, size: int) -> _Bool:
    """Dilate ``(..., Y, X)`` by a square of odd `size`; 1 changes nothing."""
    for axis in (-2, -1):
        grown = mask.copy()
        old, new = np.moveaxis(mask, axis, 0), np.moveaxis(grown, axis, 0)
        for step in range(1, size // 2 + 1):
            new[step:] |= old[:-step]
            new[:-step] |= old[step:]
        mask = grown
    return mask
