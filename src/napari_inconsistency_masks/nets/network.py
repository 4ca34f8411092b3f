"""What every network has in common, whatever it is built of."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class Network(nn.Module):
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
    """

    divisor: ClassVar[int]
    halo: ClassVar[int]

    channels: int
    outputs: int
    width: float

    @property
    def values_per_pixel(self) -> float:
        """About how many numbers a training step keeps per pixel of its input: measured."""
        raise NotImplementedError


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
