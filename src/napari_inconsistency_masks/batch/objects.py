"""Objects without positions, in frames that come some rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse.csgraph import connected_components

from ..cells.markers import EIGHT_NEIGHBORS

_Bool = npt.NDArray[np.bool_]
_Sums = npt.NDArray[np.float64]


@dataclass
class Objects:
    """Collects the 8-connected components of one class, as tall as they may be.

    Attributes
    ----------
    top
        Rows seen so far.
    open_row
        The last row seen ``(X,)``: 1 + index into `open_sums` where an object may go on.
    open_sums
        Pixels, sums of rows and of columns, and votes of each of them, ``(M, 4)``.
    """

    top: int = 0
    open_row: npt.NDArray[np.int64] | None = None
    open_sums: _Sums | None = None

    def feed(self, mask: _Bool, votes: npt.NDArray[np.float32] | None, *, last: bool) -> _Sums:
        """Take the next rows ``(y, X)``, and return the sums of the objects that are complete.

        `votes` is the share of the networks per pixel, or None for 1.
        """
        labels, count = ndimage.label(mask, EIGHT_NEIGHBORS)
        sums = _sums(labels, count, self.top, votes)
        self.top += len(mask)
        before = 0
        edges = np.empty((2, 0), np.int64)
        if self.open_row is not None and self.open_sums is not None:
            before = len(self.open_sums)
            edges = _touching(self.open_row, labels[0]) - 1
            edges[1] += before
            sums = np.concatenate([self.open_sums, sums])
        total = before + count
        graph = sparse.coo_array((np.ones(edges.shape[1]), edges), (total, total))
        number, group = connected_components(graph, directed=False)
        merged: _Sums = np.stack(
            [np.bincount(group, column, number).astype(np.float64) for column in sums.T], axis=1
        )
        bottom = labels[-1]
        groups_below = np.concatenate([[-1], group[before:]])[bottom]  # (X,)
        still_open = np.zeros(number, dtype=bool)
        if not last:
            still_open[groups_below[groups_below >= 0]] = True
        renumbered = np.concatenate([np.cumsum(still_open), [0]])  # the last for "none"
        self.open_row, self.open_sums = renumbered[groups_below], merged[still_open]
        return merged[~still_open]


def _sums(
    labels: npt.NDArray[np.int32], count: int, top: int, votes: npt.NDArray[np.float32] | None
) -> _Sums:
    """Pixels, rows, columns and votes of each label, ``(N, 4)``."""
    pixels = np.flatnonzero(labels)
    label = labels.ravel()[pixels]
    rows, columns = np.divmod(pixels, labels.shape[1])
    weights = [np.ones(len(pixels)), rows + top, columns, np.ones(len(pixels))]
    if votes is not None:
        weights[3] = votes.ravel()[pixels]
    sums = [np.bincount(label, weight, count + 1)[1:] for weight in weights]
    return np.stack(sums, axis=1)


def _touching(above: npt.NDArray[np.int64], below: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Pairs of numbers in two rows that are 8-neighbors, ``(2, P)``."""
    width = len(above)
    pairs = []
    for shift in (-1, 0, 1):
        a = above[max(0, -shift) : width - max(0, shift)]
        b = below[max(0, shift) : width - max(0, -shift)]
        both = (a > 0) & (b > 0)
        pairs.append(np.stack([a[both], b[both]]).astype(np.int64))
    return np.unique(np.concatenate(pairs, axis=1), axis=1)
