"""The area of each cell, as a label image and as outlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.measure import approximate_polygon, find_contours
from skimage.segmentation import watershed

from ..cells import Cells
from ..cells.markers import EIGHT_NEIGHBORS
from ..errors import InputError
from ..task import LabelScheme

_Bool = npt.NDArray[np.bool_]

MOST_CELLS = 65_535
_SMOOTHING = 0.5
"""Pixels by which an outline may differ from the border of its pixels."""


def label_image(channels: _Bool, cells: Cells, scheme: LabelScheme) -> npt.NDArray[np.uint16]:
    """Number the pixels of each cell, uint16 ``(Y, X)``.

    Parameters
    ----------
    channels
        Hard labels ``(K, Y, X)``.
    cells
        Those found in them; the first is number 1, and 0 is no cell.
    scheme
        With positions, the area of the states is shared out: each pixel goes to the mark that is
        nearest on a way inside the area. Area without a mark is no cell. Without positions, each
        object is its pixels; of classes that overlap the last one is shown.

    Raises
    ------
    InputError
        If there are more cells than 16 bits can number.
    """
    if len(cells) > MOST_CELLS:
        raise InputError(
            f"{len(cells)} cells in one frame are more than a label image can number "
            f"({MOST_CELLS}); leave out labels and geojson."
        )
    if scheme.position_output is None:
        return _objects(channels[-len(scheme.classes) :], scheme.rule.smallest_objects)
    height, width = channels.shape[-2:]
    rows, columns = np.floor(cells.centers + 0.5).astype(np.int64).T
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    seeds = np.zeros((height, width), np.int32)
    seeds[rows, columns] = np.arange(1, len(cells) + 1)
    area = np.logical_or.reduce(channels) | (seeds > 0)
    labels: npt.NDArray[np.uint16] = watershed(
        np.zeros((height, width), np.uint8), seeds, connectivity=2, mask=area
    ).astype(np.uint16)
    return labels


def _objects(masks: _Bool, smallest: Sequence[int]) -> npt.NDArray[np.uint16]:
    labels = np.zeros(masks.shape[1:], np.uint16)
    before = 0
    for mask, least in zip_longest(masks, smallest, fillvalue=1):
        regions, _ = ndimage.label(mask, EIGHT_NEIGHBORS)
        counts = np.bincount(regions.ravel()) >= least
        counts[0] = False
        numbers = np.where(counts, counts.cumsum() + before, 0)[regions]  # (Y, X)
        labels = np.where(numbers > 0, numbers, labels).astype(np.uint16)
        before += int(counts.sum())
    return labels


def outlines(
    labels: npt.NDArray[np.uint16],
) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """The number and the outline ``(P, 2)`` of each cell that has an area of several pixels.

    Points are (row, column) of pixel centers; the last one is the first. Of cells in several
    pieces, the longest outline.
    """
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if place is None:
            continue
        own = np.pad(labels[place] == number, 1)
        found = find_contours(own.astype(np.float32), 0.5, fully_connected="high")
        longest = max(found, key=len)
        simple = approximate_polygon(longest, _SMOOTHING)
        if len(simple) >= 4:
            yield number, simple + [span.start - 1 for span in place]
