"""Parting objects that touch, in frames that come some rows at a time.

The result is that of the whole frame at once: rows are kept as long as an object in them may go on
below.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..cells import Parting
from ..cells.markers import EIGHT_NEIGHBORS
from ..task import LabelScheme

_Bool = npt.NDArray[np.bool_]

TALLEST = 2048
"""Rows that are kept for one object at most. What is taller, and no cell, is parted in pieces."""


class PartedRows:
    """Parts objects as `part_objects` does.

    Parameters
    ----------
    scheme
        With the rule by which they are parted.
    """

    def __init__(self, scheme: LabelScheme) -> None:
        self._waists = scheme.rule.waists
        self._kept: tuple[_Bool, _Bool] | None = None

    def feed(self, votes: _Bool, best: _Bool, *, last: bool) -> tuple[_Bool, _Bool]:
        """Take the next rows, and return those in which all objects are complete.

        Parameters
        ----------
        votes
            Hard labels of each member ``(E, K, y, X)``.
        best
            Of all together ``(K, y, X)``.
        last
            Whether no rows follow.

        Returns
        -------
        votes, best
            Of as many rows as are done with, perhaps none.
        """
        if not any(self._waists):
            return votes, best
        channels = np.concatenate([votes, best[None]])  # (E + 1, K, y, X)
        parted = np.zeros_like(channels)  # where an object was parted before
        if self._kept is not None:
            channels, parted = (
                np.concatenate([kept, new], axis=2)
                for kept, new in zip(self._kept, (channels, parted), strict=True)
            )
        height = done = channels.shape[2]
        fresh = channels & ~parted
        if not last:
            is_open = _reaching_down(fresh[:, self._parted_outputs])
            rows = np.flatnonzero(is_open.any(axis=(0, 1, 3)))
            if len(rows) and height - rows[0] <= TALLEST:
                done = int(rows[0])
                fresh[:, self._parted_outputs] &= ~is_open
        for member, objects in enumerate(fresh):
            channels[member] &= ~objects | Parting(objects).by(self._waists)
        self._kept = channels[:, :, done:], (parted | fresh)[:, :, done:]
        return channels[:-1, :, :done], channels[-1, :, :done]

    @property
    def _parted_outputs(self) -> list[int]:
        """Which of the last outputs have objects that are parted."""
        return [place - len(self._waists) for place, waist in enumerate(self._waists) if waist]


def _reaching_down(channels: _Bool) -> _Bool:
    """The objects in ``(E, K, y, X)`` that have a pixel in the last row."""
    reaching = np.zeros_like(channels)
    for index in np.ndindex(channels.shape[:2]):
        labels, _ = ndimage.label(channels[index], EIGHT_NEIGHBORS)
        reaching[index] = np.isin(labels, np.setdiff1d(labels[-1], 0))
    return reaching
