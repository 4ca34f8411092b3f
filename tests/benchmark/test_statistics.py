"""Intervals and tests against what they are by definition."""

from __future__ import annotations

from itertools import product
from statistics import fmean

import numpy as np
import pytest
from scipy import stats

from napari_inconsistency_masks.benchmark.statistics import (
    Measured,
    difference,
    holm,
    interval,
    paired_test,
)


def counts(*runs: list[float]) -> Measured:
    """A count error per image, in some runs."""
    errors = np.array(runs, np.float64)[:, :, None]
    return Measured(errors, np.ones_like(errors))


def overlaps(seed: int, runs: int, files: int, classes: int) -> Measured:
    """Pixels of intersections and unions; some files lack some classes."""
    rng = np.random.default_rng(seed)
    union = rng.integers(1, 50, (runs, files, classes)) * rng.integers(2, size=(files, classes))
    return Measured((union * rng.random(union.shape)).round(), union.astype(np.float64))


def iou(measured: Measured, run: int, files: list[int]) -> float:
    """The mean IoU of a run on some files, class by class."""
    found = []
    for k in range(measured.above.shape[2]):
        union = sum(measured.below[run, file, k] for file in files)
        if union:
            found.append(sum(measured.above[run, file, k] for file in files) / union)
    return fmean(found)


def test_the_interval_is_that_of_means_of_files_drawn_with_replacement() -> None:
    values = [0.0, 1.0, 1.0, 2.0, 5.0, 0.0, 3.0, 1.0]
    rng = np.random.default_rng(1)
    means = rng.choice(values, size=(20_000, len(values))).mean(axis=1)
    found = interval(counts(values))
    assert found.mean == np.mean(values)
    assert found.low == pytest.approx(np.percentile(means, 2.5), abs=0.13)
    assert found.high == pytest.approx(np.percentile(means, 97.5), abs=0.13)
    library = stats.bootstrap(
        (values,), np.mean, method="percentile", random_state=2
    ).confidence_interval
    assert found.low == pytest.approx(library.low, abs=0.13)
    assert found.high == pytest.approx(library.high, abs=0.13)


def test_the_interval_of_an_iou_is_that_of_all_pixels_of_the_drawn_files() -> None:
    given = overlaps(0, runs=2, files=9, classes=3)
    rng = np.random.default_rng(1)
    drawn = [list(rng.integers(9, size=9)) for _ in range(2000)]
    means = [fmean(iou(given, run, files) for run in range(2)) for files in drawn]
    found = interval(given)
    assert found.mean == pytest.approx(fmean(iou(given, run, [*range(9)]) for run in range(2)))
    assert found.low == pytest.approx(np.percentile(means, 2.5), abs=0.01)
    assert found.high == pytest.approx(np.percentile(means, 97.5), abs=0.01)


def test_equal_values_have_no_width() -> None:
    assert vars(interval(counts([2.0, 2.0, 2.0]))) == {"mean": 2.0, "low": 2.0, "high": 2.0}


def test_one_file_says_nothing_of_others() -> None:
    for found in (interval(counts([3.0], [3.0])), difference(counts([4.0]), counts([1.0]))):
        assert found.mean == 3.0
        assert np.isnan([found.low, found.high]).all()


def test_a_difference_is_as_uncertain_as_the_runs_and_the_files() -> None:
    """In every file the same, but for the runs: all its width comes from them."""
    other = counts([1.0] * 50, [1.0] * 50, [1.0] * 50)
    one = counts([1.0] * 50, [2.0] * 50, [3.0] * 50)
    found = difference(one, other)
    assert found.mean == 1.0
    rng = np.random.default_rng(1)
    means = rng.choice([0.0, 1.0, 2.0], size=(20_000, 3)).mean(axis=1)
    assert (found.low, found.high) == tuple(np.percentile(means, (2.5, 97.5)))
    alone = difference(counts([2.0] * 50), counts([1.0] * 50))
    assert (alone.low, alone.high) == (1.0, 1.0)


def test_a_difference_is_of_the_same_files() -> None:
    """Files differ much, methods by the same in all of them: a sure difference."""
    given = [0.0, 10.0, 20.0, 30.0]
    found = difference(counts([value + 1 for value in given]), counts(given))
    assert (found.low, found.high) == (pytest.approx(1.0), pytest.approx(1.0))


def test_the_paired_test_counts_all_swaps_of_signs() -> None:
    a, b = [1.0, 4.0, 2.0, 7.0], [0.0, 1.0, 4.0, 2.0]
    differences = np.subtract(a, b)
    means = [abs((differences * signs).mean()) for signs in product((1, -1), repeat=4)]
    expected = np.mean(np.array(means) >= abs(differences.mean()) - 1e-12)
    assert paired_test(counts(a), counts(b)) == pytest.approx(expected)


def test_the_paired_test_of_an_iou_swaps_files_in_all_runs() -> None:
    one, other = overlaps(0, 2, 7, 3), overlaps(1, 2, 7, 3)

    def gap(swapped: tuple[int, ...]) -> float:
        planes = [np.array(swapped, bool)[None, :, None]] * 2
        first, second = (
            Measured(np.where(planes[0], b.above, a.above), np.where(planes[1], b.below, a.below))
            for a, b in ((one, other), (other, one))
        )
        files = [*range(7)]
        return fmean(iou(first, run, files) - iou(second, run, files) for run in range(2))

    gaps = np.abs([gap(swapped) for swapped in product((0, 1), repeat=7)])
    assert paired_test(one, other) == pytest.approx(np.mean(gaps >= gaps[0] - 1e-12))


def test_of_many_files_some_swaps_are_drawn() -> None:
    rng = np.random.default_rng(3)
    a, b = list(rng.normal(0.2, 1, 30)), list(rng.normal(0, 1, 30))
    expected = stats.permutation_test(
        (np.array(a), np.array(b)),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        random_state=1,
    ).pvalue
    assert paired_test(counts(a), counts(b)) == pytest.approx(expected, abs=0.02)


def test_methods_that_never_differ_are_equal_and_one_file_tells_nothing() -> None:
    assert paired_test(counts([1.0, 2.0]), counts([1.0, 2.0])) == 1.0
    assert paired_test(counts([1.0]), counts([2.0])) is None


def test_a_clear_difference_is_found_and_is_the_same_every_time() -> None:
    rng = np.random.default_rng(0)
    a, b = counts(list(rng.normal(1.0, 0.5, 40))), counts(list(rng.normal(0.0, 0.5, 40)))
    p = paired_test(a, b)
    assert p is not None
    assert 0 < p < 0.001
    assert paired_test(a, b) == p


def test_holm_multiplies_the_smallest_most_and_keeps_the_order() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert found == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({"a": 0.9, "b": 0.8})["a"] == 1.0
