"""Probabilities of every member for images of any size."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..arguments import refuse_other_types
from ..data.batches.tensors import tensor_of
from ..data.sample import Sample, Source
from ..devices import naming_lack_of_memory, release_memory
from ..errors import InputError
from ..nets.ensemble import Ensemble
from .tiling import tiles

TOGETHER = 1 << 20
"""Pixels that are predicted at once."""


@torch.inference_mode()
def predict_logits(
    ensemble: Ensemble, images: npt.NDArray[np.uint8], *, tile: int = 1024
) -> Tensor:
    """Predict images of one size.

    Parameters
    ----------
    ensemble
        In evaluation mode (`Ensemble.eval`).
    images
        uint8 ``(B, C, Y, X)``, any Y and X, also a flipped view or one that is read-only.
    tile
        Largest side predicted at once. The result of a U-Net does not depend on it; the other
        networks see all of a tile, so theirs do, where an image is larger. Where the graphics
        memory is not enough it is halved, twice at the most.

    Returns
    -------
    Tensor
        float32 ``(E, B, K, Y, X)`` on the CPU.

    Raises
    ------
    InputError
        If the graphics memory is not even enough for the smallest tile.
    """
    for side in (tile, tile // 2, tile // 4):
        side -= side % ensemble.divisor
        if side == tile - tile % ensemble.divisor or side > 2 * ensemble.halo:
            try:
                with naming_lack_of_memory():
                    return _predict_tiles(ensemble, images, side)
            except torch.OutOfMemoryError:
                pass
            release_memory(ensemble.device)  # outside of except, which keeps the tensors alive
    raise InputError(
        f"The graphics memory is not enough to predict {images.shape[-2]} x {images.shape[-1]} "
        f"pixels, even in parts; close other programs that use it, or choose the CPU."
    )


def _predict_tiles(ensemble: Ensemble, images: npt.NDArray[np.uint8], tile: int) -> Tensor:
    height, width = images.shape[-2:]
    padded = _padded(tensor_of(images), ensemble.divisor)  # (B, C, Y', X')
    result = torch.empty(len(ensemble), len(images), ensemble.outputs, *padded.shape[-2:])
    shape = (padded.shape[-2], padded.shape[-1])
    for part in tiles(shape, tile, halo=ensemble.halo, divisor=ensemble.divisor):
        window = padded[..., part.outer[0], part.outer[1]].to(ensemble.device).float()
        logits = ensemble(window[None])  # (E, B, K, y, x)
        result[..., part.core[0], part.core[1]] = logits[..., part.inner[0], part.inner[1]].cpu()
    return result[..., :height, :width]


def predict_samples(
    ensemble: Ensemble, samples: Source, *, skip: Container[int] = ()
) -> Iterator[tuple[int, Tensor]]:
    """Predict samples, several of one size at once.

    Yields the index and the logits ``(E, K, Y, X)`` of each sample, in no special order.

    Parameters
    ----------
    ensemble
        The networks.
    samples
        Of any sizes.
    skip
        Indices of samples that are left out. The last digits of logits depend on which samples
        are predicted together; so those that are left stay in the groups that all samples form,
        and only groups of nothing else are not predicted.

    Raises
    ------
    InputError
        If a sample has not the networks' number of channels.
    """
    ensemble.eval()
    for indices in _groups(samples, ensemble.channels):
        if all(index in skip for index in indices):
            continue
        images = np.stack([samples[index].image for index in indices])  # (B, C, Y, X)
        logits = predict_logits(ensemble, images)  # (E, B, K, Y, X)
        for place, index in enumerate(indices):
            if index not in skip:
                yield index, logits[:, place]


def _groups(samples: Source, channels: int) -> Iterator[list[int]]:
    """Samples of one size each, together at most `TOGETHER` pixels."""
    waiting: dict[tuple[int, ...], list[int]] = {}
    for index in range(len(samples)):
        sample = samples[index]
        refuse_other_types({"sample": sample}, {"sample": Sample})
        shape = sample.image.shape
        if shape[0] != channels:
            raise InputError(
                f"{sample.name}: an image with {shape[0]} channels does not fit networks for "
                f"{channels}; give images like those they were trained on."
            )
        group = waiting.setdefault(shape, [])
        group.append(index)
        if (len(group) + 1) * shape[-2] * shape[-1] > TOGETHER:
            yield waiting.pop(shape)
    yield from waiting.values()


def _padded(images: Tensor, divisor: int) -> Tensor:
    """Mirror ``(B, C, Y, X)`` at the lower and right border up to multiples of a number."""
    height, width = images.shape[-2:]
    rows = mirrored(height, -height % divisor)
    columns = mirrored(width, -width % divisor)
    return images[..., rows, :][..., columns]


def mirrored(length: int, more: int) -> Tensor:
    """Indices 0 .. length - 1, then ``more`` indices back and forth without repeating the edge."""
    period = max(1, 2 * length - 2)
    index = torch.arange(length + more) % period
    return torch.where(index < length, index, period - index)
