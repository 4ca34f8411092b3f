"""Means, intervals and paired tests of what methods score, image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

_Float = npt.NDArray[np.float64]

RESAMPLES = 9999

_remembered = lru_cache(maxsize=10_000)
"""Tables are written after every training, and most of their rows stay."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Interval:
    """The mean of some images, and in which range it would lie for other samples of images.

    Parameters
    ----------
    values
        One per image.
    seed
        Of the resampling.
    """
    return _bootstrap_mean(tuple(map(float, values)), seed)


@_remembered
def _bootstrap_mean(values: tuple[float, ...], seed: int) -> Interval:
    given: _Float = np.asarray(values, np.float64)
    mean = float(given.mean())
    if len(given) < 2 or np.ptp(given) == 0:
        return Interval(mean, mean, mean)
    found = stats.bootstrap(
        (given,),
        np.mean,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(seed),
        batch=500,
    ).confidence_interval
    return Interval(mean, float(found.low), float(found.high))


def paired_test(a: Mapping[str, float], b: Mapping[str, float], seed: int = 0) -> float | None:
    """Two-sided p value of two methods being equally good on the same images.

    The signs of the differences are swapped at random (a permutation test of paired samples).

    Parameters
    ----------
    a, b
        A number per image; images that only one has are left out.
    seed
        Of the permutations.

    Returns
    -------
    float or None
        None if there are fewer than two common images.
    """
    common = sorted(set(a) & set(b))
    if len(common) < 2:
        return None
    first, second = (tuple(float(each[name]) for name in common) for each in (a, b))
    return _paired_test(first, second, seed)


@_remembered
def _paired_test(a: tuple[float, ...], b: tuple[float, ...], seed: int) -> float:
    first, second = np.array(a, np.float64), np.array(b, np.float64)
    if np.array_equal(first, second):
        return 1.0
    found = stats.permutation_test(
        (first, second),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=500,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P values corrected for being several (Holm 1979): the chance of any false alarm is kept."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    for place, (name, value) in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - place) * value))
        adjusted[name] = highest
    return adjusted
