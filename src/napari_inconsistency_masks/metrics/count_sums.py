"""Adding up counts of cells, image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from ..cells import Cells
from .scores import CountRow, CountScore

_Float = npt.NDArray[np.float64]


class Counted(NamedTuple):
    """One image: for each state its counts, and how many cells are paired."""

    rows: list[CountRow]
    matched: list[int]


def compare(name: str, predicted: Cells, true: Cells, radius: float) -> Counted:
    """Count the cells of an image, and how many are within `radius` pixels of a true one."""
    counted = Counted([], [])
    for index, state in enumerate(true.names):
        found = predicted.centers[predicted.states == index]
        there = true.centers[true.states == index]
        counted.rows.append(CountRow(name, state, len(found), len(there)))
        counted.matched.append(matched_pairs(found, there, radius))
    return counted


class CountSums:
    """Counts of many images.

    Parameters
    ----------
    names
        What is counted, see `LabelScheme.counted`.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._images: list[tuple[Counted, bool]] = []

    def add(self, counted: Counted, *, complete: bool) -> None:
        """Take an image that was compared; `complete` if it is labeled all over."""
        self._images.append((counted, complete))

    def with_states_of(self, others: Mapping[str, CountSums]) -> CountSums:
        """The same images, each state counted as in the sums that are given for it."""
        made = CountSums(self._names)
        sources = [others[name]._images for name in self._names]  # noqa: SLF001  of this class
        for number, (_, complete) in enumerate(self._images):
            parts = [images[number][0] for images in sources]
            rows = [part.rows[state] for state, part in enumerate(parts)]
            matched = [part.matched[state] for state, part in enumerate(parts)]
            made.add(Counted(rows, matched), complete=complete)
        return made

    @property
    def rows(self) -> list[CountRow]:
        """A row per image and state."""
        return [row for counted, _ in self._images for row in counted.rows]

    @property
    def complete_rows(self) -> list[CountRow]:
        """Those of the images that are labeled all over."""
        return [row for counted, complete in self._images if complete for row in counted.rows]

    @property
    def wrong(self) -> list[int]:
        """Wrong counts of each image, over all states."""
        return [
            sum(abs(row.predicted - row.true) for row in counted.rows)
            for counted, _ in self._images
        ]

    def wrong_of(self, state: str) -> int:
        """Wrong counts of a state, over all images."""
        return sum(abs(row.predicted - row.true) for row in self.rows if row.state == state)

    def scores(self) -> dict[str, CountScore]:
        """Per state."""
        return {state: self._score(number) for number, state in enumerate(self._names)}

    def _score(self, number: int) -> CountScore:
        rows = [counted.rows[number] for counted, _ in self._images]
        matched = sum(counted.matched[number] for counted, _ in self._images)
        predicted, true = sum(row.predicted for row in rows), sum(row.true for row in rows)
        return CountScore(predicted, true, matched, (predicted - true) / max(len(rows), 1))


def matched_pairs(a: _Float, b: _Float, radius: float) -> int:
    """How many points of ``(N, 2)`` and ``(M, 2)`` are paired within `radius`, nearest first.

    No point is in two pairs. (The most pairs possible would take minutes on a noisy prediction.)
    """
    if not len(a) or not len(b):
        return 0
    near = cKDTree(a).sparse_distance_matrix(cKDTree(b), radius, output_type="ndarray")
    near = near[np.argsort(near["v"], kind="stable")]
    free_a, free_b, pairs = [True] * len(a), [True] * len(b), 0
    for i, j in zip(near["i"].tolist(), near["j"].tolist(), strict=True):
        if free_a[i] and free_b[j]:
            free_a[i] = free_b[j] = False
            pairs += 1
    return pairs
