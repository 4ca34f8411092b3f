"""Several networks as one, with the member axis E in front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import InputError
from .unet import UNet


@dataclass(frozen=True)
class Architecture:
    """What a network is built from; stored with its weights.

    Attributes
    ----------
    channels, outputs
        C and K.
    width
        The paper's alpha.
    """

    channels: int
    outputs: int
    width: float = 1.0

    def build(self) -> UNet:
        """Make the network with new random weights."""
        return UNet(self.channels, self.outputs, self.width)


class Ensemble(nn.Module):
    """Members that see the same or different images and never each other.

    How members are executed is hidden here: on a CPU one after the other (faster than grouped
    convolutions or vmap), on a GPU all in one stream of work. Convolutions run in ``precision``,
    weights and logits are float32.

    Parameters
    ----------
    networks
        The members; all with the same C and K.
    precision
        Data type of the convolutions, bfloat16 or float32.

    Raises
    ------
    InputError
        Without members, or when they differ in C or K.
    """

    def __init__(self, networks: Sequence[UNet], *, precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        shapes = {(network.channels, network.outputs) for network in networks}
        if len(shapes) != 1:
            raise InputError(
                f"Networks with (channels, outputs) {sorted(shapes)} cannot form an ensemble; "
                f"they must agree, and there must be at least one."
            )
        ((self.channels, self.outputs),) = shapes
        self.networks = nn.ModuleList(networks)
        self.precision = precision

    @classmethod
    def create(
        cls, architecture: Architecture, members: int, *, seed: int, generation: int = 0
    ) -> Ensemble:
        """Make new networks; each one's weights depend only on seed, generation and its number."""
        networks = []
        with torch.random.fork_rng(devices=[]):
            for member in range(members):
                state = np.random.SeedSequence((seed, generation, member)).generate_state(1)
                torch.manual_seed(int(state[0]))
                networks.append(architecture.build())
        return cls(networks)

    def __len__(self) -> int:
        """E, the number of members."""
        return len(self.networks)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def place(self, device: torch.device | str, precision: torch.dtype) -> Ensemble:
        """Move the weights to a device, laid out for fast convolutions, and return self."""
        self.precision = precision
        return self.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def select(self, members: Sequence[int]) -> Ensemble:
        """Return an ensemble of some of the members; the networks are shared, not copied."""
        chosen = [network for m in members if isinstance(network := self.networks[m], UNet)]
        return Ensemble(chosen, precision=self.precision)

    def parts(self, members: Sequence[int]) -> Iterator[tuple[list[int], Ensemble]]:
        """Those of some members, and the ensemble of them, that are best trained together.

        On a CPU one at a time, so that only one member's activations are in memory.
        """
        alone = self.device.type == "cpu"
        for group in [[m] for m in members] if alone else [list(members)]:
            yield group, self.select(group)

    def forward(self, image: Tensor) -> Tensor:
        """Logits ``(E, B, K, Y, X)`` of gray values ``(E, B, C, Y, X)``, both float32.

        With ``(1, B, C, Y, X)`` all members see the same images.
        """
        image = image.expand(len(self), *image.shape[1:])
        with torch.autocast(
            self.device.type, self.precision, enabled=self.precision != torch.float32
        ):
            logits = [
                network(x.contiguous(memory_format=torch.channels_last))  # (B, K, Y, X)
                for network, x in zip(self.networks, image, strict=True)
            ]
        return torch.stack(logits)  # (E, B, K, Y, X)
