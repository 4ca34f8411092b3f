"""What every network has in common, whatever it is built of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn


@dataclass(frozen=True)
class Streams:
    """Features that are decoded: those of which images, and their channels times what.

    Images are encoded once, however often their features are decoded.

    Attributes
    ----------
    rows
        ``(n,)`` numbers of images.
    scales
        For each of the `Network.feature_channels`, ``(n, channels)``.
    """

    rows: Tensor
    scales: tuple[Tensor, ...]

    def apply(self, features: list[Tensor]) -> list[Tensor]:
        """The scaled features ``(n, channels, Y', X')`` of features ``(B, channels, Y', X')``."""
        return [
            x.index_select(0, self.rows) * scale.to(x.dtype)[:, :, None, None]  # (n, ., Y', X')
            for x, scale in zip(features, self.scales, strict=True)
        ]


class Network(nn.Module, ABC):
    """Gray values 0 to 255 ``(B, C, Y, X)`` in, logits ``(B, K, Y, X)`` in float32 out.

    Attributes
    ----------
    channels, outputs
        C and K.
    width
        The paper's alpha, or the like of it.
    divisor
        Heights and widths that are multiples of this need no padding.
    halo
        How many pixels around a tile the network is shown when an image is predicted in tiles; a
        multiple of `divisor`. If no output depends on pixels further away, tiles are exact.
    decoding
        Which part of `values_per_pixel` is for decoding, with changed features: measured.
    """

    divisor: ClassVar[int]
    halo: ClassVar[int]
    decoding: ClassVar[float]

    channels: int
    outputs: int
    width: float

    @property
    @abstractmethod
    def values_per_pixel(self) -> float:
        """About how many numbers a training step keeps per pixel of its input: measured."""

    @property
    @abstractmethod
    def feature_channels(self) -> tuple[int, ...]:
        """Channels of each of the features that `encode` gives."""

    @property
    @abstractmethod
    def decoded_channels(self) -> int:
        """Channels of what `decode` gives."""

    @abstractmethod
    def encode(self, image: Tensor) -> list[Tensor]:
        """Features ``(B, channels, Y', X')`` of gray values ``(B, C, Y, X)``, the deepest last."""

    @abstractmethod
    def decode(self, features: list[Tensor]) -> Tensor:
        """The last features before the logits, at any resolution: ``(B, channels, Y', X')``."""

    @abstractmethod
    def classify(self, x: Tensor) -> Tensor:
        """Logits in float32 of the last features, at full resolution."""

    def forward(self, image: Tensor, streams: Streams | None = None) -> Tensor:
        """Logits ``(B, K, Y, X)`` in float32 of gray values ``(B, C, Y, X)``.

        With ``streams``, ``(n, K, Y, X)``: the logits of the features that these make.
        """
        features = self.encode(image)
        if streams is not None:
            features = streams.apply(features)
        logits = self.classify(self.decode(features))
        return logits[..., : image.shape[-2], : image.shape[-1]]  # what continues the image is cut


class Backbone(Network):
    """A network with an encoder that can begin with published weights.

    Attributes
    ----------
    encoder
        Its weights are named as in the published files.
    unused
        Beginnings of the names of weights in such files that are not needed here.
    """

    unused: ClassVar[tuple[str, ...]]

    encoder: nn.Module


_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def normalized(image: Tensor) -> Tensor:
    """Gray values ``(B, 1 or 3, Y, X)`` as encoders trained on ImageNet know them: three colors."""
    mean, deviation = (image.new_tensor(values)[:, None, None] for values in (_MEAN, _DEVIATION))
    return (image / 255 - mean) / deviation  # (B, 3, Y, X)
