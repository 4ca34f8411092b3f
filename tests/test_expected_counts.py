"""How many cells there are for each one that is counted, against slow and obvious references."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from napari_inconsistency_masks.metrics.expected_counts import (
    WIDEST,
    CountRatio,
    count_ratio,
    expected_from,
)
from napari_inconsistency_masks.metrics.scores import CountRow


def rows_of(counted: list[int], true: list[int]) -> list[CountRow]:
    pairs = zip(counted, true, strict=True)
    return [CountRow(f"image {n}", "alive", c, t) for n, (c, t) in enumerate(pairs)]


def made(counted: list[int], true: list[int], files: dict[str, str] | None = None) -> CountRatio:
    ratio = count_ratio(rows_of(counted, true), files or {})
    assert ratio is not None
    return ratio


COUNTED, TRUE = [3, 10, 0, 7, 5, 12], [4, 11, 1, 7, 8, 12]


def test_it_is_the_ratio_estimator_with_the_variance_of_the_jackknife() -> None:
    ratio = made(COUNTED, TRUE)
    assert (ratio.images, ratio.units, ratio.counted, ratio.true) == (6, 6, 37, 43)
    assert ratio.ratio == 43 / 37
    squares = 0.0
    for left_out in range(6):
        counted = sum(COUNTED[:left_out] + COUNTED[left_out + 1 :])
        true = sum(TRUE[:left_out] + TRUE[left_out + 1 :])
        squares += (TRUE[left_out] - COUNTED[left_out] * true / counted) ** 2
    assert ratio.spread == pytest.approx(squares * 6 / 5 / 37, rel=1e-12)
    expected = ratio.expected(200)
    value = 200 * 43 / 37
    deviation = math.sqrt(ratio.spread * 200 * (1 + 200 / 37))
    factor = math.exp(stats.t.ppf(0.975, 5) * deviation / value)
    assert expected.expected == pytest.approx(value, rel=1e-12)
    assert (expected.low, expected.high) == pytest.approx((value / factor, value * factor))


def test_many_images_are_known_as_well_as_the_ratio() -> None:
    ratio = made(COUNTED, TRUE)
    many = ratio.expected(10**9)
    assert [many.low / 1e9, many.high / 1e9] == pytest.approx(ratio.interval(), rel=1e-6)
    one = ratio.expected(6)
    assert one.high / one.low > many.high / many.low


def test_nothing_counted_is_nothing_expected_and_a_count_below_zero_is_refused() -> None:
    nothing = made(COUNTED, TRUE).expected(0)
    assert (nothing.expected, nothing.low, nothing.high) == (0, 0, 0)
    with pytest.raises(ValueError, match="0 or more"):
        made(COUNTED, TRUE).expected(-1)


def test_counts_without_an_error_are_not_taken_for_perfect() -> None:
    expected = made([5] * 8, [5] * 8).expected(100)
    assert expected.expected == 100
    assert expected.low < 99 < 101 < expected.high


@pytest.mark.parametrize(
    ("counted", "true"),
    [([9] * 4, [9] * 4), ([1] * 9, [9] * 9), ([9] * 9, [1] * 9), ([], [])],
    ids=["few images", "few counted", "few true", "none"],
)
def test_of_too_little_nothing_is_said(counted: list[int], true: list[int]) -> None:
    assert count_ratio(rows_of(counted, true), {}) is None


def test_frames_of_one_file_are_one_unit_where_there_are_enough_files() -> None:
    counted, true = [5] * 20, [6, 6, 6, 6, 4, 4, 4, 4, 7, 7, 7, 7, 3, 3, 3, 3, 5, 5, 5, 5]
    files = {f"image {n}": f"movie {n // 4}" for n in range(20)}
    alone, by_file = made(counted, true), made(counted, true, files)
    assert (alone.units, by_file.units) == (20, 5)
    assert (by_file.ratio, by_file.images) == (alone.ratio, 20)
    assert by_file.spread > 3 * alone.spread
    few = {name: file if file in ("movie 0", "movie 1") else "rest" for name, file in files.items()}
    assert (made(counted, true, few).units, made(counted, true, few).files) == (20, 3)


def test_frames_of_a_few_files_are_called_so() -> None:
    assert expected_from(33, 33).endswith(
        "in 33 labeled images that they did not learn from; it holds for images like those."
    )
    assert "in 33 labeled images that" in expected_from(33, 5)
    assert "in 33 labeled images that" in expected_from(33, 0)
    few = expected_from(33, 4)
    assert few.endswith(
        "in 33 labeled frames of 4 files that they did not learn from; it holds for images like "
        "those, and other files may differ by more."
    )
    assert "33 labeled frames of 1 file that" in expected_from(33, 1)


@pytest.mark.parametrize(
    ("counted", "true"),
    [
        ([0] * 4 + [20], [5] * 5),
        ([0] * 4 + [300], [5] * 5),
        ([0] * 30 + [25], [1] * 31),
        ([3] * 20 + [200], [3] * 21),
    ],
)
def test_of_a_single_image_in_which_networks_went_wild_nothing_is_said(
    counted: list[int], true: list[int]
) -> None:
    """The first intervals had twenty digits, the second one was no number at all."""
    assert count_ratio(rows_of(counted, true), {}) is None


def test_few_cells_where_images_differ_a_lot_get_no_endless_interval() -> None:
    counted, true = [20_000] * 6, [15_000, 26_000, 21_000, 17_000, 30_000, 16_000]
    ratio = made(counted, true)
    low, high = ratio.interval()
    assert ratio.ratio / 2 < low < high < 2 * ratio.ratio
    one = ratio.expected(1)
    assert WIDEST < one.high < 10_000
    assert 0 < one.low < 0.1 < one.expected


def test_a_file_with_more_cells_than_any_that_was_compared_is_no_surer_than_one_of_these() -> None:
    ratio = made(COUNTED, TRUE)
    assert (ratio.largest, ratio.files) == (12, 6)
    assert ratio.typical == pytest.approx(sum(c * c for c in COUNTED) / sum(COUNTED))
    alike = ratio.expected([12, 8, 0])
    assert alike == ratio.expected(20)
    own = 8 + 600 * 600 / ratio.typical
    value = 608 * 43 / 37
    deviation = math.sqrt(ratio.spread * (own + 608 * 608 / 37))
    factor = math.exp(stats.t.ppf(0.975, 5) * deviation / value)
    found = ratio.expected([600, 8])
    assert found.expected == pytest.approx(value)
    assert (found.low, found.high) == pytest.approx((value / factor, value * factor))
    before = CountRatio(6, 6, 37, 43, ratio.spread)  # of a version that did not note the largest
    assert before.expected([600, 8]) == ratio.expected(608)
    assert ratio.expected(iter([])).expected == 0
    with pytest.raises(ValueError, match="-1 cells"):
        ratio.expected([3, -1])


@pytest.mark.parametrize("density", [3.0, 30.0])
@pytest.mark.parametrize("files", [1, 4, 20])
def test_intervals_of_movies_hold_what_they_promise(density: float, files: int) -> None:
    """Single frames were compared; in a movie the same cells are missed in all 60 frames."""
    rng = np.random.default_rng(2024)
    inside = asked = 0
    for _ in range(250):
        true = rng.poisson(rng.gamma(2, density / 2, 33 + files))
        counted = rng.binomial(true, rng.beta(17, 3, 33 + files))
        counted += rng.poisson(0.03 * density, 33 + files)
        ratio = count_ratio(rows_of(counted[:33].tolist(), true[:33].tolist()), {})
        if ratio is not None and counted[33:].any():
            expected = ratio.expected((60 * counted[33:]).tolist())
            inside += expected.low <= 60 * true[33:].sum() <= expected.high
            asked += 1
    assert asked > 200
    assert 0.85 < inside / asked < 0.99


@pytest.mark.parametrize("density", [3.0, 30.0])
@pytest.mark.parametrize("compared", [8, 33])
@pytest.mark.parametrize("others", [1, 300])
def test_intervals_hold_what_they_promise(density: float, compared: int, others: int) -> None:
    """Networks that find 85 % of the cells, more in some images than in others, and invent some."""
    rng = np.random.default_rng(2024)
    inside = asked = 0
    for _ in range(250):
        number = compared + others
        true = rng.poisson(rng.gamma(2, density / 2, number))
        counted = rng.binomial(true, rng.beta(17, 3, number)) + rng.poisson(0.03 * density, number)
        ratio = count_ratio(rows_of(counted[:compared].tolist(), true[:compared].tolist()), {})
        if ratio is not None:
            expected = ratio.expected(int(counted[compared:].sum()))
            there = int(true[compared:].sum())
            inside += round(expected.low) <= there <= round(expected.high)
            asked += 1
    assert asked > 200
    assert 0.92 < inside / asked < 0.99


def test_known_cells_are_added_as_they_are() -> None:
    ratio = made(COUNTED, TRUE)
    alone, both = ratio.expected(20), ratio.expected(20).plus(7)
    assert (both.expected - 7, both.low - 7, both.high - 7) == pytest.approx(
        (alone.expected, alone.low, alone.high)
    )
