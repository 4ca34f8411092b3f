"""The marks of a position class, each of which is a cell.

The rule of the paper (`marker_positions`) loses marks that are less than 4 pixels wide. A person
may draw such small ones, and networks do where cells are crowded, or where they are not sure (see
`rules`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .markers import EIGHT_NEIGHBORS, centroids, find_markers

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]


class Marks(NamedTuple):
    """Marks of cells.

    Attributes
    ----------
    positions
        int64 ``(N, 2)``: pixels as `marker_positions` gives them, for `assign_states`.
    centers
        float ``(N, 2)``: true centroids, in pixels.
    small
        int64 ``(N,)``: the pixels of a mark that the rule of the paper loses; 0 for all others.
    """

    positions: _Int
    centers: _Float
    small: _Int


def counting(small: _Int, smallest: int | None) -> _Bool:
    """Which marks count ``(N,)``: of the `small` ones those of at least so many pixels, or none."""
    large: _Bool = small == 0
    return large if smallest is None else large | (small >= smallest)


def find_marks(mask: _Bool) -> Marks:
    """Find all marks in a mask ``(Y, X)``.

    Each 8-connected component is a mark. One that eroding by 3 x 3 parts is several, as far as
    these still have an area: marks that just touch.
    """
    large = find_markers(mask, holes=False)
    components, number = ndimage.label(mask, EIGHT_NEIGHBORS)
    is_small = np.ones(number, dtype=bool)
    is_small[components[tuple(large.pixels.T)] - 1] = False
    centers = centroids(components)[is_small]
    pixels = np.bincount(components[components > 0], minlength=number + 1)[1:][is_small]
    return Marks(
        np.concatenate([large.positions, np.floor(centers).astype(np.int64) + 1]),
        np.concatenate([large.centers, centers]),
        np.concatenate([np.zeros(len(large.centers), np.int64), pixels]),
    )
