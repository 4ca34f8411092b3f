"""Cell positions from marker masks.

`marker_positions` gives, to the last bit, what the reference implementation of arXiv 2401.14387
gets from OpenCV's contours and their moments; the mean cell count error (MCCE) is defined by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..errors import InputError
from .morphology import dilate
from .morphology import erode as eroded

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]
_Labels = npt.NDArray[np.signedinteger[Any]]

EIGHT_NEIGHBORS = np.ones((3, 3), dtype=bool)
_SIXTH = 0.16666666666666667  # OpenCV multiplies by this, it does not divide by 6
_GREY = np.array([3735, 19235, 9798])  # OpenCV's weights of blue, green, red, times 2**15
_CORNERS = np.array([(0, 0, 1, 1), (0, 1, 0, 1)])  # of a square: row and column, (2, 4)


def foreground(mask: npt.NDArray[Any]) -> _Bool:
    """What counts as marked in a mask that was read from an image: absolute grey above 10.

    Parameters
    ----------
    mask
        bool ``(Y, X)`` is returned as it is. Else grey of any type, ``(Y, X)`` or ``(Y, X, 1)``,
        or uint8 blue, green, red ``(Y, X, 3)``.

    Raises
    ------
    InputError
        If the shape is another one, or no value is above 1: in a mask of 0 and 1 a threshold of
        10 would silently find nothing.
    """
    if mask.ndim == 3 and mask.shape[2] == 3:
        mask = (mask.astype(np.int64) @ _GREY + 2**14) >> 15
    elif mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[:, :, 0]
    if mask.ndim != 2:
        raise InputError(f"A mask of shape {mask.shape} is not an image: give one of (Y, X).")
    if mask.dtype == np.bool_:
        return mask
    grey = np.abs(mask.astype(np.float64))
    if 0 < grey.max(initial=0) <= 1:
        raise InputError("A mask with values up to 1 is not a grey image: give it as bool.")
    marked: _Bool = grey > 10.5  # the reference rounds to integers before it compares with 10
    return marked


def marker_positions(mask: npt.NDArray[Any], *, erode: bool = True, holes: bool = True) -> _Int:
    """Positions of the markers in whole pixels as the reference finds them, for counting and MCCE.

    Parameters
    ----------
    mask
        ``(Y, X)``, bool or as in `foreground`.
    erode
        Whether to erode by 3 x 3 first, which parts markers that just touch, and loses those
        less than 4 pixels wide.
    holes
        Whether a hole in a marker counts as one more marker, as it does in the reference.

    Returns
    -------
    ndarray of int64, ``(N, 2)``
        Row and column: the centroid of each outline, cut to an integer and moved by +1 in both.
        The reference does so; `find_marks` says where the cells are. Lines one pixel wide have no
        area inside their outline and are left out.
    """
    return find_markers(mask, shrink=erode, holes=holes)[0]


class Markers(NamedTuple):
    """What outlines go around.

    Attributes
    ----------
    positions
        int64 ``(N, 2)``, see `marker_positions`.
    centers
        float ``(N, 2)``: true centroids.
    pixels
        int64 ``(N, 2)``: one pixel of each, on its outline.
    """

    positions: _Int
    centers: _Float
    pixels: _Int


def find_markers(mask: npt.NDArray[Any], *, shrink: bool = True, holes: bool) -> Markers:
    """The markers of `marker_positions`, with more about each; `shrink` is its `erode`."""
    marked = foreground(mask)
    positions, centers, pixels = [np.empty((0, 2), np.int64)], [np.empty((0, 2))], []
    for labels, hole in _outlined_regions(eroded(marked, 3) if shrink else marked):
        if hole and not holes:
            continue
        area, *moments = _outline_moments(labels, hole)
        solid = area > 0
        exact = (np.stack(moments)[:, solid] * _SIXTH) / (area[solid] * 0.5)
        positions.append(exact.T.astype(np.int64) + 1)
        centers.append(centroids(labels)[solid] - 1)
        pixels.append(_first_pixels(labels)[solid] - 1)
    return Markers(
        np.concatenate(positions),
        np.concatenate(centers),
        np.concatenate(pixels) if pixels else np.empty((0, 2), np.int64),
    )


def _first_pixels(labels: _Labels) -> _Int:
    """The first pixel ``(N, 2)`` of each label, row by row: it lies on the outline."""
    pixels = np.flatnonzero(labels)[::-1]
    first = np.empty(int(labels.max(initial=0)), np.int64)
    first[labels.ravel()[pixels] - 1] = pixels  # what is written last, stays
    return np.stack(np.divmod(first, labels.shape[1]), axis=1)


def _outlined_regions(marked: _Bool) -> Iterator[tuple[_Labels, bool]]:
    """Labels of all regions that an outline goes around, and whether they are holes.

    An outline goes around each 8-connected component, its holes filled, and around each hole,
    with all that lies in it. Components in holes come in a later round, so that the regions in
    one array of labels never overlap. The arrays, ``(Y + 2, X + 2)``, have a margin of one pixel.
    """
    remaining = np.pad(marked, 1)
    while remaining.any():
        background, parts = ndimage.label(~remaining)
        outside = background == background[0, 0]
        yield ndimage.label(~outside, EIGHT_NEIGHBORS)[0], False
        if parts == 1:
            return
        components, count = ndimage.label(remaining, EIGHT_NEIGHBORS)
        outermost = np.zeros(count + 1, dtype=bool)
        outermost[components[dilate(outside, 3)]] = True
        outermost[0] = False
        inside = ~outside & ~outermost[components]
        yield ndimage.label(inside)[0], True
        remaining &= inside


def _outline_moments(labels: _Labels, hole: bool) -> _Float:
    """Twice the area, six times the row and the column moment within each outline, ``(3, N)``.

    The outline joins the centers of border pixels: of the region itself or, for a hole, of the
    component around it. Of a square of 2 x 2 pixel centers it encloses nothing, a triangle or
    all. The sums are of integers, hence exact.
    """
    regions = int(labels.max(initial=0))
    marked = labels > 0
    occupied = marked[:-1, :-1] | marked[:-1, 1:] | marked[1:, :-1] | marked[1:, 1:]
    square = np.stack(np.divmod(np.flatnonzero(occupied), occupied.shape[1]))  # (2, squares)
    pixels = [tuple(square + corner[:, None]) for corner in _CORNERS.T]
    own = np.stack([labels[corner] for corner in pixels])  # (4, squares)
    square -= 1  # without the margin
    sums = np.zeros((3, regions))
    for index, region in enumerate(own):
        same = own == region
        corners = same.sum(axis=0)
        whole = corners >= (2 if hole else 4)
        new = (region > 0) & ~same[:index].any(axis=0)  # count each region of a square once
        new &= whole | (corners == (1 if hole else 3))
        triangle = corners * square + _CORNERS @ same  # sum over the region's corners, (2, squares)
        if hole:  # the whole square without the triangle of the three other corners
            triangle = 6 * square + 3 - (4 * square + 2 - triangle)
        parts = (1 + whole, *np.where(whole, 6 * square + 3, triangle))
        for total, part in zip(sums, parts, strict=True):
            total += np.bincount(region[new] - 1, part[new], minlength=regions)
    return sums


def centroids(labels: _Labels) -> _Float:
    """Mean row and column of each label's pixels, ``(N, 2)``."""
    pixels = np.flatnonzero(labels > 0)
    label = labels.ravel()[pixels]
    size = np.bincount(label)[1:]
    axes = np.divmod(pixels, labels.shape[1])
    return np.stack([np.bincount(label, axis)[1:] / size for axis in axes], axis=1)
