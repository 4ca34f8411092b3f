from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given as given_values
from hypothesis import settings
from hypothesis import strategies as st

from golden_files import each_case
from napari_inconsistency_masks.data.published.crops import crop_positions, cut_crop
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError


@each_case("hela_crops")
def test_positions_of_the_reference(case: str, given: dict[str, npt.NDArray[Any]]) -> None:
    height, width, crop, percent = map(int, re.findall(r"\d+", case))
    positions = crop_positions(height, width, crop, percent / 100)
    assert [(x, y) for y, x in positions] == [tuple(p) for p in given["positions"].tolist()]


@settings(deadline=None)
@given_values(
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(1, 80),
    st.sampled_from([0, 0.3, 0.5, 0.6]),
)
def test_crops_lie_inside_and_overlap(h: int, w: int, crop: int, overlap: float) -> None:
    positions = crop_positions(h, w, crop, overlap)
    assert positions
    for row, column in positions:
        assert 0 <= row <= max(0, h - crop)
        assert 0 <= column <= max(0, w - crop)


def test_small_images_are_used_whole() -> None:
    assert crop_positions(100, 300, 256) == [(0, 0), (0, 44), (0, 44)]
    assert crop_positions(10, 10, 256) == [(0, 0)]


@pytest.mark.parametrize(("crop", "overlap"), [(0, 0.6), (256, 1.0), (256, -0.1)])
def test_refusals(crop: int, overlap: float) -> None:
    with pytest.raises(InputError, match="overlap from 0 to below 1"):
        crop_positions(300, 300, crop, overlap)


def test_cut() -> None:
    image = np.arange(2 * 5 * 6, dtype=np.uint8).reshape(2, 5, 6)
    known = np.ones((5, 6), bool)
    crop = cut_crop(Sample("a", image, image[:1], known), "a_7", (1, 2), 3)
    np.testing.assert_array_equal(crop.image, image[:, 1:4, 2:5])
    np.testing.assert_array_equal(crop.labeled, image[:1, 1:4, 2:5])
    assert crop.known is not None
    assert crop.known.shape == (3, 3)
    assert crop.name == "a_7"
    crop.image[:] = 0
    assert image.any()
    assert cut_crop(Sample("a", image), "b", (0, 0), 9).image.shape == (2, 5, 6)
