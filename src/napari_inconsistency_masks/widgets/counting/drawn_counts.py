"""Counts of what a person drew, on whole frames or in label boxes: plain logic, no Qt."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ...boxes import Box
from ...cells import Cells, find_cells
from ...task import LabelScheme
from ..predicting.found_places import inside


class Truth(Protocol):
    """What a person drew on the frames of an image; a `Drawing` is one."""

    @property
    def scheme(self) -> LabelScheme: ...

    @property
    def boxes(self) -> Mapping[int, tuple[Box, ...]]: ...

    def complete_frames(self) -> npt.NDArray[np.bool_]: ...

    def target(self, frame: int) -> npt.NDArray[np.uint8]: ...


@dataclass(frozen=True)
class KnownLabels:
    """Labels that come with images: a target per frame, or None."""

    scheme: LabelScheme
    targets: Sequence[npt.NDArray[np.uint8] | None]
    boxes: Mapping[int, tuple[Box, ...]] = field(default_factory=dict)

    def complete_frames(self) -> npt.NDArray[np.bool_]:
        """Per frame, whether it has labels."""
        return np.array([target is not None for target in self.targets], bool)

    def target(self, frame: int) -> npt.NDArray[np.uint8]:
        """The labels of a frame that has some."""
        target = self.targets[frame]
        assert target is not None
        return target


@dataclass(frozen=True)
class DrawnCounts:
    """The cells that are drawn on a frame, by class.

    Attributes
    ----------
    counts
        Of the whole frame, or of those whose centers lie in its label boxes.
    boxes
        None if the frame is labeled all over.
    mark
        A number that changes with the labels.
    """

    counts: Mapping[str, int]
    boxes: tuple[Box, ...] | None
    mark: int


def count_drawn(
    truth: Truth, before: Mapping[int, DrawnCounts]
) -> Generator[None, None, dict[int, DrawnCounts]]:
    """Count what is drawn, as predictions are counted, on all frames with labels.

    Parameters
    ----------
    truth
        What is drawn.
    before
        Frames on which the same is drawn as then are not counted again.
    """
    counts: dict[int, DrawnCounts] = {}
    frames = {*np.flatnonzero(truth.complete_frames()).tolist(), *truth.boxes}
    for frame in sorted(frames):
        target, boxes = truth.target(frame), truth.boxes.get(frame)
        about = zlib.crc32(repr((truth.scheme, boxes)).encode())
        mark = zlib.crc32(np.ascontiguousarray(target).data, about)
        counts[frame] = before.get(frame) or DrawnCounts({}, None, -1)
        if counts[frame].mark != mark:
            cells = find_cells(truth.scheme.to_channels(target), truth.scheme)
            cells = cells if boxes is None else cells[in_boxes(cells.centers, boxes)]
            counts[frame] = DrawnCounts(cells.counts, boxes, mark)
        yield
    return counts


def in_boxes(centers: npt.NDArray[np.float64], boxes: Iterable[Box]) -> npt.NDArray[np.bool_]:
    """Which points (row, column) ``(N, 2)`` lie on a pixel of a box."""
    found: npt.NDArray[np.bool_] = np.zeros(len(centers), bool)
    for box in boxes:
        found |= inside(centers, box)
    return found


def corrected_counts(cells: Sequence[Cells], drawn: DrawnCounts) -> dict[str, tuple[int, int, int]]:
    """What is drawn in the boxes of a frame and predicted outside: per class count, low, high.

    Parameters
    ----------
    cells
        What all networks together see in the frame, then what each of them sees.
    drawn
        In boxes.
    """
    outside = [item[~in_boxes(item.centers, drawn.boxes or ())].counts for item in cells]
    return {
        name: (
            count + drawn.counts.get(name, 0),
            min(counts[name] for counts in outside) + drawn.counts.get(name, 0),
            max(counts[name] for counts in outside) + drawn.counts.get(name, 0),
        )
        for name, count in outside[0].items()
    }
