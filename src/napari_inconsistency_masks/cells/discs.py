"""Markers of even size, drawn from positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from ..errors import InputError
from .markers import marker_positions

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]

_CLOSE, _VERY_CLOSE, _CUT_RADIUS = 12, 5, 5
"""Distances below which discs may touch, and below which they are larger before they are cut."""

# Half-widths of OpenCV's filled circles, which are not quite discs: middle row, next row, ...
_HALF_WIDTHS = {
    3: (3, 2, 2, 0),
    4: (4, 3, 3, 2, 0),
    5: (5, 4, 4, 4, 3, 0),
    6: (6, 5, 5, 5, 4, 3, 0),
    7: (7, 6, 6, 6, 5, 4, 3, 0),
    8: (8, 7, 7, 7, 6, 6, 5, 3, 0),
}


def redraw_markers(mask: npt.NDArray[Any]) -> _Bool:
    """Markers of even size ``(Y, X)``, as the reference draws them before it counts predictions.

    A disc at each of `marker_positions`, of radius a quarter of the distance to the next one, 3
    to 8, and 3 for a single marker; smoothed by 2 x 2. With each redrawing the markers move by
    +1 in row and column.
    """
    discs = _marker_discs(mask, lone_radius=3)
    # Smoothing keeps a pixel if it and those above, left and above left, mirrored at the border,
    # are all set.
    padded = np.pad(discs, ((1, 0), (1, 0)), mode="reflect")
    smooth: _Bool = discs & padded[:-1, 1:] & padded[1:, :-1] & padded[:-1, :-1]
    return smooth


def pseudo_label_markers(mask: npt.NDArray[Any]) -> _Bool:
    """Markers of even size ``(Y, X)``, as the reference draws them into pseudo-labels.

    Like `redraw_markers`, but a single marker has radius 8, and nothing is smoothed.
    """
    return _marker_discs(mask, lone_radius=8)


def position_markers(positions: npt.NDArray[Any], shape: tuple[int, int]) -> _Bool:
    """Markers ``(Y, X)`` for networks to learn, drawn at positions that a person gave.

    A disc at each of ``(N, 2)``, rounded to whole pixels, of radius a quarter of the distance to
    the next one, 3 to 8. Positions outside of the image are left out.

    Discs that would touch are cut midway, with a line of one pixel between them; of positions less
    than 5 pixels apart the discs have radius 5, so that what is left of each is large enough to be
    found as a marker of its own.
    """
    pixels = np.rint(positions).astype(np.int64).reshape(-1, 2)
    places = np.unique(pixels[((pixels >= 0) & (pixels < shape)).all(axis=1)], axis=0)
    return draw_apart(places, radii_by_distance(places), shape, _CLOSE)


def draw_apart(positions: _Int, radii: _Int, shape: tuple[int, int], closer_than: float) -> _Bool:
    """Filled circles ``(Y, X)``, those of near positions cut as `position_markers` does.

    Parameters
    ----------
    positions, radii
        ``(N, 2)``, none twice, and ``(N,)``, in pixels; of positions less than 5 pixels apart the
        radius is 5.
    shape
        ``(Y, X)``.
    closer_than
        Distance in pixels below which circles are cut.
    """
    nearest = nearest_distances(positions)
    close = (nearest > 0) & (nearest < closer_than)
    radii = np.where((nearest > 0) & (nearest < _VERY_CLOSE), _CUT_RADIUS, radii)
    apart = draw_discs(positions[~close], radii[~close], shape)
    return apart | _cut_discs(positions[close], radii[close], shape)


def _cut_discs(positions: _Int, radii: _Int, shape: tuple[int, int]) -> _Bool:
    """Filled circles as a mask ``(Y, X)``; each pixel belongs to the nearest of ``(N, 2)``.

    Of pixels that touch a disc with a higher number, none is left, also if they are as near to it.
    """
    parts = [np.empty((0, 4), np.int64)]
    for radius in np.unique(radii):
        offsets, chosen = _disc(int(radius)), np.flatnonzero(radii == radius)
        pixels = (positions[chosen, None] + offsets).reshape(-1, 2)
        numbers = np.repeat(chosen + 1, len(offsets))
        distances = np.tile((offsets**2).sum(axis=1), len(chosen))
        parts.append(np.column_stack([pixels, numbers, distances]))
    found = np.concatenate(parts)
    found = found[((found[:, :2] >= 0) & (found[:, :2] < shape)).all(axis=1)]
    found = found[np.lexsort((found[:, 2], found[:, 3]))[::-1]]  # what is written last, stays
    owner = np.zeros(shape, np.int64)
    owner[found[:, 0], found[:, 1]] = found[:, 2]
    cut: _Bool = (owner > 0) & (ndimage.maximum_filter(owner, size=3) == owner)
    return cut


def radii_by_distance(positions: npt.NDArray[Any]) -> _Int:
    """Radii ``(N,)`` of a quarter of the distance to the next position, 3 to 8; 3 if alone."""
    radii: _Int = (nearest_distances(positions) // 4).clip(3, 8).astype(np.int64)
    return radii


def _marker_discs(mask: npt.NDArray[Any], lone_radius: int) -> _Bool:
    positions = marker_positions(mask)
    alone = len(positions) == 1
    radii = np.array([lone_radius]) if alone else radii_by_distance(positions)
    return draw_discs(positions, radii, (mask.shape[0], mask.shape[1]))


def nearest_distances(positions: npt.NDArray[Any]) -> _Float:
    """Distance ``(N,)`` from each of ``(N, 2)`` to the nearest other place, 0 if there is none.

    Points in the same place are not neighbors of each other.
    """
    places, place = np.unique(positions, axis=0, return_inverse=True)
    if len(places) < 2:
        return np.zeros(len(positions))
    distances = np.asarray(cKDTree(places).query(places, k=2)[0])  # (places, 2): itself, nearest
    nearest: _Float = distances[place.reshape(-1), 1]
    return nearest


def draw_discs(positions: _Int, radii: _Int, shape: tuple[int, int]) -> _Bool:
    """OpenCV's filled circles as a mask of `shape`, cut off at its borders.

    Parameters
    ----------
    positions
        ``(N, 2)``; may lie outside.
    radii
        ``(N,)`` in pixels, 1 or more; those of 3 to 8 are OpenCV's circles.
    shape
        ``(Y, X)``.

    Raises
    ------
    InputError
        If a radius is less than 1.
    """
    canvas = np.zeros(shape, dtype=bool)
    for radius in np.unique(radii):
        pixels = (positions[radii == radius, None] + _disc(int(radius))).reshape(-1, 2)
        inside = ((pixels >= 0) & (pixels < shape)).all(axis=1)
        rows, columns = pixels[inside].T
        canvas[rows, columns] = True
    return canvas


def _disc(radius: int) -> _Int:
    """Offsets of the pixels of a filled circle from its center, ``(pixels, 2)``."""
    if radius < 1:
        raise InputError(f"A marker of radius {radius} pixels: choose 1 or more.")
    reach = np.abs(np.arange(-radius, radius + 1))
    if radius in _HALF_WIDTHS:
        half_width = np.array(_HALF_WIDTHS[radius])[reach]
    else:
        half_width = np.sqrt(radius**2 - reach**2).astype(np.int64)
    offsets: _Int = np.argwhere(reach <= half_width[:, None]) - radius
    return offsets
