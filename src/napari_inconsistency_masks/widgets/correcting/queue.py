"""The list of places to correct, in the order in which they teach most: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...boxes import Box
from ...places import Place, rank
from ..layers.frames import FrameAxes
from ..layers.subject import Subject
from ..predicting.found_places import FoundPlace

OPEN, DONE, SKIPPED = "open", "done", "skipped"
MOST = 200
"""Open places that are listed; the next ones follow when these are done."""


@dataclass(eq=False)
class QueuedPlace:
    """A place of an image, what became of it, and whether a person has been there."""

    subject: Subject
    found: FoundPlace
    state: str = OPEN
    visited: bool = False

    @property
    def image(self) -> Any:
        """The layer to correct; None for a file that is not open."""
        return self.subject.layer

    @property
    def axes(self) -> FrameAxes:
        """Of the image."""
        return self.subject.axes

    @property
    def frame(self) -> int:
        """Where in the image."""
        return self.found.place.frame


class Queue:
    """Places in order: those that were decided on, or visited, stay where they are.

    The others are ranked. Were visited ones ranked as well, they would come next again and again,
    and nobody who goes on would ever see the third.

    Attributes
    ----------
    places : list of QueuedPlace
    current : QueuedPlace or None
        The one a person is at.
    """

    def __init__(self) -> None:
        self.places: list[QueuedPlace] = []
        self.current: QueuedPlace | None = None

    @property
    def done(self) -> int:
        """How many were accepted."""
        return sum(place.state == DONE for place in self.places)

    @property
    def kept(self) -> list[QueuedPlace]:
        """Those that were decided on, and the one a person is at."""
        return [item for item in self.places if item.state != OPEN or item is self.current]

    def come_to(self, item: QueuedPlace) -> None:
        """A person is at this place now."""
        self.current, item.visited = item, True

    def take(self, ranked: Iterable[QueuedPlace]) -> None:
        """List open places after those that stay; one that is listed stays the same object."""
        kept = self.kept
        decided = {_key(item) for item in kept}
        listed = {_key(item): item for item in self.places}
        others = []
        for item in ranked:
            if _key(item) not in decided:
                same = listed.get(_key(item), item)
                same.visited &= same.found is item.found  # not as it is predicted now
                same.found = item.found
                others.append(same)
        stay = {id(item) for item in [*kept, *(item for item in others if item.visited)]}
        self.places = [item for item in self.places if id(item) in stay]
        self.places += [item for item in others if not item.visited]

    def remember(self, decided: Iterable[QueuedPlace]) -> None:
        """List places that were decided on another day, before all others."""
        self.places = [*decided, *self.places]

    def forget(self, subjects: Collection[Subject]) -> None:
        """List no places of some images any more."""
        self.places = [item for item in self.places if item.subject not in subjects]
        if self.current is not None and self.current.subject in subjects:
            self.current = None

    def listed(self, item: QueuedPlace) -> QueuedPlace:
        """The same place as it is listed now; it is listed anew if it no longer was."""
        found = next((other for other in self.places if _key(other) == _key(item)), None)
        if found is None:
            self.places.append(item)
        return found or item

    def keep(self, item: QueuedPlace) -> None:
        """Have this very place listed, also if it was left out, or listed anew, meanwhile."""
        self.places = [item if _key(other) == _key(item) else other for other in self.places]
        if item not in self.places:
            self.places.append(item)

    def after(self, item: QueuedPlace | None) -> QueuedPlace | None:
        """The next open place, from the beginning again after the last."""
        start = self.places.index(item) + 1 if item in self.places else 0
        order = [*self.places[start:], *self.places[:start]]
        return next((place for place in order if place.state == OPEN and place is not item), None)

    def before(self, item: QueuedPlace | None) -> QueuedPlace | None:
        """The place before, whatever became of it."""
        place = self.places.index(item) if item in self.places else 0
        return self.places[place - 1] if place else None


def in_order(
    candidates: Sequence[QueuedPlace], kept: Sequence[QueuedPlace]
) -> Generator[None, None, list[QueuedPlace]]:
    """Rank open places, those last that are like the kept ones; takes a moment for many."""
    yield
    by_key = {_key(item): item for item in candidates}
    places = [_named(item) for item in by_key.values()]
    ranked = rank(places, MOST, seen=[_named(item) for item in kept])
    return [by_key[place.image, place.frame, place.box] for place in ranked]


def _named(item: QueuedPlace) -> Place:
    """The place under a name that no other image has."""
    return replace(item.found.place, image=str(id(item.subject)))


def _key(item: QueuedPlace) -> tuple[str, int, Box]:
    return str(id(item.subject)), item.frame, item.found.place.box
