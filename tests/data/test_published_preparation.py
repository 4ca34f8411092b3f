"""Resizing and splitting as the reference does with OpenCV and scikit-learn."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from golden_files import each_case
from napari_inconsistency_masks.data.published.resize import resize_bilinear, resize_nearest
from napari_inconsistency_masks.data.splits import published_order, take_labeled
from napari_inconsistency_masks.errors import InputError


@each_case("preparation", "resize")
def test_resizing_is_that_of_opencv(case: str, given: dict[str, npt.NDArray[Any]]) -> None:
    channels = np.moveaxis(given["image"], -1, 0)
    shape = given["bilinear"].shape[:2]
    np.testing.assert_array_equal(
        resize_bilinear(channels, shape), np.moveaxis(given["bilinear"], -1, 0)
    )
    for channel, expected in zip(channels, np.moveaxis(given["nearest"], -1, 0), strict=True):
        np.testing.assert_array_equal(resize_nearest(channel, shape), expected)


@each_case("preparation", "split")
def test_drawing_is_that_of_scikit_learn(case: str, given: dict[str, npt.NDArray[Any]]) -> None:
    count, percent = map(int, re.findall(r"\d+", case))
    names = [f"{number:04d}" for number in range(count)]
    order = published_order(names[::-1], 42)
    held_out = math.ceil(percent / 100 * count)
    assert order[:held_out] == [names[number] for number in given["held_out"]]
    assert order[held_out:] == [names[number] for number in given["kept"]]


def test_labeled_ones_are_taken_from_the_start_of_the_order() -> None:
    order = ["c", "a", "d", "b"]
    assert take_labeled(order, 2) == ("a", "c")
    assert take_labeled(order, 0.75) == ("a", "c", "d")
    assert take_labeled(order, 0.01) == ("c",)
    assert take_labeled(order, 0.6) == ("a", "c")
    assert take_labeled(order, 0.6, round_up=True) == ("a", "c", "d")
    assert take_labeled(order, ["d", "a"]) == ("a", "d")
    for wrong in (0, 5, 0.0, 1.5, ["x"], "a"):
        with pytest.raises(InputError, match="labeled"):
            take_labeled(order, wrong)
