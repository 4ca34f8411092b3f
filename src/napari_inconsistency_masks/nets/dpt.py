"""DINOv2 as the encoder of a network: the decoder of dense prediction transformers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..errors import InputError
from .dinov2 import DIMENSION, LEVELS, PATCH, VisionTransformer, padded
from .network import Backbone, normalized

LEVEL_CHANNELS = (48, 96, 192, 384)
FEATURES = 64


class DinoDPT(Backbone):
    """ViT-S/14 as the encoder, features of four depths joined from coarse to fine.

    Parameters
    ----------
    channels
        1 or 3; gray images are shown as color.
    outputs
        K of the output.
    width
        Of the decoder: 1 has 64 channels, as published. The encoder is always ViT-S/14.
    """

    divisor = PATCH
    halo = 9 * PATCH
    decoding = 0.25
    unused = ("mask_token",)

    def __init__(self, channels: int, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        if channels not in (1, 3) or outputs < 1 or int(48 * width) < 1:
            raise InputError(
                f"A DINOv2 of {channels} channels, {outputs} outputs and width {width} is not "
                f"possible: give 1 or 3 channels, at least 1 output and width 1/16."
            )
        self.channels, self.outputs, self.width = channels, outputs, width
        level_channels, features = [int(n * width) for n in LEVEL_CHANNELS], int(FEATURES * width)
        self.encoder = VisionTransformer()
        self.project = nn.ModuleList(nn.Conv2d(DIMENSION, n, 1) for n in level_channels)
        a, b, _, d = level_channels
        self.resize = nn.ModuleList(
            [
                nn.ConvTranspose2d(a, a, 4, stride=4),
                nn.ConvTranspose2d(b, b, 2, stride=2),
                nn.Identity(),
                nn.Conv2d(d, d, 3, stride=2, padding=1),
            ]
        )
        self.even = nn.ModuleList(
            nn.Conv2d(n, features, 3, padding=1, bias=False) for n in level_channels
        )
        self.join = nn.ModuleList(Join(features, alone=level == 0) for level in range(len(LEVELS)))
        self.last = nn.Sequential(nn.Conv2d(features, features, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(features, outputs, 1)

    @property
    def decoded_channels(self) -> int:
        """See `Network`."""
        return int(FEATURES * self.width)

    @property
    def values_per_pixel(self) -> float:
        """See `Network`; most of them are the encoder's."""
        return 1060 * max(1.0, self.width)

    @property
    def feature_channels(self) -> tuple[int, ...]:
        """Channels of the features that `encode` gives."""
        return (DIMENSION,) * len(LEVELS)

    def encode(self, image: Tensor) -> list[Tensor]:
        """Four features ``(B, 384, Y / 14, X / 14)``, the last the deepest."""
        found: list[Tensor] = self.encoder(normalized(padded(image)))
        return found

    def decode(self, features: list[Tensor]) -> Tensor:
        """The last features before the logits, ``(B, 64, 8 Y / 14, 8 X / 14)`` at width 1."""
        levels = [
            even(resize(project(x)))
            for x, project, resize, even in zip(
                features, self.project, self.resize, self.even, strict=True
            )
        ]  # each (B, 64, s Y / 14, s X / 14) for s = 4, 2, 1, 1/2
        x: Tensor | None = None
        for join, level in zip(self.join, reversed(levels), strict=True):
            x = join(level, x)  # (B, 64, 2 s Y / 14, 2 s X / 14)
        found: Tensor = self.last(x)
        return found

    def classify(self, x: Tensor) -> Tensor:
        """Logits ``(B, K, Y, X)`` in float32 of the last features; sides are multiples of 14."""
        shape = [side * PATCH // 8 for side in x.shape[-2:]]
        with torch.autocast(x.device.type, enabled=False):
            logits = self.head(x.to(self.head.weight.dtype))
            return interpolate(logits, shape, mode="bilinear", align_corners=True)


class Join(nn.Module):
    """Adds a level to what came from the coarser ones, and doubles the resolution."""

    def __init__(self, features: int, *, alone: bool) -> None:
        super().__init__()
        self.level = None if alone else _Residual(features)
        self.joined = _Residual(features)
        self.out = nn.Conv2d(features, features, 1)

    def forward(self, level: Tensor, coarser: Tensor | None) -> Tensor:
        """``(B, 64, y, x)`` and, but for the coarsest level, about the same, to twice the size."""
        x = level
        if coarser is not None and self.level is not None:
            coarser = interpolate(coarser, level.shape[-2:], mode="bilinear", align_corners=True)
            x = coarser + self.level(level)
        x = self.joined(x)
        x = interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
        doubled: Tensor = self.out(x)
        return doubled


class _Residual(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(features, features, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.conv2(torch.relu(self.conv1(torch.relu(x))))
        return x + changed
