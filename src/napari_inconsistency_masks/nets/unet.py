"""The paper's lightweight U-Net (arXiv 2401.14387; the reference's `unet.py`).

f(v) below is int(v * width). Skips are added, not concatenated.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from ..errors import InputError
from .blocks import conv_block, he_normal, pointwise
from .network import Network

LEVELS = 4
DIVISOR = 2**LEVELS
"""Height and width of an input must be multiples of this."""

RECEPTIVE_RADIUS = 64
"""No output depends on input further away than this many pixels (a multiple of `DIVISOR`)."""


class UNet(Network):
    """Gray values 0 to 255 in, logits out.

    Parameters
    ----------
    channels
        C of the input.
    outputs
        K of the output.
    width
        The paper's alpha: 0.5, 1 and 2 give 0.17, 0.68 and 2.7 million parameters.
    """

    divisor = DIVISOR
    halo = RECEPTIVE_RADIUS
    decoding = 0.6

    def __init__(self, channels: int, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        if min(channels, outputs) < 1 or int(16 * width) < 1:
            raise InputError(
                f"A U-Net of {channels} channels, {outputs} outputs and width {width} is not "
                f"possible: give at least 1 channel, 1 output and width 1/16."
            )
        self.channels, self.outputs, self.width = channels, outputs, width

        def f(v: int) -> int:
            return int(v * width)

        self.stem = pointwise(channels, f(16))
        widths = [f(16), f(32), f(64), f(128)]
        self.encoder = nn.ModuleList(
            conv_block(before, w, w) for before, w in zip([f(16), *widths], widths, strict=False)
        )
        self.bottleneck = conv_block(f(128), f(256), f(128))
        decoder = [(f(128), f(64)), (f(64), f(32)), (f(32), f(16)), (f(16), f(16))]
        self.merge = nn.ModuleList(pointwise(a, a) for a, _ in decoder)
        self.decoder = nn.ModuleList(conv_block(a, a, b) for a, b in decoder)
        self.head = nn.Conv2d(f(16), outputs, 1)
        self.apply(he_normal)

    @property
    def feature_channels(self) -> tuple[int, ...]:
        """Channels of the four skips, then of the bottleneck."""
        norms = [module[-1] for module in (*self.encoder, self.bottleneck)]
        return tuple(norm.num_features for norm in norms)

    @property
    def decoded_channels(self) -> int:
        """See `Network`."""
        return int(16 * self.width)

    @property
    def values_per_pixel(self) -> float:
        """See `Network`."""
        return 600 * self.width

    def encode(self, image: Tensor) -> list[Tensor]:
        """Features of gray values ``(B, C, Y, X)``: the four skips, then the bottleneck."""
        x = self.stem(image / 255)  # (B, f16, Y, X)
        features = []
        for block in self.encoder:
            x = block(x)  # (B, f16..f128, Y / 2^j, X / 2^j)
            features.append(x)
            x = max_pool2d(x, 2)  # (B, ., Y / 2^(j+1), X / 2^(j+1))
        return [*features, self.bottleneck(x)]  # (B, f128, Y / 16, X / 16)

    def decode(self, features: list[Tensor]) -> Tensor:
        """The last features before the logits, ``(B, f16, Y, X)``."""
        *skips, x = features
        for merge, block in zip(self.merge, self.decoder, strict=True):
            x = interpolate(x, scale_factor=2, mode="nearest")  # (B, a, 2Y', 2X')
            x = block(merge(x + skips.pop()))  # (B, b, 2Y', 2X')
        return x

    def classify(self, x: Tensor) -> Tensor:
        """Logits ``(B, K, Y, X)`` in float32 of the last features."""
        with torch.autocast(x.device.type, enabled=False):
            logits: Tensor = self.head(x.to(self.head.weight.dtype))  # (B, K, Y, X)
        return logits
