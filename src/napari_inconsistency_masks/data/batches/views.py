"""Unlabeled images for one step: each image flipped and turned, and changed further.

Everything random is a function of (seed, generation, member, step), as for labeled images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...config import AugmentConfig
from ..sample import Source
from .photometric import Photometric
from .pieces import cut
from .tensors import tensor_of
from .transforms import draw, move

ONLY_MOVED = AugmentConfig(contrast=0, brightness=0, blur=0, noise=0)
"""Weak augmentation: flips and, where these are as likely, quarter turns."""


@dataclass(frozen=True)
class Views:
    """What a method wants to see of unlabeled images, besides the weak view.

    Attributes
    ----------
    strong
        How many strong views: the weak view with other gray values, pixel for pixel in place.
    change
        What happens to the gray values of a strong view.
    """

    strong: int = 0
    change: Photometric | None = None


@dataclass(frozen=True)
class Unlabeled:
    """One step's unlabeled images, U for each member.

    Attributes
    ----------
    weak
        float32 ``(E, U, C, Y, X)``, 0 to 255: flipped and turned.
    strong
        As many views of the same pixels as the method wants, each like ``weak``.
    valid
        bool ``(E, U, 1, Y, X)``: False where an image was smaller than its piece, has no value,
        or has labels of its own.
    rngs
        One for each member: for what else the method draws in this step.
    """

    weak: Tensor
    strong: tuple[Tensor, ...]
    valid: Tensor
    rngs: tuple[np.random.Generator, ...]


@dataclass(frozen=True)
class UnlabeledImages:
    """Makes the unlabeled images of each step.

    Attributes
    ----------
    samples
        Their targets are never looked at.
    views
        What to make of each.
    count
        U, images per member and step.
    shape
        Height and width of a piece.
    seed, generation
        Origin of everything random.
    free_rotation
        Whether images may be turned and flipped upside down.
    device
        Where the images are needed.
    """

    samples: Source
    views: Views
    count: int
    shape: tuple[int, int]
    seed: int = 0
    generation: int = 0
    free_rotation: bool = True
    device: torch.device | str = "cpu"

    @property
    def pixels(self) -> int:
        """Pixels of a step, per member, all views counted."""
        return self.count * (1 + self.views.strong) * self.shape[0] * self.shape[1]

    def batch(self, members: Sequence[int], step: int) -> Unlabeled:
        """Make the images of step number ``step`` for some of the members."""
        return self.prepare(members, step)()

    def prepare(self, members: Sequence[int], step: int) -> Callable[[], Unlabeled]:
        """Read and cut the images of a step, as `Loader.prepare` does; then they are changed."""
        pieces, known, rngs = [], [], []
        for member in members:
            for slot in range(self.count):
                rng = self._rng(member, step, slot, 4)
                sample = self.samples[self._index(member, step * self.count + slot)]
                piece = cut(sample, self.shape, rng, unlabeled=True)
                change = draw(rng, ONLY_MOVED, free_rotation=self.free_rotation)
                pieces.append(move(tensor_of(piece.image), change))
                known.append(move(tensor_of(piece.known), change))
                rngs.append(rng)
        lead = (len(members), self.count)
        weak = torch.stack(pieces)  # (E * U, C, Y, X)
        valid = torch.stack(known)  # (E * U, 1, Y, X)

        def finish() -> Unlabeled:
            images = weak.to(self.device)
            strong = [self._changed(images, rngs) for _ in range(self.views.strong)]
            return Unlabeled(
                weak=images.float().unflatten(0, lead),
                strong=tuple(view.unflatten(0, lead) for view in strong),
                valid=valid.to(self.device).unflatten(0, lead),
                rngs=tuple(self._rng(member, step, 5) for member in members),
            )

        return finish

    def _rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, self.generation, *key))

    def _changed(self, images: Tensor, rngs: Sequence[np.random.Generator]) -> Tensor:
        assert self.views.change is not None
        change = self.views.change
        return torch.stack([change(x, rng) for x, rng in zip(images, rngs, strict=True)])

    def _index(self, member: int, position: int) -> int:
        """The sample at a position of the endless stream: pass after pass, in new orders."""
        turn, place = divmod(position, len(self.samples))
        key = (self.seed, self.generation, member, turn, 6)
        return int(_order(key, len(self.samples))[place])


@lru_cache(maxsize=64)
def _order(key: tuple[int, ...], count: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(key).permutation(count)
