"""How markers are drawn in labels, so that pseudo-labels have the like of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .discs import draw_apart, nearest_distances, radii_by_distance
from .markers import EIGHT_NEIGHBORS, centroids
from .morphology import erode

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]

_SMALLEST = 3
"""Radius of the smallest disc that `marker_positions` does not lose; two that touch are parted."""

_MERGED = 2 * _SMALLEST
"""Distance in pixels below which it takes two of them for one."""


@dataclass(frozen=True)
class MarkerStyle:
    """Discs at the centers of markers.

    Attributes
    ----------
    radius
        In pixels; less where discs would touch, down to 3, as the paper's rule counts no smaller
        ones; None for a quarter of the distance to the next marker, 3 to 8, as `position_markers`
        draws them.
    """

    radius: int | None = None

    @classmethod
    def of(cls, masks: Iterable[_Bool]) -> MarkerStyle:
        """The style that is nearest to the markers in masks ``(Y, X)``.

        Compared are the radii of discs with their areas. Without any marker they are drawn by
        their distance.
        """
        found, centers = [np.empty(0)], []
        for mask in masks:
            regions, count = ndimage.label(mask, EIGHT_NEIGHBORS)
            if count:
                found.append(np.sqrt(np.bincount(regions.ravel())[1:] / np.pi))
                centers.append(np.rint(centroids(regions)))
        radii = np.concatenate(found)  # (markers,)
        if not len(radii):
            return cls()
        styles = (cls(), cls(max(1, round(float(np.median(radii))))))
        errors = [
            np.abs(np.concatenate([style.radii(each) for each in centers]) - radii).mean()
            for style in styles
        ]
        return styles[int(np.argmin(errors))]

    def radii(self, positions: npt.NDArray[Any]) -> _Int:
        """Radii ``(N,)`` of the discs at positions ``(N, 2)`` in whole pixels."""
        if self.radius is None:
            return radii_by_distance(positions)
        distances = nearest_distances(positions)  # (N,), 0 for a single one
        room = np.where(distances > 0, (distances - 2) // 2, self.radius)
        radii: _Int = room.clip(min(self.radius, _SMALLEST), self.radius).astype(np.int64)
        return radii

    def redraw(self, mask: _Bool) -> _Bool:
        """Markers ``(Y, X)`` in this style at the centers of those in a mask.

        Those that would be taken for one are cut midway.
        """
        positions = np.unique(np.rint(_centers(mask)).astype(np.int64), axis=0)
        shape = (mask.shape[0], mask.shape[1])
        return draw_apart(positions, self.radii(positions), shape, _MERGED)


def _centers(mask: _Bool) -> _Float:
    """Centers ``(N, 2)``: eroded by 3 x 3, which parts markers that just touch.

    Of markers that are too small for that and would vanish, as they are. Unlike `find_marks`, a
    core of one pixel parts them, too: where networks agree, markers are smaller than each one's.
    """
    regions, count = ndimage.label(mask, EIGHT_NEIGHBORS)
    cores, _ = ndimage.label(erode(mask, 3), EIGHT_NEIGHBORS)
    without_core = np.ones(count + 1, bool)
    without_core[regions[cores > 0]] = False
    without_core[0] = False
    small, _ = ndimage.label(without_core[regions], EIGHT_NEIGHBORS)
    return np.concatenate([centroids(cores), centroids(small)])
