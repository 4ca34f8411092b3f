"""What is drawn outside of the label boxes of its frame, where nothing is known: plain logic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ...boxes import Box, padded
from ...cells.markers import EIGHT_NEIGHBORS
from .snapshot import Drawing

MARGIN = 4
"""Pixels between a region and the label box that is proposed for it."""


def boxes_around_strays(drawing: Drawing, frame: int) -> tuple[Box, ...]:
    """A label box for each drawn region of a frame that no label box touches.

    Regions that reach out of a box are none: a cell at the edge of a box is drawn as a whole.
    """
    known = drawing.known(frame)
    if known is None or not _any_outside(drawing, frame, known):
        return ()
    target = drawing.target(frame)
    drawn = target > 0 if target.ndim == 2 else (target > 0).any(axis=0)  # (Y, X)
    regions, _ = ndimage.label(drawn, EIGHT_NEIGHBORS)
    touched = set(np.unique(regions[known]).tolist())
    return tuple(
        padded((rows.start, columns.start, rows.stop, columns.stop), MARGIN, drawing.axes.size)
        for number, (rows, columns) in enumerate(ndimage.find_objects(regions), start=1)
        if number not in touched
    )


def _any_outside(drawing: Drawing, frame: int, known: npt.NDArray[np.bool_]) -> bool:
    """Whether anything is drawn outside; fast, as it is asked after every stroke."""
    axes = drawing.axes
    for item in drawing.drawn:
        if item.points is None:
            if axes.read_plane(item.labels, frame)[~known].any():
                return True
            continue
        frames, positions = axes.frames_of_points(item.points)
        rows, columns = positions[frames == frame].T
        on = (rows >= 0) & (columns >= 0) & (rows < known.shape[0]) & (columns < known.shape[1])
        if not known[rows[on], columns[on]].all():
            return True
    return False
