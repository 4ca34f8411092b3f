"""Places where networks differ, with what each of them sees there: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...boxes import Box, padded
from ...cells import Cells, find_cells
from ...places import Place, find_places
from ...task import LabelScheme

_Bool = npt.NDArray[np.bool_]

MARGIN = 10
"""Pixels around a place that belong to its label box: the cell, and some of what is around."""


class Answer:
    """What may be in a box; takes little memory, as there may be many thousands.

    Parameters
    ----------
    channels
        ``(K, Y, X)`` of the box, see `LabelScheme.to_channels`.
    centers
        Cells in the box ``(N, 2)``, in pixels of the image.
    """

    __slots__ = ("_packed", "_shape", "centers")

    def __init__(self, channels: _Bool, centers: npt.NDArray[np.float64]) -> None:
        self.centers = centers
        self._shape = channels.shape
        self._packed = np.packbits(channels)

    @property
    def channels(self) -> _Bool:
        """As they were given."""
        count = int(np.prod(self._shape))
        return np.unpackbits(self._packed, count=count).reshape(self._shape).astype(bool)


@dataclass(frozen=True, eq=False)
class FoundPlace:
    """A place with the answers to choose from.

    Attributes
    ----------
    place
        What is known of it.
    box
        Its label box: larger than the place itself by `MARGIN`.
    guess
        What the networks say together.
    members
        What each says.
    nothing
        No class at all.

    Of a place that was decided on another day the last three are not known any more.
    """

    place: Place
    box: Box
    guess: Answer | None = None
    members: tuple[Answer, ...] = ()
    nothing: Answer | None = None

    def answers(self) -> list[tuple[str, Answer]]:
        """What may be there, by name; nothing for a place of another day."""
        if self.guess is None or self.nothing is None:
            return []
        names = [f"network {letter(number)}" for number in range(len(self.members))]
        return [
            ("all together", self.guess),
            *zip(names, self.members, strict=True),
            ("nothing", self.nothing),
        ]


def letter(number: int) -> str:
    """Of a network."""
    return chr(ord("A") + number) if number < 26 else str(number + 1)


def look_for_places(
    guess: _Bool,
    members: npt.NDArray[np.uint8],
    scheme: LabelScheme,
    frame: int,
    cells: Sequence[Cells] = (),
) -> tuple[FoundPlace, ...]:
    """Find the places of one frame.

    Parameters
    ----------
    guess, members
        Hard labels ``(K, Y, X)`` of all networks together, and ``(E, K, Y, X)`` of each.
    scheme, frame
        What the labels mean, and of which frame they are.
    cells
        Those of all together and of each, if they are known.
    """
    if len(members) < 2:
        return ()
    places = find_places(members, scheme, image="", frame=frame)
    if not places:
        return ()
    everything = [guess, *(member != 0 for member in members)]
    cells = cells or [find_cells(channels, scheme) for channels in everything]
    positions = scheme.position is not None
    centers = [item.centers if positions else np.zeros((0, 2)) for item in cells]
    nobody = scheme.to_channels(scheme.to_target(np.zeros_like(guess)))
    found = []
    for place in places:
        box = padded(place.box, MARGIN, (guess.shape[1], guess.shape[2]))
        first, *others = (
            Answer(_crop(channels, box), _inside(points, box))
            for channels, points in zip(everything, centers, strict=True)
        )
        nothing = Answer(_crop(nobody, box), np.zeros((0, 2)))
        found.append(FoundPlace(place, box, first, tuple(others), nothing))
    return tuple(found)


def _crop(channels: _Bool, box: Box) -> _Bool:
    return channels[:, box[0] : box[2], box[1] : box[3]].copy()


def _inside(points: npt.NDArray[np.float64], box: Box) -> npt.NDArray[np.float64]:
    return points[inside(points, box)]


def inside(points: npt.NDArray[np.float64], box: Box) -> _Bool:
    """Which points (row, column) ``(N, 2)`` lie on a pixel of a box."""
    nearest = np.rint(points)
    within: _Bool = np.all((nearest >= box[:2]) & (nearest < box[2:]), axis=1)
    return within
