"""Intervals and tests against what they are by definition."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_inconsistency_masks.benchmark.statistics import bootstrap_mean, holm, paired_test


def test_the_interval_is_that_of_means_of_samples_drawn_with_replacement() -> None:
    values = [0.0, 1.0, 1.0, 2.0, 5.0, 0.0, 3.0, 1.0]
    rng = np.random.default_rng(1)
    means = rng.choice(values, size=(20_000, len(values))).mean(axis=1)
    found = bootstrap_mean(values)
    assert found.mean == np.mean(values)
    assert found.low == pytest.approx(np.percentile(means, 2.5), abs=0.13)
    assert found.high == pytest.approx(np.percentile(means, 97.5), abs=0.13)


def test_equal_values_have_no_width() -> None:
    assert vars(bootstrap_mean([2.0, 2.0, 2.0])) == {"mean": 2.0, "low": 2.0, "high": 2.0}
    assert vars(bootstrap_mean([3.0])) == {"mean": 3.0, "low": 3.0, "high": 3.0}


def test_the_paired_test_counts_all_swaps_of_signs() -> None:
    a = {"p": 1.0, "q": 4.0, "r": 2.0, "s": 7.0, "only here": 100.0}
    b = {"p": 0.0, "q": 1.0, "r": 4.0, "s": 2.0}
    differences = np.array([1.0, 3.0, -2.0, 5.0])
    means = [abs((differences * signs).mean()) for signs in product((1, -1), repeat=4)]
    expected = np.mean(np.array(means) >= abs(differences.mean()) - 1e-12)
    assert paired_test(a, b) == pytest.approx(expected)


def test_methods_that_never_differ_are_equal_and_one_image_tells_nothing() -> None:
    assert paired_test({"p": 1.0, "q": 2.0}, {"p": 1.0, "q": 2.0}) == 1.0
    assert paired_test({"p": 1.0}, {"p": 2.0}) is None


def test_a_clear_difference_is_found_and_is_the_same_every_time() -> None:
    rng = np.random.default_rng(0)
    a = {str(n): float(v) for n, v in enumerate(rng.normal(1.0, 0.5, 40))}
    b = {str(n): float(v) for n, v in enumerate(rng.normal(0.0, 0.5, 40))}
    p = paired_test(a, b)
    assert p is not None
    assert p < 0.001
    assert paired_test(a, b) == p


def test_holm_multiplies_the_smallest_most_and_keeps_the_order() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert found == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({"a": 0.9, "b": 0.8})["a"] == 1.0
