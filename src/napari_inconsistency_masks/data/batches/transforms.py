"""The paper's augmentation, on batches of uint8 images on any device.

Every operation equals the reference's OpenCV call: see the golden files in the tests. What to do is
drawn first (`draw`), from a numpy generator, so that it does not depend on the device; only the
noise itself is drawn where the images are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ...config import AugmentConfig

KERNELS = {
    1: (1 / 4, 2 / 4, 1 / 4),
    2: (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16),
    3: (1 / 32, 3.5 / 32, 7 / 32, 9 / 32, 7 / 32, 3.5 / 32, 1 / 32),
}
"""OpenCV's Gaussian kernels of 3, 5 and 7 pixels with sigma 0."""


@dataclass(frozen=True)
class Change:
    """What happens to one image: flips, then quarter turns, brightness, blur and noise."""

    flip_vertical: bool = False
    flip_horizontal: bool = False
    turns: int = 0
    contrast: float = 1.0
    brightness: float = 0.0
    blur: int = 0
    noise: int = 0
    noise_seed: int = 0

    @property
    def photometric(self) -> bool:
        """Whether gray values change."""
        return (self.contrast, self.brightness, self.blur, self.noise) != (1.0, 0.0, 0, 0)


def draw(rng: np.random.Generator, strength: AugmentConfig, *, free_rotation: bool) -> Change:
    """Draw what happens to one image, as the reference's ``augment_image_and_masks`` does.

    Without ``free_rotation`` only the horizontal flip moves pixels. Brightness changes half of
    the images. The number of draws does not depend on the outcome.
    """
    flips = rng.random(2) < 0.5
    turns = int(rng.integers(4))
    changes_brightness = rng.random() < 0.5
    contrast = rng.uniform(1 - strength.contrast, 1 + strength.contrast)
    brightness = rng.uniform(-strength.brightness, strength.brightness)
    return Change(
        flip_vertical=bool(flips[0]) and free_rotation,
        flip_horizontal=bool(flips[1]),
        turns=turns if free_rotation else 0,
        contrast=float(contrast) if changes_brightness else 1.0,
        brightness=float(brightness) if changes_brightness else 0.0,
        blur=int(rng.integers(strength.blur + 1)),
        noise=strength.noise,
        noise_seed=int(rng.integers(2**31)),
    )


def move(image: Tensor, change: Change) -> Tensor:
    """Flip and turn ``(..., Y, X)``; a quarter turn swaps Y and X."""
    if change.flip_vertical:
        image = image.flip(-2)
    if change.flip_horizontal:
        image = image.flip(-1)
    return image.rot90(change.turns, (-2, -1)) if change.turns else image


def move_back(image: Tensor, change: Change) -> Tensor:
    """Undo `move`."""
    if change.turns:
        image = image.rot90(-change.turns, (-2, -1))
    if change.flip_horizontal:
        image = image.flip(-1)
    return image.flip(-2) if change.flip_vertical else image


def recolor(images: Tensor, changes: Sequence[Change]) -> Tensor:
    """Change the gray values of uint8 ``(B, C, Y, X)``: brightness, then blur, then noise."""
    changed = images.clone()
    for index, change in enumerate(changes):
        if change.photometric:
            image = adjust(images[index], change.contrast, change.brightness)  # (C, Y, X)
            image = blur(image, change.blur)
            changed[index] = add_noise(image, change.noise, change.noise_seed)
    return changed


def adjust(image: Tensor, contrast: float, brightness: float) -> Tensor:
    """Gray values min(255, round(|contrast v + brightness|)), OpenCV's ``convertScaleAbs``.

    The absolute value is the reference's: dark pixels are reflected, not cut, at 0.
    """
    scaled = image.float() * contrast + brightness
    return scaled.abs_().round_().clamp_(max=255).to(torch.uint8)


def blur(image: Tensor, radius: int) -> Tensor:
    """Gaussian blur of uint8 ``(C, Y, X)`` with a kernel of 2 radius + 1 pixels, 0 for none."""
    if radius == 0:
        return image
    kernel = torch.tensor(KERNELS[radius], device=image.device)  # (2r + 1,)
    x = pad(image.float()[:, None], (radius,) * 4, mode="reflect")  # (C, 1, Y + 2r, X + 2r)
    x = conv2d(x, kernel.reshape(1, 1, -1, 1))  # (C, 1, Y, X + 2r)
    x = conv2d(x, kernel.reshape(1, 1, 1, -1))[:, 0]  # (C, Y, X)
    return (x + 0.5).floor_().to(torch.uint8)


def add_noise(image: Tensor, most: int, seed: int) -> Tensor:
    """Add an independent integer from -most to most - 1 to every value of uint8 ``(C, Y, X)``."""
    if most == 0:
        return image
    generator = torch.Generator(image.device).manual_seed(seed)
    noise = torch.randint(
        -most, most, image.shape, generator=generator, device=image.device, dtype=torch.int16
    )
    return (image + noise).clamp_(0, 255).to(torch.uint8)
