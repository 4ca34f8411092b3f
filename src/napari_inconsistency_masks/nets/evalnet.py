"""EvalNet: how good a segmentation of an image is, without knowing the truth.

The network of the paper (arXiv 2401.14387, study of 2024; the reference's `evalnet.py`): an image
and a label go in through a branch each, and one number comes out, or two per output of the label.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from ..errors import InputError
from .blocks import conv_block, he_normal, pointwise


class EvalNet(nn.Module):
    """Gray values 0 to 255 and a label in, logits of the overlap out.

    Seven times each side is halved, rounding up, and the rest is averaged, so that sides may be of
    any length; the network only knows those it learned from.

    Parameters
    ----------
    channels
        C of the image.
    outputs
        K of the label, as channels of 0 and 1.
    width
        The paper's alpha; it takes twice that of the U-Nets.
    detects
        Whether it has two heads, of K each (the paper's for several classes), or one of one value
        (the paper's for binary labels).
    """

    def __init__(
        self, channels: int, outputs: int, width: float = 2.0, *, detects: bool = True
    ) -> None:
        super().__init__()
        if min(channels, outputs) < 1 or int(16 * width) < 1:
            raise InputError(
                f"An EvalNet of {channels} channels, {outputs} outputs and width {width} is not "
                f"possible: give at least 1 channel, 1 output and width 1/16."
            )
        self.channels, self.outputs, self.width = channels, outputs, width
        self.detects = detects
        first, *others = (int(v * width) for v in (16, 16, 32, 64, 128, 256))
        self.image_branch = _Branch(channels, first)
        self.mask_branch = _Branch(outputs, first)
        widths = [2 * first, *others]
        self.trunk = nn.ModuleList(
            conv_block(before, after, after) for before, after in zip(widths, others, strict=False)
        )
        self.iou = nn.Linear(others[-1], outputs if detects else 1)
        self.detection = nn.Linear(others[-1], outputs) if detects else None
        self.apply(_initialize)

    def forward(self, image: Tensor, label: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits of the IoU, and of whether each output is there to be found.

        Parameters
        ----------
        image
            ``(B, C, Y, X)``, 0 to 255.
        label
            ``(B, K, Y, X)``, 0 and 1.

        Returns
        -------
        tuple of Tensor
            float32 ``(B, K)`` twice; or, with one head, ``(B, 1)`` and None.
        """
        x = torch.cat([self.image_branch(image / 255), self.mask_branch(label)], 1)
        for block in self.trunk:  # x: (B, 2 f16, Y / 2, X / 2)
            x = max_pool2d(block(x), 2, ceil_mode=True)  # (B, f16..f256, Y / 2^(j+2), ...)
        features = x.float().mean((-2, -1))  # (B, f256)
        with torch.autocast(x.device.type, enabled=False):
            overlap: Tensor = self.iou(features)  # (B, K or 1)
            there = None if self.detection is None else self.detection(features)  # (B, K)
        return overlap, there


class _Branch(nn.Module):
    """One input, brought to half its size."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.stem = pointwise(channels, width)
        self.block = conv_block(width, width, width)

    def forward(self, x: Tensor) -> Tensor:
        return max_pool2d(self.block(self.stem(x)), 2, ceil_mode=True)  # (B, f16, Y / 2, X / 2)


def _initialize(module: nn.Module) -> None:
    """Convolutions as in the U-Net; linear layers uniform after Glorot, biases 0."""
    he_normal(module)
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        assert module.bias is not None
        nn.init.zeros_(module.bias)
