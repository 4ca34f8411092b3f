"""Pixels inside of outlines, compared with looking at the center of each."""

from __future__ import annotations

import numpy as np
import pytest

from napari_inconsistency_masks.data import filling
from napari_inconsistency_masks.data.filling import Filled, fill_ellipse, fill_outlines

SIZE = (24, 30)


def box(top: float, left: float, height: float, width: float) -> np.ndarray:
    bottom, right = top + height, left + width
    return np.array([(top, left), (top, right), (bottom, right), (bottom, left)], float)


def whole(filled: Filled, size: tuple[int, int] = SIZE) -> np.ndarray:
    image = np.zeros(size, bool)
    image[filled[0]] = filled[1]
    return image


def by_center(outlines: list[np.ndarray], size: tuple[int, int] = SIZE) -> np.ndarray:
    """For each center, whether a ray to the right crosses outlines an odd number of times."""
    image = np.zeros(size, bool)
    for row, column in np.ndindex(size):
        y, x = row + 0.5, column + 0.5
        for outline in outlines:
            for (y0, x0), (y1, x1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
                if (y0 <= y) != (y1 <= y) and x <= x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                    image[row, column] ^= True
    return image


def test_a_rectangle_covers_its_width_times_its_height() -> None:
    image = whole(fill_outlines([box(3, 2, 5, 4)], SIZE))
    assert image.sum() == image[3:8, 2:6].sum() == 20


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("fractions", [False, True])
def test_any_outlines(seed: int, fractions: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "_AT_ONCE", 60)
    random = np.random.default_rng(seed)
    outlines = []
    for _ in range(1 + seed % 3):
        corners = random.uniform(-10, 40, (random.integers(1, 9), 2))
        outlines.append(corners if fractions else np.rint(corners * 2) / 2)
    image = whole(fill_outlines(outlines, SIZE))
    np.testing.assert_array_equal(image, by_center(outlines))


def test_areas_with_a_common_edge_share_no_pixel_and_leave_none_out() -> None:
    a, b, c, d = (0, 0), (0, 30), (24, 30), (24, 0)
    parts = [np.array(corners, float) for corners in ((a, b, c), (a, c, d))]
    one, other = (whole(fill_outlines([part], SIZE)) for part in parts)
    assert (one ^ other).all()
    assert one.sum() > 0 < other.sum()


def test_an_outline_inside_of_another_is_a_hole() -> None:
    image = whole(fill_outlines([box(2, 2, 10, 10), box(4, 4, 3, 3)], SIZE))
    assert image.sum() == 100 - 9
    assert not image[4:7, 4:7].any()


def test_what_lies_outside_is_cut_off() -> None:
    image = whole(fill_outlines([box(-1e30, -5, 2e30, 8)], SIZE))
    assert image.sum() == image[:, :3].sum() == 24 * 3
    outside, inside = fill_outlines([box(100, 100, 5, 5)], SIZE)
    assert inside.size == 0
    assert outside == (slice(24, 24), slice(30, 30))


def test_areas_between_centers_are_empty() -> None:
    assert not whole(fill_outlines([box(3.6, 3.6, 0.8, 0.8)], SIZE)).any()
    assert not whole(fill_outlines([np.array([[1.0, 1.0]])], SIZE)).any()
    assert not whole(fill_ellipse(np.array([[3.0, 3.0], [3.0, 9.0]]), SIZE)).any()


@pytest.mark.parametrize("seed", range(10))
def test_ellipses(seed: int) -> None:
    random = np.random.default_rng(seed)
    (top, left), (height, width) = random.uniform(-8, 20, 2), random.uniform(1, 20, 2)
    corners = np.array([[top, left], [top + height, left + width]])
    image = whole(fill_ellipse(corners, SIZE))
    for row, column in np.ndindex(SIZE):
        y = (row + 0.5 - top - height / 2) / (height / 2)
        x = (column + 0.5 - left - width / 2) / (width / 2)
        assert image[row, column] == (y * y + x * x <= 1)


def test_a_small_circle() -> None:
    image = whole(fill_ellipse(np.array([[1.0, 2.0], [5.0, 6.0]]), SIZE))
    expected = ["0110", "1111", "1111", "0110"]
    np.testing.assert_array_equal(image[1:5, 2:6], [[c == "1" for c in row] for row in expected])
    assert image.sum() == 12
