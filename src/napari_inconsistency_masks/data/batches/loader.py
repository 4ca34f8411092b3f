"""Batches for training: which images, which piece of each, changed how.

Everything random is a function of (seed, generation, member, step), never of what was drawn
before: a run that goes on after a stop gets the same batches as one that never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...config import AugmentConfig
from ...errors import InputError
from ..sample import Source
from .pieces import cut, piece_shape
from .tensors import tensor_of
from .transforms import Change, draw, move, recolor
from .turns import Turns
from .views import Unlabeled


@dataclass(frozen=True)
class Part:
    """Samples that are trained on in the same way.

    Attributes
    ----------
    samples
        With targets.
    strength
        How strongly they are augmented, or None for not at all.
    copies
        With a strength: 0 changes an image anew each time it is seen; n makes n fixed changed
        copies of it, the same for every network, as if they had been written to disk.
    originals
        With fixed copies: whether the unchanged image is trained on as well.
    share
        Part of every batch, or None for the natural share of what the other parts leave. Batches
        with fewer images than there are shares have it over many steps.
    around_known
        Whether pieces are cut around known pixels, such as those of a label box.
    times
        Per sample, how many copies it has instead of ``copies``; or, where there are no fixed
        copies, how often it is seen in each pass. Empty for all alike.
    lasting
        Whether fixed copies are the same in every generation.
    """

    samples: Source
    strength: AugmentConfig | None = None
    copies: int = 0
    originals: bool = True
    share: float | None = None
    around_known: bool = False
    times: Sequence[int] = ()
    lasting: bool = True


@dataclass(frozen=True)
class Batch:
    """One step's images, for several members.

    Attributes
    ----------
    image
        float32 ``(E, B, C, Y, X)``, 0 to 255.
    target
        uint8 ``(E, B, K, Y, X)`` or, multi-class, ``(E, B, Y, X)``.
    known
        bool ``(E, B, 1 or K, Y, X)``: where the target counts, or None for everywhere.
    unlabeled
        Images without labels, for methods that learn from them, or None.
    """

    image: Tensor
    target: Tensor
    known: Tensor | None
    unlabeled: Unlabeled | None = None


@dataclass(frozen=True)
class _Item:
    part: int
    sample: int
    copy: int


@dataclass(frozen=True)
class _Drawn:
    change: Change
    image: Tensor
    target: Tensor
    known: Tensor
    blank: Tensor


@dataclass(frozen=True)
class _Stream:
    """Items that are passed through in random order, with their part of every batch."""

    items: tuple[_Item, ...]
    share: float | None


class Loader:
    """Make the batches of one generation.

    Parameters
    ----------
    parts
        What is trained on.
    batch
        B, images per member and step.
    patch
        Largest side of a piece; see `piece_shape`.
    seed, generation
        Origin of everything random.
    free_rotation
        Whether images may be turned and flipped upside down.
    reblank
        Whether blanked pixels are set to 0 again after the gray values changed.
    device
        Where the batches are needed.

    Raises
    ------
    InputError
        If there is no sample.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        batch: int,
        patch: int = 256,
        seed: int = 0,
        generation: int = 0,
        free_rotation: bool = True,
        reblank: bool = False,
        device: torch.device | str = "cpu",
    ) -> None:
        self._parts = [part for part in parts if len(part.samples)]
        if not self._parts:
            raise InputError("There is no labeled image to train on; label at least one.")
        self._streams = _streams(self._parts)
        self._turns = Turns.of([stream.share for stream in self._streams], batch)
        self._orders: dict[tuple[int, int], tuple[tuple[int, ...], npt.NDArray[np.int64]]] = {}
        self._key = (seed, generation)
        self._free_rotation, self._reblank = free_rotation, reblank
        self._device = torch.device(device)
        self.shape = piece_shape(self._parts[0].samples, patch, square=free_rotation)

    def __len__(self) -> int:
        """Images (with their fixed copies) that one pass sees."""
        return sum(len(stream.items) for stream in self._streams)

    @property
    def pixels(self) -> int:
        """B times Y times X of a step, per member."""
        return self._turns.places * self.shape[0] * self.shape[1]

    def batch(self, members: Sequence[int], step: int) -> Batch:
        """Make step number ``step`` of the generation for some of the members."""
        return self.prepare(members, step)()

    def prepare(self, members: Sequence[int], step: int) -> Callable[[], Batch]:
        """Read and cut the images of a step; what is returned makes the batch where it is needed.

        May be called in another thread, by one at a time.
        """
        drawn = [
            self._draw(member, step, *slot)
            for member in members
            for slot in self._slots(member, step)
        ]
        changes = [d.change for d in drawn]
        planes = max(len(d.known) for d in drawn)  # of pseudo-labels perhaps one per output
        image = torch.stack([d.image for d in drawn])  # (E * B, C, Y, X)
        target = torch.stack([d.target for d in drawn])  # (E * B, K, Y, X) or (E * B, Y, X)
        known = torch.stack([d.known.expand(planes, -1, -1) for d in drawn])
        blank = torch.stack([d.blank for d in drawn]) if self._reblank else None
        all_known = bool(known.all())
        lead = (len(members), len(drawn) // len(members))

        def finish() -> Batch:
            pixels = recolor(image.to(self._device), changes)
            if blank is not None:
                pixels = pixels.masked_fill(blank.to(self._device), 0)
            return Batch(
                image=pixels.float().unflatten(0, lead),
                target=target.to(self._device).unflatten(0, lead),
                known=None if all_known else known.to(self._device).unflatten(0, lead),
            )

        return finish

    def _slots(self, member: int, step: int) -> Iterator[tuple[int, _Item]]:
        """Place in the batch and item; a stream that is through starts over in a new order."""
        for slot in range(self._turns.places):
            number, position = self._turns.at(step, slot)
            items = self._streams[number].items
            turn, index = divmod(position, len(items))
            yield slot, items[self._order(member, number, turn)[index]]

    def _order(self, member: int, stream: int, turn: int) -> npt.NDArray[np.int64]:
        key = (*self._key, member, stream, turn)
        if self._orders.get((member, stream), ((), None))[0] != key:
            order = np.random.default_rng(key).permutation(len(self._streams[stream].items))
            self._orders[member, stream] = (key, order)
        return self._orders[member, stream][1]

    def _draw(self, member: int, step: int, slot: int, item: _Item) -> _Drawn:
        part = self._parts[item.part]
        rng = np.random.default_rng((*self._key, member, step, slot, 1))
        sample = part.samples[item.sample]
        piece = cut(sample, self.shape, rng, around_known=part.around_known)
        change = self._change(part, item, rng)
        arrays = (piece.image, piece.target, piece.known, piece.blank)
        moved = [move(tensor_of(a), change) for a in arrays]
        return _Drawn(change, *moved)

    def _change(self, part: Part, item: _Item, rng: np.random.Generator) -> Change:
        if part.strength is None or (part.copies and item.copy == 0):
            return Change()
        if part.copies:
            key = (self._key[0], item.part, item.sample, item.copy, 2)
            rng = np.random.default_rng(key if part.lasting else (*key, self._key[1]))
        return draw(rng, part.strength, free_rotation=self._free_rotation)


def _streams(parts: Sequence[Part]) -> list[_Stream]:
    """One stream per part with a share, and one for all the others together."""
    items = [tuple(_items(number, part)) for number, part in enumerate(parts)]
    others = sum((items[n] for n, part in enumerate(parts) if part.share is None), ())
    shared = [(items[n], part.share) for n, part in enumerate(parts) if part.share is not None]
    return [*(_Stream(*each) for each in shared), *([_Stream(others, None)] if others else [])]


def _items(number: int, part: Part) -> Iterator[_Item]:
    for sample in range(len(part.samples)):
        fixed = part.strength is not None and part.copies > 0
        many = part.times[sample] if part.times else part.copies if fixed else 1
        copies = range(0 if part.originals else 1, many + 1) if fixed else range(many)
        for copy in copies:
            yield _Item(number, sample, copy)
