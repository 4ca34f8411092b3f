"""Strong views: what each operation does, and that all is drawn from the generator."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from scipy.ndimage import gaussian_filter1d

from napari_inconsistency_masks.config import AugmentConfig
from napari_inconsistency_masks.data.batches.photometric import (
    Jitter,
    PaperNoise,
    TwoOperations,
    blend_smoothed,
    brighten,
    equalize,
    gray,
    rotate_hue,
    saturate,
    smooth,
    spread,
    stretch,
)

RNG = np.random.default_rng(0)
GRAY_IMAGE = torch.from_numpy(RNG.integers(30, 200, (1, 24, 20), dtype=np.uint8))
COLOR_IMAGE = torch.from_numpy(RNG.integers(20, 230, (3, 24, 20), dtype=np.uint8))
CHANGES = [Jitter(), TwoOperations(), PaperNoise(AugmentConfig())]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
@pytest.mark.parametrize("image", [GRAY_IMAGE, COLOR_IMAGE], ids=["gray", "color"])
def test_a_view_keeps_its_shape_and_range_and_depends_on_the_generator_alone(change, image) -> None:
    before, views = image.clone(), []
    for seed in range(30):
        view = change(image, np.random.default_rng(seed))
        assert view.dtype == torch.float32
        assert view.shape == image.shape
        assert view.min() >= 0
        assert view.max() <= 255.001
        assert torch.equal(view, change(image, np.random.default_rng(seed)))
        views.append(view)
    assert torch.equal(image, before)
    assert len({view.sum().item() for view in views}) > 10


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_nothing_moves(change) -> None:
    """A bright square stays where it is: the pixels brighter than their mean are the same."""
    image = torch.full((1, 32, 32), 60, dtype=torch.uint8)
    image[0, 4:14, 18:30] = 190
    for seed in range(20):
        view = change(image, np.random.default_rng(seed))[0]
        inside, outside = view[6:12, 20:28], view[18:28, 4:14]
        assert inside.mean() >= outside.mean()


def pillow(image: torch.Tensor) -> Image.Image:
    return Image.fromarray(image.permute(1, 2, 0).numpy())


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.4])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (brighten, ImageEnhance.Brightness),
        (stretch, ImageEnhance.Contrast),
        (saturate, ImageEnhance.Color),
    ],
)
def test_enhancements_are_pillow_s(ours, theirs, factor: float) -> None:
    found = ours(COLOR_IMAGE.float(), factor).permute(1, 2, 0).numpy()
    expected = np.asarray(theirs(pillow(COLOR_IMAGE)).enhance(factor)).astype(float)
    assert np.abs(found - expected).max() < 2.5


def test_sharpness_is_pillow_s_inside() -> None:
    found = blend_smoothed(COLOR_IMAGE.float(), 0.3).permute(1, 2, 0).numpy()
    expected = np.asarray(ImageEnhance.Sharpness(pillow(COLOR_IMAGE)).enhance(0.3)).astype(float)
    assert np.abs(found - expected)[1:-1, 1:-1].max() < 2


@pytest.mark.parametrize(("ours", "theirs"), [(spread, ImageOps.autocontrast)])
def test_autocontrast_is_pillow_s(ours, theirs) -> None:
    found = ours(COLOR_IMAGE.float()).permute(1, 2, 0).numpy()
    assert np.abs(found - np.asarray(theirs(pillow(COLOR_IMAGE))).astype(float)).max() < 1.5


def test_equalized_gray_values_are_equally_frequent() -> None:
    image = (torch.linspace(0, 1, 6400).reshape(1, 80, 80) ** 3 * 255).round()
    counts = torch.histc(equalize(image), bins=4, min=0, max=255)
    assert counts.max() < 2 * counts.min()
    assert torch.equal(equalize(torch.full((1, 4, 4), 7.0)), torch.full((1, 4, 4), 7.0))


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.0])
def test_smoothing_is_a_gaussian(sigma: float) -> None:
    expected = GRAY_IMAGE[0].double().numpy()
    radius = int(np.ceil(3 * sigma))
    for axis in (0, 1):
        expected = gaussian_filter1d(expected, sigma, axis, mode="mirror", radius=radius)
    np.testing.assert_allclose(smooth(GRAY_IMAGE.float(), sigma)[0].numpy(), expected, atol=0.01)


def test_turning_the_hue_keeps_gray_values_and_four_quarters_are_a_whole() -> None:
    image = 100 + COLOR_IMAGE.float() / 8
    turned = rotate_hue(image, 0.25)
    torch.testing.assert_close(gray(turned), gray(image), rtol=0, atol=0.5)
    assert (turned - image).abs().max() > 3
    for _ in range(3):
        turned = rotate_hue(turned, 0.25)
    torch.testing.assert_close(turned, image, rtol=0, atol=0.5)
