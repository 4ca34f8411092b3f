"""The augmentation against golden files of the reference's OpenCV calls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from golden_files import FOLDER, Case, each_case, read_cases
from napari_inconsistency_masks.config import AugmentConfig
from napari_inconsistency_masks.data.batches.transforms import (
    Change,
    add_noise,
    adjust,
    blur,
    draw,
    move,
    recolor,
)

HELA = AugmentConfig()


RADIUS = {"gauss_3": 1, "gauss_5": 2, "gauss_7": 3}


@each_case("primitives", "gauss_")
def test_blur_is_opencvs(case: str, given: Case) -> None:
    image = torch.from_numpy(given["image"])[None]
    np.testing.assert_array_equal(blur(image, RADIUS[case])[0].numpy(), given["out"])


@each_case("primitives", "scaleabs_")
def test_brightness_is_opencvs_but_for_float_noise(case: str, given: Case) -> None:
    contrast, brightness = map(float, given["alpha_beta"])
    values = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 256)
    difference = adjust(values, contrast, brightness).numpy().ravel() - given["out"].astype(int)
    assert np.abs(difference).sum() <= 1


def test_dark_pixels_are_reflected_not_cut() -> None:
    assert adjust(torch.zeros(1, 1, 1, dtype=torch.uint8), 1.0, -15.0).item() == 15


def test_noise_is_uniform_from_minus_m_to_m_minus_one() -> None:
    gray = torch.full((1, 200, 200), 100, dtype=torch.uint8)
    noisy = add_noise(gray, 5, seed=3).int() - 100
    values, counts = noisy.unique(return_counts=True)
    assert values.tolist() == list(range(-5, 5))
    assert float(counts.float().std() / counts.float().mean()) < 0.05
    assert torch.equal(add_noise(gray, 5, seed=3), add_noise(gray, 5, seed=3))
    assert not torch.equal(add_noise(gray, 5, seed=3), add_noise(gray, 5, seed=4))


def test_noise_is_cut_at_black_and_white() -> None:
    for gray in (0, 255):
        noisy = add_noise(torch.full((1, 50, 50), gray, dtype=torch.uint8), 100, seed=0)
        assert (int(noisy.min()), int(noisy.max())) == ((0, 99) if gray == 0 else (155, 255))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("horizontal", [False, True])
def test_moves_are_flip_up_down_then_left_right_then_quarter_turns(
    vertical: bool, horizontal: bool, turns: int
) -> None:
    image = np.arange(24).reshape(2, 3, 4)
    expected = image
    if vertical:
        expected = expected[:, ::-1]
    if horizontal:
        expected = expected[:, :, ::-1]
    expected = np.rot90(expected, turns, (1, 2))
    change = Change(flip_vertical=vertical, flip_horizontal=horizontal, turns=turns)
    np.testing.assert_array_equal(move(torch.from_numpy(image), change).numpy(), expected)


def test_draws_follow_the_papers_ranges() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw(rng, HELA, free_rotation=True) for _ in range(2000)]
    assert {c.turns for c in drawn} == {0, 1, 2, 3}
    assert {c.blur for c in drawn} == {0, 1, 2, 3}
    assert {c.noise for c in drawn} == {25}
    brightened = [c for c in drawn if c.brightness != 0]
    assert 900 < len(brightened) < 1100
    assert all(0.7 <= c.contrast <= 1.3 and abs(c.brightness) <= 15 for c in drawn)
    for flip in ("flip_vertical", "flip_horizontal"):
        assert 900 < sum(getattr(c, flip) for c in drawn) < 1100
    assert len({c.noise_seed for c in drawn}) == 2000


def test_without_free_rotation_only_left_and_right_are_swapped() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw(rng, HELA, free_rotation=False) for _ in range(200)]
    assert not any(c.flip_vertical or c.turns for c in drawn)
    assert any(c.flip_horizontal for c in drawn)


def test_strength_zero_changes_no_gray_value() -> None:
    nothing = AugmentConfig(contrast=0, brightness=0, blur=0, noise=0)
    change = draw(np.random.default_rng(1), nothing, free_rotation=True)
    assert not change.photometric


def test_recolor_treats_each_image_by_its_own_change() -> None:
    images = torch.randint(0, 256, (3, 2, 20, 30), dtype=torch.uint8)
    changes = [
        Change(),
        Change(contrast=1.2, brightness=3.0, blur=2),
        Change(noise=9, noise_seed=1),
    ]
    out = recolor(images, changes)
    assert torch.equal(out[0], images[0])
    assert torch.equal(out[1], blur(adjust(images[1], 1.2, 3.0), 2))
    assert torch.equal(out[2], add_noise(images[2], 9, 1))


@each_case("primitives", "transform_0")
def test_every_move_of_the_reference_is_one_of_ours(case: str, given: Case) -> None:
    original = read_cases(FOLDER / "primitives.npz")["transform_00"]["image"]
    ours = [
        move(torch.from_numpy(original), Change(vertical, horizontal, turns)).numpy()
        for vertical in (False, True)
        for horizontal in (False, True)
        for turns in range(4)
    ]
    assert any(np.array_equal(image, given["image"]) for image in ours)
