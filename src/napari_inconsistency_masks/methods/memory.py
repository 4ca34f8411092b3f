"""What U2PL keeps beside a network: its teacher, heads for features, and a memory of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..nets.network import Network
from .load import Load, following, learning, without_values
from .seeding import seeded

DIMENSIONS = 64
"""Numbers that describe a pixel."""


HEAD_VALUES = 7 * DIMENSIONS / 4
"""About how many numbers a step keeps per pixel for the head: seven layers at half resolution."""


class ClassMemory(nn.Module):
    """Teacher, heads and, for each class, the newest features of pixels that are not of it.

    Parameters
    ----------
    network
        The student.
    classes
        Q, the classes of all choices together.
    size
        Pixels that are remembered per class.
    key
        The weights of the heads depend on it alone.
    """

    bank: Tensor
    count: Tensor
    place: Tensor

    def __init__(self, network: Network, classes: int, size: int, key: tuple[int, ...]) -> None:
        super().__init__()
        self.teacher: Network = deepcopy(network).requires_grad_(False)
        with seeded(key):
            self.head = FeatureHead(network.decoded_channels)
        self.teacher_head = deepcopy(self.head).requires_grad_(False)
        self.register_buffer("bank", torch.zeros(classes, size, DIMENSIONS))
        self.register_buffer("count", torch.zeros(classes, dtype=torch.int64))
        self.register_buffer("place", torch.zeros(classes, dtype=torch.int64))

    def remember(self, number: int, features: Tensor, rng: np.random.Generator) -> None:
        """Put features ``(n, D)`` in place of the oldest of a class; a random part if too many."""
        size = self.bank.shape[1]
        if len(features) > size:
            chosen = rng.choice(len(features), size, replace=False, shuffle=False)
            features = features[torch.from_numpy(chosen).to(features.device)]
        start = int(self.place[number])
        places = torch.arange(start, start + len(features), device=self.bank.device) % size
        self.bank[number, places] = features.to(self.bank.dtype)
        self.place[number] = (start + len(features)) % size
        self.count[number] = min(size, int(self.count[number]) + len(features))

    def recall(self, number: int, count: int, rng: np.random.Generator) -> Tensor:
        """Draw features ``(count, D)`` of a class that has some."""
        drawn = rng.integers(int(self.count[number]), size=count)
        return self.bank[number, torch.from_numpy(drawn).to(self.bank.device)]


def memory_load(network: Network, classes: int, size: int) -> Load:
    """What a `ClassMemory` needs, and a step for its head."""
    head = without_values(lambda: FeatureHead(network.decoded_channels))
    bank = classes * (size * DIMENSIONS + 2)
    return following(network) + learning(head, HEAD_VALUES) + following(head) + Load(kept=bank)


class FeatureHead(nn.ModuleList):
    """Describes pixels by the last features of a network, at half of its resolution.

    Parameters
    ----------
    channels
        Of the features.
    """

    def __init__(self, channels: int) -> None:
        layers: list[nn.Module] = [nn.AvgPool2d(2)]
        for before in (channels, DIMENSIONS):
            layers += [
                nn.Conv2d(before, DIMENSIONS, 3, padding=1),
                nn.BatchNorm2d(DIMENSIONS),
                nn.ReLU(inplace=True),
            ]
        super().__init__([*layers, nn.Conv2d(DIMENSIONS, DIMENSIONS, 1)])

    def forward(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """Of features ``(B, channels, Y', X')`` of images of a size ``(Y, X)``.

        Returns ``(B, D, Y / 2, X / 2)``: features of the U-Net are averaged first, coarser ones of
        other networks are brought to this size afterwards.
        """
        halve, *others = self
        x = halve(features) if features.shape[-2:] == tuple(size) else features
        for layer in others:
            x = layer(x)
        half = [side // 2 for side in size]
        return x if list(x.shape[-2:]) == half else interpolate(x, half, mode="bilinear")
