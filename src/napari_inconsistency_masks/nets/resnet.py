"""ResNet-50 (arXiv 1512.03385) with the decoder of DeepLabv3+ (arXiv 1802.02611).

As in study A of arXiv 2401.14387, but for one thing: there is no batch normalization after the
global average, where a batch of one image would have a single value. Weights of the encoder are
named as torchvision names them.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..errors import InputError
from .network import Backbone, normalized

DEPTHS = (3, 4, 6, 3)
RATES = (6, 12, 18)
_EXPANSION = 4


class ResNetDeepLab(Backbone):
    """ResNet-50 as the encoder, spatial pyramid pooling and one skip as the decoder.

    Parameters
    ----------
    channels
        1 or 3; gray images are shown as color.
    outputs
        K of the output.
    width
        Of the decoder: 1 has 256 channels, as published. The encoder is always that of ResNet-50.
    """

    divisor = 16
    halo = 128
    decoding = 0.25
    unused = ("fc.",)

    def __init__(self, channels: int, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        if channels not in (1, 3) or outputs < 1 or int(48 * width) < 1:
            raise InputError(
                f"A ResNet-50 of {channels} channels, {outputs} outputs and width {width} is not "
                f"possible: give 1 or 3 channels, at least 1 output and width 1/16."
            )
        self.channels, self.outputs, self.width = channels, outputs, width
        inner, skip = int(256 * width), int(48 * width)
        self.encoder = ResNet()
        self.pyramid = Pyramid(ResNet.channels[-1], inner)
        self.reduce = nn.Sequential(*_convolution(ResNet.channels[0], skip, 1), nn.ReLU())
        self.fuse = nn.Sequential(
            *_convolution(inner + skip, inner, 3),
            nn.ReLU(),
            *_convolution(inner, inner, 3),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(inner, outputs, 1)
        _initialize(self.modules())

    @property
    def decoded_channels(self) -> int:
        """See `Network`."""
        return int(256 * self.width)

    @property
    def values_per_pixel(self) -> float:
        """See `Network`; most of them are the encoder's."""
        return 1150 * max(1.0, self.width)

    @property
    def feature_channels(self) -> tuple[int, ...]:
        """Channels of the features that `encode` gives."""
        return ResNet.channels

    def encode(self, image: Tensor) -> list[Tensor]:
        """Features at 1/4 and 1/16 of the resolution, of 256 and 2048 channels."""
        found: list[Tensor] = self.encoder(normalized(image))
        return found

    def decode(self, features: list[Tensor]) -> Tensor:
        """The last features before the logits, ``(B, 256, Y / 4, X / 4)`` at width 1."""
        fine, coarse = features
        x = self.pyramid(coarse)  # (B, 256, Y / 16, X / 16)
        x = interpolate(x, fine.shape[-2:], mode="bilinear")  # (B, 256, Y / 4, X / 4)
        joined: Tensor = self.fuse(torch.cat([self.reduce(fine), x], 1))
        return joined

    def classify(self, x: Tensor) -> Tensor:
        """Logits ``(B, K, Y, X)`` in float32 of the last features."""
        with torch.autocast(x.device.type, enabled=False):
            logits = self.head(x.to(self.head.weight.dtype))  # (B, K, Y / 4, X / 4)
            return interpolate(logits, scale_factor=4.0, mode="bilinear")  # (B, K, Y, X)


class ResNet(nn.Module):
    """The encoder: features after the first and the last of four stages.

    The last stage is dilated instead of halved once more, so that its features are at 1/16.
    """

    channels = (64 * _EXPANSION, 512 * _EXPANSION)

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _stage(64, 64, DEPTHS[0])
        self.layer2 = _stage(256, 128, DEPTHS[1], stride=2)
        self.layer3 = _stage(512, 256, DEPTHS[2], stride=2)
        self.layer4 = _stage(1024, 512, DEPTHS[3], dilation=2)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of normalized colors ``(B, 3, Y, X)``."""
        x = torch.relu(self.bn1(self.conv1(x)))  # (B, 64, Y / 2, X / 2)
        x = nn.functional.max_pool2d(x, 3, stride=2, padding=1)  # (B, 64, Y / 4, X / 4)
        fine = self.layer1(x)  # (B, 256, Y / 4, X / 4)
        coarse = self.layer4(self.layer3(self.layer2(fine)))  # (B, 2048, Y / 16, X / 16)
        return [fine, coarse]


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut."""

    def __init__(self, before: int, inner: int, stride: int, dilation: int) -> None:
        super().__init__()
        after = inner * _EXPANSION
        self.conv1, self.bn1 = _convolution(before, inner, 1)
        self.conv2, self.bn2 = _convolution(inner, inner, 3, stride=stride, dilation=dilation)
        self.conv3, self.bn3 = _convolution(inner, after, 1)
        self.downsample = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(*_convolution(before, after, 1, stride=stride))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, before, Y, X)`` to ``(B, 4 inner, Y / stride, X / stride)``."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + shortcut)


class Pyramid(nn.Module):
    """Spatial pyramid pooling: convolutions of several dilations and the mean of the image."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*_convolution(before, after, size, dilation=rate), nn.ReLU())
            for size, rate in ((1, 1), *((3, rate) for rate in RATES))
        )
        self.mean = nn.Sequential(nn.Conv2d(before, after, 1), nn.ReLU())
        self.join = nn.Sequential(*_convolution(5 * after, after, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """``(B, before, Y, X)`` to ``(B, after, Y, X)``."""
        mean = self.mean(x.mean((-2, -1), keepdim=True)).expand(-1, -1, *x.shape[-2:])
        joined: Tensor = self.join(torch.cat([*(branch(x) for branch in self.branches), mean], 1))
        return joined


def _stage(
    before: int, inner: int, depth: int, *, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    blocks = [Bottleneck(before, inner, stride, 1)]
    blocks += [Bottleneck(inner * _EXPANSION, inner, 1, dilation) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


def _convolution(
    before: int, after: int, size: int, *, stride: int = 1, dilation: int = 1
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    padding = dilation * (size // 2)
    convolution = nn.Conv2d(
        before, after, size, stride=stride, padding=padding, dilation=dilation, bias=False
    )
    return convolution, nn.BatchNorm2d(after)


def _initialize(modules: Iterable[nn.Module]) -> None:
    for module in modules:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
