"""Whose turn it is in the places of batches, when several streams of images have shares of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

ROUND = 100
"""Places after which the turns repeat where a batch has fewer places than there are streams."""


@dataclass(frozen=True)
class Turns:
    """Which stream each place of the batches is for, and which of its items.

    Attributes
    ----------
    order
        The stream of each place; it repeats for ever.
    places
        In a batch; the next batch goes on with the next turn.
    """

    order: tuple[int, ...]
    places: int

    @classmethod
    def of(cls, shares: Sequence[float | None], batch: int) -> Turns:
        """Deal out the places of batches.

        Parameters
        ----------
        shares
            Of each stream its part of every batch, or None for what the others leave; at most one
            is None, the last.
        batch
            Most places in a batch. If it has one for each stream, every batch has the same number
            of each, at least one; else they take turns, as often as their shares say.
        """
        if len(shares) > batch:
            return cls(_interleaved(_counts(shares, ROUND)), batch)
        counts = _counts(shares, batch)
        order = tuple(stream for stream, count in enumerate(counts) for _ in range(count))
        return cls(order, len(order))

    def at(self, batch: int, place: int) -> tuple[int, int]:
        """The stream of a place in a batch, and how many places it has had before."""
        rounds, index = divmod(batch * self.places + place, len(self.order))
        stream = self.order[index]
        return stream, rounds * self._count[stream] + self._before[index]

    @cached_property
    def _count(self) -> Counter[int]:
        """How many places each stream has until the turns repeat."""
        return Counter(self.order)

    @cached_property
    def _before(self) -> tuple[int, ...]:
        """How many places before each are for the same stream."""
        so_far, before = Counter[int](), []
        for stream in self.order:
            before.append(so_far[stream])
            so_far[stream] += 1
        return tuple(before)


def _counts(shares: Sequence[float | None], places: int) -> list[int]:
    """How many of some places each stream has: at least one, and no more than there are."""
    rest = None in shares
    most = places - rest
    counts = [min(most, max(1, round(places * s))) for s in shares if s is not None]
    while sum(counts) > most:
        counts[counts.index(max(counts))] -= 1
    return [*counts, places - sum(counts)] if rest else counts


def _interleaved(counts: Sequence[int]) -> tuple[int, ...]:
    """The streams in an order in which each comes as evenly as it can."""
    turns = [((turn + 0.5) / n, stream) for stream, n in enumerate(counts) for turn in range(n)]
    return tuple(stream for _, stream in sorted(turns))
