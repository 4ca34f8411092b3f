from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from synthetic_checks import assert_consistent

from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.data.synthetic import SyntheticImage, load_synthetic, make_image
from napari_inconsistency_masks.errors import InputError

MANY = range(30)

# Of make_image(11)
KNOWN_POSITIONS = [[177.4446089, 10.7776118], [219.4102307, 8.9149155], [99.5250604, 185.9717948]]
KNOWN_COUNTS = (16, 1)
KNOWN_MEAN = 128.417
KNOWN_PIXELS = [128, 132, 137, 158, 123, 126, 147, 150, 121, 142, 144, 145, 113, 135, 136, 143]
KNOWN_AREAS = (15282, 300, 3138)


@pytest.fixture(scope="module")
def pictures() -> list[SyntheticImage]:
    return [make_image((3, number)) for number in MANY]


def test_the_same_seed_gives_the_same_picture() -> None:
    first, again = make_image((5, 1)), make_image((5, 1))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.target, again.target)
    np.testing.assert_array_equal(first.positions, again.positions)
    assert first.states == again.states


def test_a_seed_gives_the_same_picture_everywhere() -> None:
    """Known values, with room for the last digits of other math libraries."""
    picture = make_image(11)
    np.testing.assert_allclose(picture.positions[:3], KNOWN_POSITIONS, atol=1e-6)
    assert (picture.states.count("alive"), picture.states.count("dead")) == KNOWN_COUNTS
    assert picture.image.mean() == pytest.approx(KNOWN_MEAN, abs=0.05)
    assert picture.image[::64, ::64].ravel().tolist() == pytest.approx(KNOWN_PIXELS, abs=1)
    for mask, area in zip(picture.target, KNOWN_AREAS, strict=True):
        assert mask.sum() == pytest.approx(area, abs=5)


def test_another_seed_gives_another_picture() -> None:
    first, other = make_image(0), make_image(1)
    assert first.positions.shape != other.positions.shape or not np.allclose(
        first.positions, other.positions
    )
    assert np.mean(first.image != other.image) > 0.8
    assert np.any(first.target != other.target)


def test_numpy_global_state_neither_matters_nor_changes() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_image(0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_types_and_shapes() -> None:
    picture = make_image(2, (80, 112))
    assert picture.image.dtype == np.uint8
    assert picture.image.shape == (80, 112)
    for mask in (picture.alive, picture.dead, picture.position):
        assert mask.dtype == np.bool_
        assert mask.shape == (80, 112)
    assert picture.target.dtype == np.uint8
    assert picture.target.shape == (3, 80, 112)
    assert picture.positions.dtype == np.float64
    assert len(picture.positions) == len(picture.states)


@pytest.mark.parametrize("size", [(48, 48), (61, 203), (256, 100), (97, 50)])
def test_any_size_from_48_has_consistent_labels(size: tuple[int, int]) -> None:
    for seed in range(5):
        assert_consistent(make_image(seed, size))


def test_labels_agree_with_each_other(pictures: list[SyntheticImage]) -> None:
    for picture in pictures:
        assert_consistent(picture)


def test_the_true_labels_count_perfectly(pictures: list[SyntheticImage]) -> None:
    scheme = load_synthetic().scheme
    for picture in pictures:
        counts = find_cells(picture.target != 0, scheme).counts
        assert counts["alive"] == picture.states.count("alive")
        assert counts["dead"] == picture.states.count("dead")


def test_spots_follow_the_distance_to_the_next(pictures: list[SyntheticImage]) -> None:
    """Radius a quarter of the distance, 3 to 8: seen in the width of the spot's middle row."""
    for picture in pictures:
        centers = np.rint(picture.positions).astype(int)
        for center in centers:
            others = [np.hypot(*(center - c)) for c in centers if tuple(c) != tuple(center)]
            radius = min(max(int(min(others, default=99.0) // 4), 3), 8)
            row, column = center
            last = picture.image.shape[1] - 1
            middle = picture.position[row, max(column - 9, 0) : min(column + 9, last) + 1]
            expected = min(column, radius) + 1 + min(last - column, radius)
            run, count = ndimage.label(middle)
            assert count >= 1
            assert (run == run[min(column, 9)]).sum() == expected


def test_cells_per_picture_and_share_of_the_dead(pictures: list[SyntheticImage]) -> None:
    counts = [len(picture.states) for picture in pictures]
    assert 10 <= np.mean(counts) <= 17
    assert min(counts) >= 4
    assert max(counts) <= 26
    dead = sum(picture.states.count("dead") for picture in pictures)
    assert 0.2 <= dead / sum(counts) <= 0.3


def test_some_cells_are_cut_and_some_masks_overlap(pictures: list[SyntheticImage]) -> None:
    borders = [p.alive[0].any() or p.alive[:, -1].any() or p.dead[-1].any() for p in pictures]
    assert np.mean(borders) > 0.5
    assert sum((p.alive & p.dead).any() for p in pictures) >= 5


def test_cells_and_share_are_options() -> None:
    assert make_image(0, cells=(0, 0)).positions.shape == (0, 2)
    assert not make_image(0, cells=(0, 0)).target.any()
    assert set(make_image(0, dead=1.0).states) == {"dead"}
    assert set(make_image(0, dead=0.0).states) == {"alive"}
    few, many = (len(make_image(0, cells=(n, n)).states) for n in (3, 25))
    assert few < many


def test_crowded_pictures_hold_what_fits() -> None:
    assert_consistent(make_image(0, (96, 96), cells=(300, 300)))


def test_difficulty_adds_noise_and_debris() -> None:
    """Where no cell lies, a hard picture is rougher."""

    def roughness(difficulty: float) -> float:
        rough = []
        for seed in range(4):
            image = make_image(seed, cells=(0, 0), difficulty=difficulty).image.astype(float)
            rough.append((image - ndimage.gaussian_filter(image, 3)).std())
        return float(np.mean(rough))

    assert roughness(0.0) < 0.7 * roughness(0.5) < 0.7 * roughness(1.0)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"size": (47, 100)}, "size"),
        ({"size": (100,)}, "size"),
        ({"cells": (5, 4)}, "cells"),
        ({"cells": (-1, 4)}, "cells"),
        ({"dead": 1.1}, "dead"),
        ({"difficulty": -0.1}, "difficulty"),
        ({"difficulty": float("nan")}, "difficulty"),
    ],
)
def test_refuses_what_it_cannot_draw(options: dict[str, object], word: str) -> None:
    with pytest.raises(InputError, match=word):
        make_image(0, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, (0, -1), 0.5, "a"])
def test_refuses_seeds_that_are_no_numbers(seed: object) -> None:
    with pytest.raises(InputError, match="seed"):
        make_image(seed)  # type: ignore[arg-type]
