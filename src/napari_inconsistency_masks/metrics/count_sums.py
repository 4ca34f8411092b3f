"""Adding up counts of cells, image by image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from ..cells import Cells
from .scores import CountRow, CountScore

_Float = npt.NDArray[np.float64]

Counted: TypeAlias = tuple[list[CountRow], list[int]]
"""Per state of an image its counts, and how many cells are paired."""


class CountSums:
    """Counts of many images.

    Parameters
    ----------
    names
        What is counted, see `LabelScheme.counted`.
    radius
        How far, in pixels, a predicted cell may lie from the true one it is paired with.
    """

    def __init__(self, names: Iterable[str], radius: float) -> None:
        self._radius = radius
        self._matched = dict.fromkeys(names, 0)
        self.rows: list[CountRow] = []
        self.complete_rows: list[CountRow] = []
        self.wrong: list[int] = []  # of each image, over all states

    def compare(self, name: str, predicted: Cells, true: Cells) -> Counted:
        """Count the cells of an image, and how many can be paired."""
        rows, matched = [], []
        for index, state in enumerate(true.names):
            found = predicted.centers[predicted.states == index]
            there = true.centers[true.states == index]
            rows.append(CountRow(name, state, len(found), len(there)))
            matched.append(matched_pairs(found, there, self._radius))
        return rows, matched

    def add(self, counted: Counted, *, complete: bool) -> None:
        """Take an image that was compared; `complete` if it is labeled all over."""
        rows, matched = counted
        for row, pairs in zip(rows, matched, strict=True):
            self._matched[row.state] += pairs
        self.rows += rows
        self.complete_rows += rows if complete else []
        self.wrong.append(sum(abs(row.predicted - row.true) for row in rows))

    def scores(self) -> dict[str, CountScore]:
        """Per state."""
        return {state: self._score(state) for state in self._matched}

    def _score(self, state: str) -> CountScore:
        rows = [row for row in self.rows if row.state == state]
        predicted, true = sum(row.predicted for row in rows), sum(row.true for row in rows)
        bias = (predicted - true) / max(len(rows), 1)
        return CountScore(predicted, true, self._matched[state], bias)


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
