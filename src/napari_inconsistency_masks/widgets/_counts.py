"""Predicted and true counts of frames, and how far they are apart: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..cells import find_cells
from ..task import LabelScheme

COLUMNS = ("image", "frame", "class", "predicted", "low", "high", "true", "error")
"""Of the table as CSV: one row per image, frame and class."""


@dataclass(frozen=True)
class CountRow:
    """One class in one frame.

    Attributes
    ----------
    image, frame, state
        Which image (layer), which of its frames, which class.
    predicted, low, high
        The count and the range that the networks span.
    true
        The count of what a person drew, or None.
    """

    image: str
    frame: int
    state: str
    predicted: int
    low: int
    high: int
    true: int | None = None

    @property
    def error(self) -> int | None:
        """Predicted minus true."""
        return None if self.true is None else self.predicted - self.true

    @property
    def spread(self) -> str:
        """The range in words."""
        return f"{self.low}-{self.high}" if self.low < self.high else str(self.low)

    def to_record(self) -> dict[str, Any]:
        """The row for `files.tables.write_csv`."""
        values = (self.image, self.frame, self.state, self.predicted, self.low, self.high)
        return dict(zip(COLUMNS, (*values, self.true, self.error), strict=True))


class Truth(Protocol):
    """What a person drew on the frames of an image; a `Drawing` is one."""

    @property
    def scheme(self) -> LabelScheme: ...

    def complete_frames(self) -> npt.NDArray[np.bool_]: ...

    def target(self, frame: int) -> npt.NDArray[np.uint8]: ...


@dataclass(frozen=True)
class KnownLabels:
    """Labels that come with images: a target per frame, or None."""

    scheme: LabelScheme
    targets: Sequence[npt.NDArray[np.uint8] | None]

    def complete_frames(self) -> npt.NDArray[np.bool_]:
        """Per frame, whether it has labels."""
        return np.array([target is not None for target in self.targets], bool)

    def target(self, frame: int) -> npt.NDArray[np.uint8]:
        """The labels of a frame that has some."""
        target = self.targets[frame]
        assert target is not None
        return target


def count_true(truth: Truth) -> Generator[None, None, dict[int, dict[str, int]]]:
    """Count what is drawn, as predictions are counted: per completely labeled frame and class."""
    counts: dict[int, dict[str, int]] = {}
    for frame in np.flatnonzero(truth.complete_frames()).tolist():
        channels = truth.scheme.to_channels(truth.target(frame))
        counts[frame] = find_cells(channels, truth.scheme).counts
        yield
    return counts


@dataclass
class ImageCounts:
    """The counts of one image, frame by frame, as they become known.

    Attributes
    ----------
    image
        Its name.
    predicted
        Per frame and class: count, low, high.
    true
        Per frame with labels and class: the count.
    unclear, inconsistent, notes
        Per frame: cells in no clear state, the share of the area the networks disagree on, and
        what a person should know.
    """

    image: str
    predicted: dict[int, Mapping[str, tuple[int, int, int]]] = field(default_factory=dict)
    true: dict[int, Mapping[str, int]] = field(default_factory=dict)
    unclear: dict[int, int] = field(default_factory=dict)
    inconsistent: dict[int, float] = field(default_factory=dict)
    notes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def rows(self) -> list[CountRow]:
        """A row per predicted frame and class, frames in order."""
        return [
            CountRow(self.image, frame, state, *counts, self.true.get(frame, {}).get(state))
            for frame, states in sorted(self.predicted.items())
            for state, counts in states.items()
        ]


def mean_count_error(rows: Iterable[CountRow]) -> tuple[float, int] | None:
    """The paper's mean cell count error (MCCE), and the number of frames it is the mean of.

    Per frame the absolute errors of all classes are summed. Frames of which any class has no true
    count do not take part; None if no frame does.
    """
    sums: dict[tuple[str, int], int | None] = {}
    for row in rows:
        key = (row.image, row.frame)
        before = sums.get(key, 0)
        known = before is not None and row.error is not None
        sums[key] = before + abs(row.error) if known else None  # type: ignore[operator,arg-type]
    errors = [error for error in sums.values() if error is not None]
    return (sum(errors) / len(errors), len(errors)) if errors else None


def totals(rows: Iterable[CountRow]) -> dict[str, tuple[int, int, int]]:
    """Per class the sums of the counts and of both ends of their ranges."""
    sums: dict[str, tuple[int, int, int]] = {}
    for row in rows:
        predicted, low, high = sums.get(row.state, (0, 0, 0))
        sums[row.state] = (predicted + row.predicted, low + row.low, high + row.high)
    return sums
