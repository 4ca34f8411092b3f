"""Markers of even size, drawn from positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from ..errors import InputError
from .markers import marker_positions

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]

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
    """
    pixels = np.rint(positions).astype(np.int64).reshape(-1, 2)
    inside = pixels[((pixels >= 0) & (pixels < shape)).all(axis=1)]
    return draw_discs(inside, radii_by_distance(inside), shape)


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
