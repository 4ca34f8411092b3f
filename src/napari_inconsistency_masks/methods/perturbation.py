"""Perturbed features: an image is encoded once and decoded with some of its channels changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from ..nets.ensemble import Ensemble
from ..nets.network import Network, Streams

Factors = Callable[[int], Tensor]
"""Makes the factors ``(n, channels)`` of a level from its number of channels."""

Stream = tuple[int, int, Callable[[np.random.Generator], Factors]]
"""First image, number of images n, and what begins to draw the factors, level after level."""


def keep(first: int, count: int) -> Stream:
    """Decode images as they are."""
    return first, count, lambda _: lambda channels: torch.ones(count, channels)


def drop_channels(first: int, count: int, part: float) -> Stream:
    """Decode images with a part of all channels left out and the rest enlarged (Dropout2d)."""

    def begin(rng: np.random.Generator) -> Factors:
        def draw(channels: int) -> Tensor:
            kept = rng.random((count, channels)) >= part  # (n, channels)
            return torch.from_numpy(kept / (1 - part)).float()

        return draw

    return first, count, begin


def streams(
    ensemble: Ensemble, rngs: Sequence[np.random.Generator], *wanted: Stream
) -> list[Streams]:
    """Draw for every member how the features of its images are decoded, one after the other."""
    rows = torch.cat([torch.arange(first, first + count) for first, count, _ in wanted])  # (n,)
    made = []
    for network, rng in zip(ensemble.networks, rngs, strict=True):
        draws = [begin(rng) for _, _, begin in wanted]
        scales = [
            torch.cat([draw(channels) for draw in draws]).to(ensemble.device)
            for channels in cast("Network", network).feature_channels
        ]  # (n, channels) each
        made.append(Streams(rows.to(ensemble.device), tuple(scales)))
    return made
