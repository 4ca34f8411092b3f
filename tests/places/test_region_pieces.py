from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_inconsistency_masks.places.pieces import cut_regions


def cut(regions: Any, largest: int) -> tuple[Any, int]:
    return cut_regions(np.asarray(regions, np.int32), largest)


def test_small_regions_stay_as_they_are() -> None:
    regions = np.zeros((20, 20), np.int32)
    regions[2:6, 3:9] = 2
    regions[10:16, 0:6] = 5
    pieces, number = cut(regions, 6)
    assert number == 2
    assert (pieces == np.select([regions == 2, regions == 5], [1, 2])).all()


def test_no_region_at_all() -> None:
    pieces, number = cut(np.zeros((4, 4)), 3)
    assert number == 0
    assert not pieces.any()


def test_a_chain_of_cells_is_cut_between_them() -> None:
    regions = np.zeros((9, 30), np.int32)
    regions[4, :] = 1  # a thin bridge
    for column in (0, 8, 20):
        regions[:, column : column + 8] = 1
    pieces, number = cut(regions, 16)
    assert number == 2
    (left,), (right,) = (np.unique(part[part > 0]) for part in (pieces[:, :16], pieces[:, 20:]))
    assert left != right


def test_a_solid_region_is_cut_in_the_middle() -> None:
    pieces, number = cut(np.ones((10, 12)), 10)
    assert number == 2
    assert len(np.unique(pieces[:, :6])) == len(np.unique(pieces[:, 6:])) == 1


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_pieces_are_small_and_every_pixel_is_in_the_region_it_was_in(
    seed: int, largest: int
) -> None:
    noise = np.random.default_rng(seed).normal(size=(40, 30))
    regions: Any = ndimage.label(ndimage.gaussian_filter(noise, 2) > 0)[0]
    pieces, number = cut(regions, largest)
    assert ((pieces > 0) == (regions > 0)).all()
    assert np.unique(pieces[pieces > 0]).tolist() == list(range(1, number + 1))
    for piece, (rows, columns) in enumerate(ndimage.find_objects(pieces), start=1):
        assert max(rows.stop - rows.start, columns.stop - columns.start) <= largest
        assert len(np.unique(regions[pieces == piece])) == 1


@pytest.mark.parametrize("largest", [1, 2, 3])
def test_a_line_ends_in_pieces_of_the_largest_size_or_less(largest: int) -> None:
    pieces, _ = cut(np.ones((1, 7)), largest)
    assert np.bincount(pieces.ravel())[1:].max() <= largest
