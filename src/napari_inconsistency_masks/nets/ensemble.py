"""Several networks as one, with the member axis E in front."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import psutil
import torch
from torch import Tensor, nn

from ..devices import layout, naming_lack_of_memory, release_memory
from ..errors import InputError
from .backbones import NETWORKS
from .network import Network, Streams
from .pretrained import load_encoder

T = TypeVar("T")


@dataclass(frozen=True)
class Architecture:
    """What a network is built from; stored with its weights.

    Attributes
    ----------
    channels, outputs
        C and K.
    width
        The paper's alpha.
    network
        One of `NETWORKS`.
    encoder_weights
        File with published weights that the encoders of new networks begin with, or None.
    """

    channels: int
    outputs: int
    width: float = 1.0
    network: str = "unet"
    encoder_weights: str | None = None

    def build(self) -> Network:
        """Make the network with new random weights."""
        return NETWORKS[self.network](self.channels, self.outputs, self.width)

    def begin(self) -> Network:
        """Make the network with the weights that it begins to learn with."""
        network = self.build()
        if self.encoder_weights is not None:
            load_encoder(network, self.encoder_weights)
        return network


class Ensemble(nn.Module):
    """Members that see the same or different images and never each other.

    How members are executed is hidden here (on a CPU, grouped convolutions and vmap are slower than
    one network after the other). Convolutions run in ``precision``, weights and logits are float32.

    Parameters
    ----------
    networks
        The members; all with the same C and K.
    precision
        Data type of the convolutions, bfloat16 or float32.

    Attributes
    ----------
    together
        Whether members learn in one go.
    beside_per_pixel
        Numbers that a step keeps per pixel beside those of a member, for what learns with it.
    beside_per_step
        The same, of numbers in float32 that do not depend on pixels.

    Raises
    ------
    InputError
        Without members, or when they differ in C or K.
    """

    def __init__(
        self, networks: Sequence[Network], *, precision: torch.dtype = torch.float32
    ) -> None:
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
        self.together = False
        self.beside_per_pixel = 0.0
        self.beside_per_step = 0

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
                networks.append(architecture.begin())
        return cls(networks)

    def __len__(self) -> int:
        """E, the number of members."""
        return len(self.networks)

    @property
    def members(self) -> list[Network]:
        """The networks."""
        return [network for network in self.networks if isinstance(network, Network)]

    @property
    def divisor(self) -> int:
        """Sides of images that are multiples of this need no padding; see `Network`."""
        return math.lcm(*(network.divisor for network in self.members))

    @property
    def halo(self) -> int:
        """Pixels around a tile that are shown to the members; a multiple of `divisor`."""
        needed = max(network.halo for network in self.members)
        return math.ceil(needed / self.divisor) * self.divisor

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def place(self, device: torch.device | str, precision: torch.dtype) -> Ensemble:
        """Move the weights to a device, laid out for fast convolutions, and return self."""
        device = torch.device(device)
        self.precision = precision
        self.together = device.type != "cpu"
        return self.to(device=device, memory_format=layout(device))  # type: ignore[call-overload,no-any-return]

    def select(self, members: Sequence[int]) -> Ensemble:
        """Return an ensemble of some of the members; the networks are shared, not copied."""
        chosen = [network for m in members if isinstance(network := self.networks[m], Network)]
        return Ensemble(chosen, precision=self.precision)

    def train_parts(
        self, members: Sequence[int], learn: Callable[[list[int], Ensemble], T], pixels: int
    ) -> list[T]:
        """Let the members learn, in the way that is fastest where they are.

        On a GPU all together, or each alone once the memory was not enough for that. On a CPU each
        alone, several at once on a core each: that is faster than several cores for one small
        network. As many at once as fit into half of the free memory.

        Parameters
        ----------
        members
            Those that learn.
        learn
            Called with some of the members and the ensemble of them; with others at the same time,
            from other threads. After it ran out of memory it is called again; gradients of the
            members are cleared then, and what learns beside them is its own business.
        pixels
            B times Y times X of a step, per member.

        Returns
        -------
        list
            What ``learn`` returned, in the order of the members.
        """
        if self.together:
            try:
                with naming_lack_of_memory():
                    return [learn(list(members), self.select(members))]
            except torch.OutOfMemoryError:
                self.together = False
            self.zero_grad(set_to_none=True)  # outside of except, which keeps the tensors alive
            release_memory(self.device)
        parts = [([member], self.select([member])) for member in members]
        side_by_side = self._side_by_side(len(parts))
        if side_by_side == 1:
            with naming_lack_of_memory():
                return [learn(*part) for part in parts]
        threads = torch.get_num_threads() // side_by_side
        workers = min(side_by_side, self._fitting(pixels))
        return list(_pool(workers, threads).map(lambda part: learn(*part), parts))

    def _side_by_side(self, parts: int) -> int:
        """How many members may learn at the same time when each learns alone.

        Each then has its share of the threads, even if memory lets fewer of them learn at a time:
        numbers depend on how many threads add them up, and must not on what other programs use.
        """
        return 1 if self.device.type != "cpu" else min(parts, torch.get_num_threads())

    def _fitting(self, pixels: int) -> int:
        """How many members have the memory to learn at the same time."""
        return max(1, int(psutil.virtual_memory().available / 2 / self.training_bytes(pixels)))

    def training_bytes(self, pixels: int) -> float:
        """About what one member needs for a step: measured, for inputs of some pixels."""
        per_value = 2 if self.precision == torch.bfloat16 else 4
        values = max(network.values_per_pixel for network in self.members)
        per_pixel = per_value * (values + self.beside_per_pixel)
        return per_pixel * pixels + 4 * self.beside_per_step

    def forward(self, image: Tensor, streams: Sequence[Streams] = ()) -> Tensor:
        """Logits ``(E, B, K, Y, X)`` of gray values ``(E, B, C, Y, X)``, both float32.

        With ``(1, B, C, Y, X)`` all members see the same images. With ``streams``, one for each
        member, the logits are of the features that these make: ``(E, n, K, Y, X)``.
        """
        each = iter(streams)
        return torch.stack(self._each(image, lambda network, x: network(x, next(each, None))))

    def with_heads(self, image: Tensor, heads: Sequence[nn.Module]) -> tuple[Tensor, list[Tensor]]:
        """Logits ``(E, B, K, Y, X)``, and what each member's own head makes of the last features.

        A head is given the features ``(B, channels, Y', X')`` and the height and width of the whole
        logits, of which those of the images are the upper left part.
        """
        made: list[Tensor] = []

        def compute(network: Network, x: Tensor) -> Tensor:
            features = network.decode(network.encode(x))  # (B, ., Y', X')
            logits = network.classify(features)  # (B, K, >= Y, >= X)
            made.append(heads[len(made)](features, logits.shape[-2:]))
            return logits[..., : x.shape[-2], : x.shape[-1]]

        return torch.stack(self._each(image, compute)), made

    def _each(self, image: Tensor, compute: Callable[[Network, Tensor], Tensor]) -> list[Tensor]:
        """What each member makes of its images ``(B, C, Y, X)``, convolved in `precision`."""
        image, lies = image.expand(len(self), *image.shape[1:]), layout(self.device)
        with torch.autocast(
            self.device.type, self.precision, enabled=self.precision != torch.float32
        ):
            return [
                compute(network, x.contiguous(memory_format=lies))
                for network, x in zip(self.members, image, strict=True)
            ]


@cache
def _pool(workers: int, threads: int) -> ThreadPoolExecutor:
    """Threads that each use some processor cores; kept, since the memory they hold is reused."""
    return ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(threads,))
