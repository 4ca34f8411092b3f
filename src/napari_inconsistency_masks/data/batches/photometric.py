"""Strong views: other gray values, every pixel in its place.

Each changes one image uint8 ``(C, Y, X)`` into float32 ``(C, Y, X)``, 0 to 255. All randomness is
drawn from the numpy generator, so that it does not depend on the device.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ...config import AugmentConfig
from .transforms import draw, recolor

GRAY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a gray value (ITU-R 601)."""


class Photometric(Protocol):
    """Changes the gray values of one image."""

    def __call__(self, image: Tensor, rng: np.random.Generator, /) -> Tensor:
        """Return float32 ``(C, Y, X)`` of uint8 ``(C, Y, X)``."""
        ...


@dataclass(frozen=True)
class PaperNoise:
    """Brightness, blur and noise as in the paper's augmentation."""

    strength: AugmentConfig

    def __call__(self, image: Tensor, rng: np.random.Generator, /) -> Tensor:
        """Return the changed image; nothing moves."""
        change = replace(draw(rng, self.strength, free_rotation=False), flip_horizontal=False)
        return recolor(image[None], [change])[0].float()


class Jitter:
    """The strong augmentation of UniMatch (arXiv 2208.09910), which FixMatch and others share.

    With probability 0.8 brightness, contrast and saturation times 0.5 to 1.5 and the hue turned by
    up to a quarter; with 0.2 gray; with 0.5 a Gaussian blur of 0.1 to 2 pixels. Hue, saturation
    and gray are for color images only.
    """

    def __call__(self, image: Tensor, rng: np.random.Generator, /) -> Tensor:
        """Return the changed image."""
        jitters, grays, blurs = rng.random(3) < (0.8, 0.2, 0.5)
        bright, contrast, color = rng.uniform(0.5, 1.5, 3)
        turn, sigma = rng.uniform(-0.25, 0.25), rng.uniform(0.1, 2.0)
        x = image.float()
        if jitters:
            x = brighten(x, bright)
            x = stretch(x, contrast)
            x = rotate_hue(saturate(x, color), turn)
        if grays:
            x = saturate(x, 0.0)
        return smooth(x, sigma) if blurs else x


class TwoOperations:
    """The intensity-based augmentation of iMAS (arXiv 2211.11335), for microscopy.

    Two operations, drawn with replacement. Inverting, solarizing, posterizing and turning the hue
    are left out: in gray microscopy they change what is cell and what is background.
    """

    def __call__(self, image: Tensor, rng: np.random.Generator, /) -> Tensor:
        """Return the changed image."""
        x = image.float()
        for which in rng.integers(len(OPERATIONS), size=2):
            x = OPERATIONS[which](x, rng.random())
        return x


def brighten(image: Tensor, factor: float) -> Tensor:
    """Gray values times a factor."""
    return (image * factor).clamp_(0, 255)


def stretch(image: Tensor, factor: float) -> Tensor:
    """Differences from the mean gray value times a factor (contrast)."""
    mean = gray(image).mean()
    return (mean + (image - mean) * factor).clamp_(0, 255)


def saturate(image: Tensor, factor: float) -> Tensor:
    """Differences from the gray image times a factor; gray images stay."""
    if len(image) != len(GRAY):
        return image
    base = gray(image)  # (1, Y, X)
    return (base + (image - base) * factor).clamp_(0, 255)


def rotate_hue(image: Tensor, turn: float) -> Tensor:
    """Turn the hue by a part of the circle, brightness unchanged (a rotation in YIQ)."""
    if len(image) != len(GRAY):
        return image
    to_yiq = image.new_tensor([GRAY, (0.596, -0.274, -0.322), (0.211, -0.523, 0.312)])
    c, s = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)
    rotation = image.new_tensor([(1, 0, 0), (0, c, -s), (0, s, c)])
    matrix = torch.linalg.inv(to_yiq) @ rotation @ to_yiq  # (3, 3)
    return torch.einsum("ij,jyx->iyx", matrix, image).clamp_(0, 255)


def gray(image: Tensor) -> Tensor:
    """The gray image ``(1, Y, X)`` of ``(C, Y, X)``."""
    if len(image) != len(GRAY):
        return image.mean(0, keepdim=True)
    return (image * image.new_tensor(GRAY)[:, None, None]).sum(0, keepdim=True)


def smooth(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur, cut at three deviations, borders mirrored."""
    radius = min(math.ceil(3 * sigma), min(image.shape[-2:]) - 1)
    at = torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)  # (2r + 1,)
    kernel = kernel / kernel.sum()
    x = pad(image[:, None], (radius,) * 4, mode="reflect")  # (C, 1, Y + 2r, X + 2r)
    x = conv2d(x, kernel.reshape(1, 1, -1, 1))  # (C, 1, Y, X + 2r)
    return conv2d(x, kernel.reshape(1, 1, 1, -1))[:, 0]  # (C, Y, X)


def spread(image: Tensor) -> Tensor:
    """Each channel's darkest value becomes 0 and its brightest 255 (autocontrast)."""
    low, high = image.amin((1, 2), keepdim=True), image.amax((1, 2), keepdim=True)  # (C, 1, 1)
    return torch.where(high > low, (image - low) * 255 / (high - low).clamp(min=1e-6), image)


def equalize(image: Tensor) -> Tensor:
    """Each channel's gray values spread so that all are about equally frequent."""
    channels = []
    for channel in image:
        value = channel.round().long()  # (Y, X)
        below = torch.bincount(value.flatten(), minlength=256).cumsum(0).to(image.dtype)  # (256,)
        first = below[value.min()]
        level = (below - first).clamp_(min=0) * 255 / (below[-1] - first).clamp(min=1)  # (256,)
        channels.append(level[value] if below[-1] > first else channel)
    return torch.stack(channels)


def blend_smoothed(image: Tensor, factor: float) -> Tensor:
    """Part of the image, the rest smoothed over 3 x 3 pixels (sharpness below one)."""
    kernel = image.new_tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
    x = pad(image[:, None], (1,) * 4, mode="replicate")  # (C, 1, Y + 2, X + 2)
    smoothed = conv2d(x, kernel[None, None])[:, 0]  # (C, Y, X)
    return smoothed + (image - smoothed) * factor


def _between(
    low: float, high: float, change: Callable[[Tensor, float], Tensor]
) -> Callable[[Tensor, float], Tensor]:
    """Let a change take its factor between two values, from one between 0 and 1."""
    return lambda image, part: change(image, low + (high - low) * part)


OPERATIONS: tuple[Callable[[Tensor, float], Tensor], ...] = (
    lambda image, _: image,
    lambda image, _: spread(image),
    lambda image, _: equalize(image),
    _between(0.1, 2.0, smooth),
    _between(0.1, 0.95, stretch),
    _between(0.1, 0.95, brighten),
    _between(0.1, 0.95, saturate),
    _between(0.1, 0.95, blend_smoothed),
)
"""Of `TwoOperations`, each with a number between 0 and 1 that says how much."""
