"""By which rule the cells or objects that networks predict are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

HALF = 0.5
"""Probability above which a pixel has a class, where classes may overlap or there is one."""


@dataclass(frozen=True)
class CountRule:
    """Which of the marks, or objects, that networks predict are counted.

    In what people draw all count. What training finds out on its validation images is in
    `cells.rules`.

    Attributes
    ----------
    mark_threshold
        Probability above which a predicted pixel belongs to a mark of the position class. Of all
        other classes it is 0.5.
    smallest_mark
        Pixels of the smallest mark that is a cell, see `cells.marks`; None to leave out all that
        the paper's rule does.
    smallest_objects
        Without a position class: pixels of the smallest object of each class that counts; empty if
        all do.
    waists
        Without a position class: how deep a waist, in pixels, parts an object of each class in two,
        see `cells.parting`; 0 for a class of which none is parted, empty if none of any is.
    """

    mark_threshold: float = HALF
    smallest_mark: int | None = 1
    smallest_objects: tuple[int, ...] = ()
    waists: tuple[float, ...] = ()

    @property
    def once_parted(self) -> CountRule:
        """The same rule for objects that were parted by it before."""
        return replace(self, waists=())

    @classmethod
    def of_networks(cls, scheme: Mapping[str, Any]) -> CountRule:
        """The rule in the JSON values of a scheme of trained networks.

        Versions that said nothing of marks counted as the paper does; later ones had no `rule`, but
        what is in it.
        """
        told = scheme.get("rule", scheme)
        return cls(
            told.get("mark_threshold", HALF),
            told.get("smallest_mark"),
            tuple(told.get("smallest_objects", ())),
            tuple(told.get("waists", ())),
        )
