"""Tiles cover an image once and see what they need."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.tiling import tiles
from napari_inconsistency_masks.nets.unet import DIVISOR, RECEPTIVE_RADIUS

sides = st.integers(1, 40).map(lambda n: n * DIVISOR)


@settings(max_examples=100, deadline=None)
@given(sides, sides, st.integers(9, 30).map(lambda n: n * DIVISOR))
def test_cores_cover_every_pixel_once_with_a_halo_inside_the_image(
    height: int, width: int, side: int
) -> None:
    image = np.arange(height * width).reshape(height, width)
    covered = np.zeros((height, width), int)
    for tile in tiles((height, width), side):
        np.testing.assert_array_equal(image[tile.outer][tile.inner], image[tile.core])
        covered[tile.core] += 1
        for outer, core, length in zip(tile.outer, tile.core, (height, width), strict=True):
            assert outer.stop - outer.start <= side
            assert outer.start % DIVISOR == 0
            assert outer.start == 0 or core.start - outer.start >= RECEPTIVE_RADIUS
            assert outer.stop == length or outer.stop - core.stop >= RECEPTIVE_RADIUS
    assert (covered == 1).all()


def test_a_small_image_is_one_tile() -> None:
    assert len(list(tiles((256, 1024), 1024))) == 1


@pytest.mark.parametrize(
    ("shape", "side"), [((250, 256), 512), ((256, 256), 128), ((256, 256), 500)]
)
def test_tiles_that_cannot_be_exact_are_refused(shape: tuple[int, int], side: int) -> None:
    with pytest.raises(InputError, match="are not possible"):
        list(tiles(shape, side))
