"""What the networks of the paper are built of (arXiv 2401.14387; the reference's `unet.py`).

Every convolution has a bias and a ReLU; batch normalization comes *after* the ReLU of the last
convolution of a block.
"""

from __future__ import annotations

import math

from torch import nn

MOMENTUM = 0.01
"""Of the running statistics, in torch's sense; Keras calls it 0.99."""

TRUNCATED_STD = 0.87962566
"""Standard deviation of a standard normal cut at two."""


def conv_block(before: int, inner: int, after: int) -> nn.Sequential:
    """A convolution of 3 x 3 and one of 1 x 1: ``(B, before, Y, X)`` to ``(B, after, Y, X)``."""
    return nn.Sequential(
        nn.Conv2d(before, inner, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(inner, after, 1),
        nn.ReLU(inplace=True),
        batch_norm(after),
    )


def pointwise(before: int, after: int) -> nn.Sequential:
    """A convolution of 1 x 1: ``(B, before, Y, X)`` to ``(B, after, Y, X)``."""
    return nn.Sequential(nn.Conv2d(before, after, 1), nn.ReLU(inplace=True), batch_norm(after))


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalization with the constants of Keras."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=MOMENTUM)


def he_normal(module: nn.Module) -> None:
    """Weights: a normal cut at two deviations, std sqrt(2 / fan-in) after the cut; biases 0."""
    if isinstance(module, nn.Conv2d):
        fan_in = module.in_channels * math.prod(module.kernel_size)
        std = math.sqrt(2 / fan_in) / TRUNCATED_STD
        nn.init.trunc_normal_(module.weight, 0.0, std, -2 * std, 2 * std)
        assert module.bias is not None
        nn.init.zeros_(module.bias)
