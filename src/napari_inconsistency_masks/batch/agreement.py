"""How many networks see a cell too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..cells import Cells, assign_states
from ..task import LabelScheme


def share_agreeing(
    cells: Cells, votes: npt.NDArray[np.bool_], scheme: LabelScheme
) -> npt.NDArray[np.float64]:
    """The share of the networks that mark a position at each cell, and see it in the same state.

    Parameters
    ----------
    cells
        Of a scheme with positions; ``N`` of them, in these rows.
    votes
        ``(E, K, y, X)``.

    Returns
    -------
    ndarray of float64, ``(N,)``
        A mark counts within one pixel of the center.
    """
    position = scheme.position_output
    assert position is not None
    center = np.floor(cells.centers + 0.5).astype(np.int64)  # rint would depend on the row above
    rows, columns = (
        (center[:, axis, None] + np.arange(-1, 2)).clip(0, votes.shape[2 + axis] - 1)
        for axis in (0, 1)
    )
    agreeing = np.zeros(len(cells))
    window_at = np.floor(cells.centers).astype(np.int64) + 1  # as `marker_positions` counts
    for vote in votes:
        marked = vote[position][rows[:, :, None], columns[:, None, :]].any(axis=(1, 2))
        if scheme.states:
            states = np.delete(vote, position, axis=0)
            marked &= assign_states(window_at, states) == cells.states
        agreeing += marked
    return agreeing / len(votes)
