"""What a method needs beside a network, in numbers: for the memory of a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from ..nets.network import Network


@dataclass(frozen=True)
class Load:
    """Numbers that a method holds beside each network.

    Attributes
    ----------
    trained
        Of parameters that learn: a second network, heads.
    kept
        Of tensors that do not: teachers, running statistics, memories.
    per_pixel
        That a step keeps per pixel of its images, as `Network.values_per_pixel`.
    per_step
        That a step keeps however large its images are.
    """

    trained: int = 0
    kept: int = 0
    per_pixel: float = 0.0
    per_step: int = 0

    def __add__(self, other: Load) -> Load:
        return Load(
            self.trained + other.trained,
            self.kept + other.kept,
            self.per_pixel + other.per_pixel,
            self.per_step + other.per_step,
        )


def decoding_again(network: Network, times: float) -> Load:
    """The load of a step that decodes its images more than once, so many times more."""
    return Load(per_pixel=times * network.decoding * network.values_per_pixel)


def without_values(make: Callable[[], nn.Module]) -> nn.Module:
    """A module that has shapes and takes no memory, for counting."""
    with torch.device("meta"):
        return make()


def learning(module: nn.Module, per_pixel: float = 0.0) -> Load:
    """The load of a module that learns, whose step keeps some numbers per pixel."""
    trained = sum(parameter.numel() for parameter in module.parameters())
    return Load(trained, sum(buffer.numel() for buffer in module.buffers()), per_pixel)


def following(module: nn.Module) -> Load:
    """The load of a copy of a module that does not learn."""
    found = learning(module)
    return Load(kept=found.trained + found.kept)
