"""Pixels whose centers lie inside of outlines and ellipses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_Float = npt.NDArray[np.float64]

Filled = tuple[tuple[slice, slice], npt.NDArray[np.bool_]]
"""A box of pixels, rows and columns, and which of them are inside, ``(rows, columns)``."""

_TIE = 1e-8
"""How far to the right crossings are moved, so that rounding never decides."""

_AT_ONCE = 2**22
"""Pixels, and crossings of rows, that are in memory as numbers at the same time."""


def fill_outlines(outlines: Sequence[_Float], size: tuple[int, int]) -> Filled:
    """Pixels with their centers inside of an odd number of closed outlines.

    Of centers on an outline those on its upper and right side are inside, as in ImageJ.

    Parameters
    ----------
    outlines
        Rows and columns ``(N, 2)`` of their corners; pixel 0 reaches from 0 to 1. At least one
        corner, all finite.
    size
        Rows and columns of the image; what lies outside of it is cut off.
    """
    rows, columns = _box(np.concatenate(outlines), size)
    edges = np.concatenate(
        [np.hstack([outline, np.roll(outline, -1, axis=0)]) for outline in outlines]
    )
    downward = edges[:, :1] <= edges[:, 2:3]
    edges = np.where(downward, edges, edges[:, [2, 3, 0, 1]])  # y0, x0, y1, x1
    inside = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
    height = max(1, _AT_ONCE // max(inside.shape[1], len(edges)))
    for top in range(rows.start, rows.stop, height):
        band = slice(top, min(top + height, rows.stop))
        inside[top - rows.start :][:height] = _fill_rows(edges, band, columns)
    return (rows, columns), inside


def fill_ellipse(corners: _Float, size: tuple[int, int]) -> Filled:
    """Pixels with their centers inside of the ellipse in a box.

    Parameters
    ----------
    corners
        Rows and columns ``(2, 2)`` of two opposite corners; pixel 0 reaches from 0 to 1.
    size
        As in `fill_outlines`.
    """
    rows, columns = _box(corners, size)
    center, radius = corners.mean(axis=0), np.abs(corners[1] - corners[0]) / 2
    if not radius.all():
        return (rows, columns), np.zeros(
            (rows.stop - rows.start, columns.stop - columns.start), bool
        )
    y = (np.arange(rows.start, rows.stop) + 0.5 - center[0]) / radius[0]
    x = (np.arange(columns.start, columns.stop) + 0.5 - center[1]) / radius[1]
    return (rows, columns), y[:, None] ** 2 + x**2 <= 1


def _box(corners: _Float, size: tuple[int, int]) -> tuple[slice, slice]:
    """The pixels of an image that may have their centers between corners ``(N, 2)``."""
    first = np.floor(corners.min(axis=0)).clip(0, size).astype(int)
    last = np.ceil(corners.max(axis=0)).clip(0, size).astype(int)
    return slice(int(first[0]), int(last[0])), slice(int(first[1]), int(last[1]))


def _fill_rows(edges: _Float, rows: slice, columns: slice) -> npt.NDArray[np.bool_]:
    """Which pixels ``(rows, columns)`` have an odd number of crossings on their left."""
    row, x = _crossings(edges, rows)
    column = np.floor(x + 0.5 + _TIE).clip(columns.start, columns.stop) - columns.start
    shape = rows.stop - rows.start, columns.stop - columns.start + 1
    place = (row - rows.start) * shape[1] + column.astype(np.int64)
    crossings = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)
    odd: npt.NDArray[np.bool_] = np.cumsum(crossings, axis=1)[:, :-1] % 2 == 1
    return odd


def _crossings(edges: _Float, rows: slice) -> tuple[npt.NDArray[np.int64], _Float]:
    """The rows whose middle an edge crosses, and where, for each such crossing."""
    y0, x0, y1, x1 = edges.T
    first, last = (np.ceil(y - 0.5).clip(rows.start, rows.stop).astype(np.int64) for y in (y0, y1))
    count = last - first
    edge = np.repeat(np.arange(len(edges)), count)
    before = np.repeat(np.cumsum(count) - count, count)
    row = first[edge] + np.arange(len(edge)) - before
    share = (row + 0.5 - y0[edge]) / (y1 - y0)[edge]
    return row, x0[edge] + share * (x1 - x0)[edge]
