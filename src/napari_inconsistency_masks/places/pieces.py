"""Large regions, cut into pieces that a person can correct."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

_Int = npt.NDArray[np.int64]
_Labels = npt.NDArray[np.int32]


def cut_regions(regions: _Labels, largest: int) -> tuple[_Labels, int]:
    """Cut regions until none spans more than `largest` rows or columns.

    A cut goes along the row or column, in the middle half of the region, that holds fewest of its
    pixels: between cells, where there is a gap.

    Parameters
    ----------
    regions
        ``(Y, X)``, 1 to N, 0 elsewhere.
    largest
        In pixels, at least 1.

    Returns
    -------
    regions, number
        The same pixels, numbered anew from 1, and how many regions there are.
    """
    pieces = np.zeros_like(regions)
    number = 0
    for index, window in enumerate(ndimage.find_objects(regions), start=1):
        if window is not None:
            pixels = np.argwhere(regions[window] == index)
            for piece in _cut(pixels, largest):
                number += 1
                pieces[window][tuple(piece.T)] = number
    return pieces, number


def _cut(pixels: _Int, largest: int) -> Iterator[_Int]:
    """Pixels ``(N, 2)`` in pieces."""
    waiting = [pixels]
    while waiting:
        piece = waiting.pop()
        first = piece.min(axis=0)
        extent = piece.max(axis=0) - first + 1
        axis = int(extent.argmax())
        if extent[axis] <= largest:
            yield piece
            continue
        line = piece[:, axis] - first[axis]
        behind = line >= _thinnest(np.bincount(line))
        waiting += [piece[behind], piece[~behind]]


def _thinnest(pixels: _Int) -> int:
    """The line in the middle half with fewest pixels, of several the one next to the middle."""
    length = len(pixels)
    middle = np.arange(max(1, length // 4), max(2, length - length // 4))
    order = np.lexsort((np.abs(2 * middle - length), pixels[middle]))
    return int(middle[order[0]])
