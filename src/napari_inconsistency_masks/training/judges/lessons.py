"""What an EvalNet learns from: labels of labeled images, better and worse ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...config import AugmentConfig
from ...data.batches.pieces import Piece, cut
from ...data.batches.tensors import tensor_of
from ...data.batches.transforms import draw, recolor
from ...data.pseudo import PseudoLabel
from ...data.sample import Source
from ...inconsistency import Prediction, blank
from ...inference.predict import predict_samples
from ...nets.ensemble import Ensemble
from ..setup import Setup
from .targets import detected, overlaps

STRENGTH = AugmentConfig(contrast=0.2, brightness=10, blur=1, noise=10)
"""Of the changes to half of the images (reference, for several classes)."""


@dataclass(frozen=True)
class Lesson:
    """Some images with a label each, and how good it is.

    Attributes
    ----------
    image
        uint8 ``(B, C, Y, X)``, as a student would see it.
    label
        bool ``(B, K, Y, X)``.
    overlap
        float32 ``(B, K)``: the IoU.
    there
        float32 ``(B, K)``: whether each output is there to be found.
    """

    image: Tensor
    label: Tensor
    overlap: Tensor
    there: Tensor


class Lessons:
    """Draws labels for pieces of labeled images, as the networks of a generation might make them.

    Parameters
    ----------
    setup
        The run.
    networks
        Those of a generation; asked once about each image.
    samples
        Labeled images.
    shape
        Height and width of the pieces.
    changed
        Whether half of the images are brightened, blurred and noisy.
    """

    def __init__(
        self,
        setup: Setup,
        networks: Ensemble,
        samples: Source,
        shape: tuple[int, int],
        *,
        changed: bool,
    ) -> None:
        self._setup, self._samples, self._shape = setup, samples, shape
        self._members, self._changed = len(networks), changed
        scheme = setup.data.scheme
        self._votes: dict[int, npt.NDArray[np.uint8]] = {}
        for index, logits in predict_samples(networks, samples):
            votes = Prediction(scheme.probability(logits).numpy(), scheme).hard()
            self._votes[index] = np.packbits(votes, axis=-1)  # (E, K, Y, X / 8)

    def __len__(self) -> int:
        return len(self._samples)

    def make(self, drawn: Iterable[tuple[int, np.random.Generator]]) -> Lesson:
        """Make the lesson of some images, each with its own source of random numbers."""
        items = [self._item(index, rng) for index, rng in drawn]
        return Lesson(*(torch.stack(column) for column in zip(*items, strict=True)))

    def _item(self, index: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        setup, scheme = self._setup, self._setup.data.scheme
        piece, votes = self._piece(index, rng)
        truth = piece.target
        label = self._label(votes, truth, rng)
        there = detected(label, truth, scheme, masks=setup.labeler.masks)
        overlap = overlaps(label, truth, scheme, there)
        image = piece.image
        if setup.config.pseudo_labels.blank_image:
            image = blank(image, label.anywhere)
        pixels = tensor_of(image)
        if self._changed and rng.random() < 0.5:
            change = draw(rng, STRENGTH, free_rotation=False)
            pixels = recolor(pixels[None], [replace(change, flip_horizontal=False)])[0]
        channels = torch.from_numpy(scheme.to_channels(label.target))
        return (
            pixels,
            channels,
            torch.from_numpy(overlap.astype(np.float32)),
            torch.from_numpy(there.astype(np.float32)),
        )

    def _piece(self, index: int, rng: np.random.Generator) -> tuple[Piece, npt.NDArray[np.bool_]]:
        """A piece of an image with its true label, 0 where that is not known, and all votes."""
        scheme, sample = self._setup.data.scheme, self._samples[index]
        width = sample.image.shape[-1]
        votes = np.unpackbits(self._votes[index], axis=-1, count=width)  # (E, K, Y, X)
        planes = [scheme.to_channels(sample.labeled), *votes]
        piece = cut(replace(sample, target=np.concatenate(planes)), self._shape, rng)
        every = piece.target.reshape(-1, scheme.outputs, *self._shape) * piece.known
        truth = scheme.to_target(every[0] != 0)
        return replace(piece, target=truth), every[1:] != 0

    def _label(
        self,
        votes: npt.NDArray[np.bool_],
        truth: npt.NDArray[np.uint8],
        rng: np.random.Generator,
    ) -> PseudoLabel:
        """What a pseudo-label of the piece might be; now and then the truth, among whole labels."""
        scheme, labeler = self._setup.data.scheme, self._setup.labeler
        if labeler.chooses and rng.random() < 1 / (1 + self._members):
            planes = 1 if scheme.exclusive else scheme.outputs
            return PseudoLabel(truth, np.zeros((planes, *self._shape), bool))
        return labeler.exercise(Prediction(votes.astype(np.float32), scheme), rng)
