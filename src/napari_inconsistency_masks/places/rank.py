"""Which places to correct first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..boxes import Box
from ..errors import InputError
from .place import Place

_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]

DIVERSE = 500
"""So many places are chosen one after the other; the rest follows by what is left of its score."""

_SAME_CLASS = 1.0
_DISAGREEMENT = 0.25
_DOUBLINGS = 2.0
_GRAY = 24.0
_MOST = 3
"""Differences that make two places unlike: in a class, in disagreement, in doublings of the area,
in gray values; counts that differ by more than `_MOST` look alike."""


def rank(
    places: Sequence[Place],
    limit: int | None = None,
    diversity: float = 0.5,
    seen: Sequence[Place] = (),
) -> list[Place]:
    """Order places by what a correction teaches: high scores first, but not the same again.

    Places are taken one after the other, each time the one with the highest ``score * (1 -
    diversity * (alike + crowded) / 2)``. `alike` is 1 for a place that differs in nothing (area,
    disagreement, classes, counts, gray values) from one taken before, and falls to 0 the less
    they are alike. `crowded` is n / (n + 1) after n places of the same frame.

    Parameters
    ----------
    places
        Of any number of images and frames.
    limit
        How many to return; None for all.
    diversity
        0 to 1; 0 orders by score alone.
    seen
        Places that were corrected or skipped. They count as taken, and places with their center
        in the box of one of them are left out.

    Returns
    -------
    list of Place
        The same for the same places in any order. Only the first `DIVERSE` are chosen one by one.

    Raises
    ------
    InputError
        If the diversity is not 0 to 1, or the limit is negative.
    """
    if not 0 <= diversity <= 1:
        raise InputError(f"diversity = {diversity:g}: give a number from 0 to 1.")
    if limit is not None and limit < 0:
        raise InputError(f"limit = {limit}: give 0 or more, or None for all places.")
    boxes: dict[tuple[str, int], list[Box]] = {}
    for place in seen:
        boxes.setdefault(_where(place), []).append(place.box)
    waiting = sorted(places, key=_order)
    waiting = [p for p in waiting if not _covered(p, boxes.get(_where(p), ()))]
    limit = len(waiting) if limit is None else min(limit, len(waiting))
    if not limit:
        return []
    choice = _Choice(waiting, seen, diversity)
    chosen = [choice.take_next() for _ in range(min(limit, DIVERSE))]
    rest = choice.remaining()[: limit - len(chosen)]
    return [waiting[index] for index in [*chosen, *rest]]


class _Choice:
    """The greedy choice; `candidates` are in the order that decides between equals."""

    def __init__(
        self, candidates: Sequence[Place], seen: Sequence[Place], diversity: float
    ) -> None:
        everything = [*candidates, *seen]
        self._features = _features(everything)
        self._squared = (self._features**2).sum(axis=1)
        names = {key: n for n, key in enumerate(dict.fromkeys(map(_where, everything)))}
        self._frame = np.array([names[_where(place)] for place in everything], np.int64)
        self._taken_of_frame = np.zeros(len(names), np.int64)
        self._score = np.array([place.score for place in candidates])
        self._alike = np.zeros(len(candidates))
        self._left = np.ones(len(candidates), dtype=bool)
        self._diversity = diversity
        for index in range(len(candidates), len(everything)):
            self._count(index)

    def take_next(self) -> int:
        index = int(np.where(self._left, self._worth(), -np.inf).argmax())
        self._left[index] = False
        self._count(index)
        return index

    def remaining(self) -> list[int]:
        """The indices not taken, by their worth now."""
        left = np.flatnonzero(self._left)
        order: list[int] = left[np.argsort(-self._worth()[left], kind="stable")].tolist()
        return order

    def _worth(self) -> _Float:
        taken = self._taken_of_frame[self._frame[: len(self._score)]]
        crowded = taken / (taken + 1)
        worth: _Float = self._score * (1 - self._diversity * (self._alike + crowded) / 2)
        return worth

    def _count(self, index: int) -> None:
        """Let a place count as taken."""
        self._taken_of_frame[self._frame[index]] += 1
        product = self._features[: len(self._score)] @ self._features[index]
        distance = self._squared[: len(self._score)] + self._squared[index] - 2 * product
        self._alike = np.maximum(self._alike, np.exp(-distance.clip(0) / 2))


def _features(places: Sequence[Place]) -> _Float:
    """What makes places alike, ``(N, features)``: a difference of 1 is a clear one."""
    classes = sorted({name for place in places for name in place.classes})
    kinds = max((len(counts) for place in places for counts in place.outcomes), default=0)
    looks = max((len(place.appearance) for place in places), default=0)
    rows = [
        [
            np.log2(place.area) / _DOUBLINGS,
            place.disagreement / _DISAGREEMENT,
            *((name in place.classes) * _SAME_CLASS for name in classes),
            *_filled(_range_of_counts(place), 2 * kinds),
            *_filled([gray / _GRAY for gray in place.appearance], looks),
        ]
        for place in places
    ]
    return np.array(rows, np.float64)


def _range_of_counts(place: Place) -> list[float]:
    """The lowest and highest count of the members for each kind of cell."""
    each_kind = list(zip(*place.outcomes, strict=True))
    return [float(min(e(counts), _MOST)) for counts in each_kind for e in (min, max)]


def _filled(values: Sequence[float], length: int) -> list[float]:
    return [*values, *[0.0] * (length - len(values))]


def _covered(place: Place, boxes: Sequence[Box]) -> bool:
    row, column = place.center
    return any(top <= row < bottom and left <= column < right for top, left, bottom, right in boxes)


def _where(place: Place) -> tuple[str, int]:
    return (place.image, place.frame)


def _order(place: Place) -> tuple[object, ...]:
    p = place
    same_score = (p.image, p.frame, p.box, p.center, p.area, p.classes, p.outcomes)
    return (-p.score, *same_score, p.disagreement, p.appearance)
