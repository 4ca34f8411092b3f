"""Several EvalNets as one, and the score they give a pseudo-label together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from ...data.batches.tensors import tensor_of
from ...data.pseudo import PseudoLabel
from ...data.sample import Sample
from ...inconsistency import blank
from ...nets.ensemble import Architecture
from ...nets.evalnet import EvalNet
from ...task import LabelScheme
from .lessons import Lesson
from .targets import has_two_heads, score_of

MEMBER = 5
"""Marks the random numbers of first weights."""


class EvalNets(nn.Module):
    """EvalNets of one run.

    Parameters
    ----------
    networks
        The members.
    """

    def __init__(self, networks: Sequence[EvalNet]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.precision = torch.float32

    @classmethod
    def create(
        cls, architecture: Architecture, scheme: LabelScheme, members: int, seed: int
    ) -> EvalNets:
        """Make new networks; each one's weights depend only on seed and its number."""
        networks = []
        with torch.random.fork_rng(devices=[]):
            for member in range(members):
                state = np.random.SeedSequence((seed, MEMBER, member)).generate_state(1)
                torch.manual_seed(int(state[0]))
                networks.append(build(architecture, scheme))
        return cls(networks)

    def __len__(self) -> int:
        """Number of networks."""
        return len(self.networks)

    def place(self, device: torch.device, precision: torch.dtype) -> EvalNets:
        """Move the weights to a device, and return self."""
        self.precision = precision
        return self.to(device)

    def forward(self, member: int, image: Tensor, label: Tensor) -> tuple[Tensor, Tensor | None]:
        """What one member says, see `EvalNet.forward`; the inputs may be on another device."""
        device = next(self.parameters()).device
        with torch.autocast(device.type, self.precision, enabled=self.precision != torch.float32):
            said: tuple[Tensor, Tensor | None] = self.networks[member](
                image.to(device).float(), label.to(device).float()
            )
        return said

    def loss(self, member: int, lesson: Lesson) -> tuple[Tensor, Tensor]:
        """Loss of one member, and its mean absolute error of the IoU; two values.

        Squared error of the IoU plus, with two heads, the cross-entropy of the detection.
        """
        overlap, there = self(member, lesson.image, lesson.label)  # (B, K)
        truth = lesson.overlap.to(overlap.device)
        loss = mse_loss(overlap.sigmoid(), truth)
        if there is not None:
            loss = loss + binary_cross_entropy_with_logits(there, lesson.there.to(there.device))
        return loss, (overlap.sigmoid() - truth).abs().mean()


@dataclass(frozen=True)
class EvalNetJudge:
    """Scores pseudo-labels.

    Attributes
    ----------
    networks
        In evaluation mode.
    scheme
        What labels mean.
    shape
        Height and width of the pieces they learned from; larger images are judged piece by piece.
    blanks
        Whether students see images that are blanked on the mask.
    """

    networks: EvalNets
    scheme: LabelScheme
    shape: tuple[int, int]
    blanks: bool

    @torch.inference_mode()
    def score(self, index: int, image: Sample, label: PseudoLabel) -> float:  # noqa: ARG002
        """Return the mean score of the pieces in which they detect anything."""
        pixels = blank(image.image, label.anywhere) if self.blanks else image.image
        channels = self.scheme.to_channels(label.target)
        scores = [self._score(pixels[w], channels[w]) for w in _windows(pixels.shape, self.shape)]
        found = [score for score in scores if score > 0]
        return sum(found) / len(found) if found else 0.0

    def _score(self, image: npt.NDArray[np.uint8], label: npt.NDArray[np.bool_]) -> float:
        inputs = [tensor_of(array)[None] for array in (image, label)]
        said = [self.networks(member, *inputs) for member in range(len(self.networks))]
        overlap = torch.cat([overlap.sigmoid() for overlap, _ in said])  # (n, K)
        there = [detection.sigmoid() for _, detection in said if detection is not None]
        detection = torch.cat(there).cpu().numpy() if there else None  # (n, K)
        return score_of(overlap.cpu().numpy(), detection, self.scheme)


def build(architecture: Architecture, scheme: LabelScheme) -> EvalNet:
    """Make an EvalNet with new random weights for labels of a scheme."""
    return EvalNet(
        architecture.channels,
        architecture.outputs,
        architecture.width,
        detects=has_two_heads(scheme),
    )


def _windows(whole: Sequence[int], shape: tuple[int, int]) -> Iterator[tuple[slice, slice, slice]]:
    """Windows ``(:, y, x)`` of a size that cover an image, evenly spread."""
    rows, columns = (_spans(length, side) for length, side in zip(whole[-2:], shape, strict=True))
    for row in rows:
        for column in columns:
            yield slice(None), row, column


def _spans(length: int, side: int) -> list[slice]:
    side = min(side, length)
    count = -(-length // side)
    starts = np.linspace(0, length - side, count).round().astype(int)
    return [slice(int(start), int(start) + side) for start in starts]
