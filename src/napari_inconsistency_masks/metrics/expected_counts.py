"""How many cells there are for each one that is counted: what networks miss and invent.

Networks that miss one cell in eight do so in new images as well, and no range that they span shows
it. Images with labels from which they did not learn do: the ratio estimator of survey sampling
(Cochran, *Sampling Techniques*, chapter 6) takes what is counted there and what is there, and says
how many cells to expect where nobody counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from .scores import CountRow

LEVEL = 0.95
"""Of the intervals."""

FEWEST_UNITS = 5
"""Images, or files of them, without which nothing is said about others."""

FEWEST_CELLS = 10
"""Cells, counted as well as true, without which nothing is said about others."""

WIDEST = 10.0
"""Factor between a ratio and the ends of its interval, above which it would say nothing."""


@dataclass(frozen=True)
class ExpectedCount:
    """How many cells there are, from how many were counted.

    Attributes
    ----------
    expected
        The best guess.
    low, high
        95 % interval of the true number.
    """

    expected: float
    low: float
    high: float

    def plus(self, known: int) -> ExpectedCount:
        """Together with cells of which it is known that they are there."""
        return ExpectedCount(self.expected + known, self.low + known, self.high + known)

    def __str__(self) -> str:
        return f"{self.expected:,.0f} [{self.low:,.0f}, {self.high:,.0f}]"


@dataclass(frozen=True)
class CountRatio:
    """True cells of one state (or objects of one class) for each one that is counted.

    Attributes
    ----------
    images, units
        Number of the images that were compared, and of what is independent among them: files, or
        images where there are too few files.
    counted, true
        Cells in these images.
    spread
        Variance of the true number for each cell that is counted.
    largest
        Cells counted in the unit that has most; 0 if a version that did not note it compared.
    typical
        Cells counted in the unit that an average counted cell lies in.
    files
        Number of the files that the images are frames of; 0 as `largest`.
    """

    images: int
    units: int
    counted: int
    true: int
    spread: float
    largest: int = 0
    typical: float = 0.0
    files: int = 0

    @property
    def ratio(self) -> float:
        """True cells for each one that is counted: above 1, networks miss more than they invent."""
        return self.true / self.counted

    def interval(self) -> tuple[float, float]:
        """95 % interval of the ratio: of the mean of many images like those compared."""
        return self._around(self.ratio, math.sqrt(self.spread / self.counted))

    def expected(self, counted: int | Iterable[int]) -> ExpectedCount:
        """How many cells there are in other images, all together.

        The interval has two parts: how well the ratio is known, and how much images differ, which
        matters less the more of them are added up. It holds for images like those compared.

        Parameters
        ----------
        counted
            Cells that the same networks count: in each file, or one number for many images like
            those compared. What goes wrong in a file goes wrong in all its frames, so a file with
            more cells than any of those compared is no surer than one of these.

        Raises
        ------
        ValueError
            If a number is negative.
        """
        if isinstance(counted, Iterable):
            numbers = tuple(counted)
            own = sum(map(self._alike, numbers))
        else:
            numbers, own = (counted,), counted
        if min(numbers, default=0) < 0:
            raise ValueError(f"{min(numbers)} cells were counted; a number of cells is 0 or more.")
        total = sum(numbers)
        value = self.ratio * total
        deviation = math.sqrt(self.spread * (own + total**2 / self.counted))
        return ExpectedCount(value, *self._around(value, deviation))

    def _alike(self, counted: int) -> float:
        """By how many cells the variance of a file's true number grows."""
        if not 0 < self.largest < counted:
            return counted
        return counted * counted / self.typical

    def _around(self, value: float, deviation: float) -> tuple[float, float]:
        """An interval that is symmetric on a scale of factors, so that it never reaches below 0.

        Above `WIDEST` the factor grows no faster than the deviation: few cells in an image, where
        images differ a lot, would get numbers of thirty digits.
        """
        if not value:
            return 0.0, 0.0
        quantile = float(stdtrit(self.units - 1, (1 + LEVEL) / 2))
        power, widest = quantile * deviation / value, math.log(WIDEST)
        factor = math.exp(min(power, widest)) * (1 + max(0.0, power - widest))
        return value / factor, value * factor


def count_ratio(rows: Iterable[CountRow], files: Mapping[str, str]) -> CountRatio | None:
    """Compare what is counted with what is there.

    Parameters
    ----------
    rows
        Of one state, images that the networks did not learn from.
    files
        By name of an image, which file it is a frame of. Frames of one file are alike, so files
        are what is independent if there are at least five.

    Returns
    -------
    CountRatio or None
        None if it would say nothing: fewer than five images, or than ten cells, or an interval
        that reaches from less than a tenth of the ratio to more than ten times as much.
    """
    rows = list(rows)
    of_file: dict[str, list[CountRow]] = {}
    for row in rows:
        of_file.setdefault(files.get(row.name, row.name), []).append(row)
    units = by_file = list(of_file.values())
    if len(units) < FEWEST_UNITS:
        units = [[row] for row in rows]
    counted = np.array([sum(row.predicted for row in unit) for unit in units])
    true = np.array([sum(row.true for row in unit) for unit in units])
    if len(units) < FEWEST_UNITS or min(counted.sum(), true.sum()) < FEWEST_CELLS:
        return None
    all_counted, all_true = int(counted.sum()), int(true.sum())
    of_others = (all_true - true) / np.maximum(all_counted - counted, 1)
    wrong = true - counted * of_others  # jackknife: each unit is expected from the others
    squares = max(1.0, float((wrong**2).sum()))  # as if at least one cell were wrong
    spread = squares * len(units) / (len(units) - 1) / all_counted
    largest, typical = int(counted.max()), float((counted**2).sum() / all_counted)
    ratio = CountRatio(
        len(rows), len(units), all_counted, all_true, spread, largest, typical, len(by_file)
    )
    return ratio if ratio.interval()[1] < WIDEST * ratio.ratio else None


def compared_images(images: int, files: int) -> str:
    """What counts were compared in, such as ``"33 labeled images"``.

    Parameters
    ----------
    images, files
        As in `CountRatio`. Too few files to be taken for what is independent are named: an interval
        then tells of other frames of these files.
    """
    if 0 < files < min(images, FEWEST_UNITS):
        return f"{images} labeled frames of {files} file{'s' if files > 1 else ''}"
    return f"{images} labeled images"


def expected_from(images: int, files: int) -> str:
    """Where expected counts come from, in a sentence; for the numbers see `compared_images`."""
    compared = compared_images(images, files)
    more = ", and other files may differ by more" if "frames" in compared else ""
    return (
        f"Expected is what there is, with a 95 % interval, by what these networks missed and "
        f"invented in {compared} that they did not learn from; it holds for images like "
        f"those{more}."
    )
