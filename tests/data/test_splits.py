from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_inconsistency_masks.data.splits import choose_labeled, split_files
from napari_inconsistency_masks.errors import InputError

NAMES = [f"image_{number}" for number in range(20)]
name_lists = st.lists(st.text(min_size=1), unique=True, max_size=30)


def test_shares() -> None:
    split = split_files(NAMES, validation=0.2, test=0.1, seed=3)
    assert (len(split.train), len(split.validation), len(split.test)) == (14, 4, 2)


def test_of_three_one_is_for_test_whatever_validation_wants() -> None:
    split = split_files(["a", "b", "c"], validation=0.5, test=0.25)
    assert (len(split.train), len(split.validation), len(split.test)) == (1, 1, 1)


@given(name_lists, st.floats(0, 0.5), st.floats(0, 0.49), st.integers(0, 5))
def test_every_name_is_in_exactly_one_group(
    names: list[str], validation: float, test: float, seed: int
) -> None:
    split = split_files(names, validation=validation, test=test, seed=seed)
    assert sorted([*split.train, *split.validation, *split.test]) == sorted(names)
    assert bool(split.train) == bool(names)
    if len(names) >= 2 and validation > 0:
        assert split.validation
    if len(names) >= 3 and validation > 0 and test > 0:
        assert split.test


@given(name_lists, st.randoms())
def test_order_of_the_folder_makes_no_difference(names: list[str], shuffler: random.Random) -> None:
    other = list(names)
    shuffler.shuffle(other)
    assert split_files(names, test=0.3) == split_files(other, test=0.3)
    amount = len(names) // 2 or None
    assert choose_labeled(names, amount) == choose_labeled(other, amount)


def test_seeds_differ() -> None:
    assert split_files(NAMES, seed=0) != split_files(NAMES, seed=1)


@pytest.mark.parametrize(
    ("count", "expected"), [(0, (0, 0)), (1, (1, 0)), (2, (1, 1)), (3, (2, 1))]
)
def test_few_files(count: int, expected: tuple[int, int]) -> None:
    split = split_files(NAMES[:count])
    assert (len(split.train), len(split.validation)) == expected


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 0), (0, 1)])
def test_shares_that_leave_nothing(shares: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="leave nothing for training"):
        split_files(NAMES, validation=shares[0], test=shares[1])


def test_labeled_list_is_what_the_docstring_says() -> None:
    expected = sorted(NAMES)
    random.Random(42).shuffle(expected)
    assert choose_labeled(NAMES[::-1], 7, 42) == tuple(expected[:7])
    assert choose_labeled(NAMES, 0.1, 42) == tuple(expected[:2])
    assert choose_labeled(NAMES, 0.199, 42) == tuple(expected[:3])  # rounded down


def test_larger_amounts_only_add() -> None:
    chosen = [set(choose_labeled(NAMES, n)) for n in range(1, 21)]
    assert all(few < more for few, more in pairwise(chosen))


def test_share_is_at_least_one_and_none_is_all() -> None:
    assert len(choose_labeled(NAMES, 0.001)) == 1
    assert choose_labeled(NAMES, 1.0, 5) != ()
    assert choose_labeled(["b", "a"], None) == ("a", "b")
    assert choose_labeled(NAMES, ["image_3", "image_1"]) == ("image_1", "image_3")


@pytest.mark.parametrize("amount", [0, 21, -1, 0.0, 1.5, True, "image_1", float("nan")])
def test_wrong_amounts(amount: float) -> None:
    with pytest.raises(InputError, match="labeled "):
        choose_labeled(NAMES, amount)


def test_unknown_names_are_named() -> None:
    with pytest.raises(InputError, match="named x, y"):
        choose_labeled(NAMES, ["image_1", "x", "y"])


def test_a_list_that_comes_with_the_data_is_used_up_first() -> None:
    listed_ones = ["image_3", "image_11", "image_7"]
    for amount in (1, 2, 3):
        assert set(choose_labeled(NAMES, amount, first=listed_ones)) <= set(listed_ones)
    for amount in (4, 9):
        assert set(choose_labeled(NAMES, amount, first=listed_ones)) > set(listed_ones)
