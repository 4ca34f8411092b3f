"""What is drawn where it counts for nothing: outside of label boxes, or of all frames.

Plain logic, no Qt.
"""

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


def beyond_frames(drawing: Drawing) -> str:
    """A sentence about points that lie on no frame, and so cannot be saved; empty without any."""
    for item in drawing.drawn:
        if item.points is None:
            continue
        count = int((drawing.axes.frames_of_points(item.points)[0] < 0).sum())
        if count:
            points, them = ("a point", "it") if count == 1 else (f"{count} points", "them")
            return (
                f"Points layer {item.layer!r} has {points} on no frame of image {drawing.name!r}, "
                f"and only what is on its {drawing.axes.describe()} can be saved: move {them} onto "
                f"a frame, or remove {them}."
            )
    return ""


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
