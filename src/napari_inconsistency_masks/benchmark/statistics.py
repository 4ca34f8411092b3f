"""Intervals and paired tests of metrics, over the files that were tested and over the runs.

A metric of some images is a ratio of sums over them, as the tables show it: wrong counts over
images, or for each class the pixels of the intersection over those of the union. So it is the
ratio that is tested, and no mean of ratios per image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

_Float = npt.NDArray[np.float64]

RESAMPLES = 4999
BLOCK = 500
"""Resamples that are in memory at a time."""

LEVEL = 95
"""Percent of an interval."""

_remembered = lru_cache(maxsize=5_000)
"""Tables are written after every training, and most of their rows stay."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a metric is made of: sums over the images of each file, in each run.

    Frames of a stack are like each other, so a file is what might have been another.

    Attributes
    ----------
    above, below
        float64 ``(R, U, K)``, for R runs, U files and K classes. The metric of a run is the mean
        over K of the sum of `above` by the sum of `below`; classes with nothing below are left out.
    """

    above: _Float
    below: _Float

    def of_runs(self, weights: _Float) -> _Float:
        """The metric ``(S, R)`` of each run when files count ``(S, U)`` times."""
        return _mean_ratio(weights @ self.above, weights @ self.below).T  # (R, S, K) to (S, R)

    @property
    def files(self) -> int:
        """U."""
        return int(self.above.shape[1])

    @property
    def runs(self) -> int:
        """R."""
        return int(self.above.shape[0])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Measured) and all(
            np.array_equal(a, b) for a, b in ((self.above, other.above), (self.below, other.below))
        )

    def __hash__(self) -> int:
        return hash((self.above.shape, self.above.tobytes(), self.below.tobytes()))


@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval, whose limits are NaN if there is none: of one file."""

    mean: float
    low: float
    high: float


@_remembered
def interval(measured: Measured, seed: int = 0) -> Interval:
    """The mean over the runs, and in which range it would lie for other samples of files.

    It knows of no other trainings: the networks are given.
    """
    mean = measured.of_runs(_once(measured)).mean()
    if measured.files < 2:
        return _without_limits(mean)
    rng = np.random.default_rng(seed)
    means = [measured.of_runs(w).mean(axis=1) for w in _resampled(measured.files, rng)]
    return _interval(mean, means)


@_remembered
def difference(one: Measured, other: Measured, seed: int = 0) -> Interval:
    """One minus the other, for other samples of files and, if there are several, of runs.

    Parameters
    ----------
    one, other
        Of the same runs and files, in the same order.
    seed
        Of the resampling.
    """
    once = _once(one)
    mean = (one.of_runs(once) - other.of_runs(once)).mean()
    if one.files < 2:
        return _without_limits(mean)
    rng = np.random.default_rng(seed)
    means = []
    for weights in _resampled(one.files, rng):
        by_run = one.of_runs(weights) - other.of_runs(weights)  # (S, R)
        runs = rng.integers(one.runs, size=by_run.shape)
        means.append(np.take_along_axis(by_run, runs, axis=1).mean(axis=1))  # (S,)
    return _interval(mean, means)


@_remembered
def paired_test(one: Measured, other: Measured, seed: int = 0) -> float | None:
    """Two-sided p value of two methods being equally good on the same files.

    The two are swapped file by file at random, in all runs at once: a permutation test of paired
    samples. It knows of other files, but of no other trainings.

    Parameters
    ----------
    one, other
        Of the same runs and files, in the same order.
    seed
        Of the permutations.

    Returns
    -------
    float or None
        None if there are fewer than two files.
    """
    if one.files < 2:
        return None
    if one == other:
        return 1.0
    given = partial(_swapped_difference, one, other)
    least = abs(float(given(np.zeros((1, one.files)))[0])) * (1 - 1e-9)
    if 2**one.files <= RESAMPLES:
        every = np.arange(2**one.files)[:, None] >> np.arange(one.files) & 1  # (2^U, U)
        return float(np.mean(np.abs(given(every.astype(np.float64))) >= least))
    rng = np.random.default_rng(seed)
    as_far = 0
    for size in _blocks():
        swapped = rng.integers(2, size=(size, one.files)).astype(np.float64)  # (S, U)
        as_far += int((np.abs(given(swapped)) >= least).sum())
    return (as_far + 1) / (RESAMPLES + 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P values corrected for being several (Holm 1979): the chance of any false alarm is kept."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    for place, (name, value) in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - place) * value))
        adjusted[name] = highest
    return adjusted


def _swapped_difference(one: Measured, other: Measured, swapped: _Float) -> _Float:
    """One minus the other ``(S,)``, mean over the runs, where ``(S, U)`` files are swapped."""
    stayed = 1 - swapped

    def metric(one: Measured, other: Measured) -> _Float:
        above = stayed @ one.above + swapped @ other.above  # (R, S, K)
        below = stayed @ one.below + swapped @ other.below  # (R, S, K)
        return _mean_ratio(above, below)  # (R, S)

    found: _Float = (metric(one, other) - metric(other, one)).mean(axis=0)
    return found


def _mean_ratio(above: _Float, below: _Float) -> _Float:
    """Mean over the last axis of the ratios that exist; NaN if none does."""
    there = below > 0
    ratios = np.divide(above, below, out=np.zeros_like(above), where=there)
    count = there.sum(axis=-1)
    total: _Float = ratios.sum(axis=-1)
    mean: _Float = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean


def _resampled(files: int, rng: np.random.Generator) -> Iterator[_Float]:
    """How often each file is drawn ``(S, U)``, with replacement."""
    for size in _blocks():
        yield rng.multinomial(files, np.full(files, 1 / files), size=size).astype(np.float64)


def _blocks() -> Iterator[int]:
    for start in range(0, RESAMPLES, BLOCK):
        yield min(BLOCK, RESAMPLES - start)


def _once(measured: Measured) -> _Float:
    return np.ones((1, measured.files))


def _without_limits(mean: float) -> Interval:
    """One file, drawn again and again, would seem to be sure of itself."""
    return Interval(float(mean), np.nan, np.nan)


def _interval(mean: float, resampled: list[_Float]) -> Interval:
    tails = (100 - LEVEL) / 2
    low, high = np.nanpercentile(np.concatenate(resampled), (tails, 100 - tails))
    return Interval(float(mean), float(low), float(high))
