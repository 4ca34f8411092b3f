"""Rules by which marks or objects that networks predict may be counted.

How sure networks must be of a mark, how small it or an object may be, and where objects that touch
are parted, is found out on validation images, run by run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..count_rule import HALF, CountRule
from ..task import LabelScheme

_MARK_SIZES = (6, 4, 8, 1, 10, 12, 16, None)  # the most likely one first

MARK_RULES = tuple(CountRule(sure, size) for sure in (HALF, 0.3, 0.1) for size in _MARK_SIZES)
"""Of which the best one is found out; the first of several that count as well is taken."""

USUAL_RULE = MARK_RULES[0]
"""Where no validation images tell. Of objects all count."""

OBJECT_SIZES: tuple[int, ...] = tuple(2**power for power in range(15))
"""Pixels of the smallest object; which one, is found out for each class."""

_LARGEST = 1 / 8
"""Share of the size of a typical object that may be asked for: no rule loses what is usual, or
small where the border of the image cuts it (docs/benchmarks.md, "Which marks count")."""


_WAISTS = (1 / 2, 3 / 8, 1 / 4, 3 / 16, 1 / 8, 1 / 16, 1 / 32, 1 / 64)  # fewest parts first
"""Shares of the half width of a typical object, were it round."""

_SHALLOWEST = 0.05
"""Pixels; what is less is how pixels are rounded, and no waist."""


def rules_for(scheme: LabelScheme, typical: Mapping[str, float]) -> tuple[CountRule, ...]:
    """The rules that are tried: for marks, or, without positions, for the objects of each class.

    Parameters
    ----------
    scheme
        What is predicted.
    typical
        By class, the pixels of a typical object; of classes that it lacks, all objects count and
        none is parted. Nor is any where classes exclude each other: their labels hold the class of
        a pixel, and cannot say that objects that touch are two.
    """
    if scheme.position is not None:
        return MARK_RULES
    waists = [()] if scheme.exclusive else [(), *_waists(scheme, typical)]
    return tuple(
        CountRule(smallest_objects=sizes, waists=waist)
        for waist in waists
        for sizes in _sizes(scheme, typical)
    )


def usual_rule(scheme: LabelScheme, typical: Mapping[str, float]) -> CountRule:
    """The one of `rules_for` by which is counted where no validation images tell."""
    if scheme.position is not None:
        return USUAL_RULE
    return CountRule(smallest_objects=_sizes(scheme, typical)[-1])


def _sizes(scheme: LabelScheme, typical: Mapping[str, float]) -> list[tuple[int, ...]]:
    """Pixels of the smallest object of each class, least first."""
    most = [max(1.0, _LARGEST * typical.get(name, 0)) for name in scheme.classes]
    return [
        tuple(_most_of(min(size, largest)) for largest in most)
        for size in OBJECT_SIZES
        if size <= max(most)
    ]


def _most_of(pixels: float) -> int:
    """The largest of the sizes that is none above."""
    return max(size for size in OBJECT_SIZES if size <= pixels)


def _waists(scheme: LabelScheme, typical: Mapping[str, float]) -> list[tuple[float, ...]]:
    """Depths of the waists at which objects of each class are parted, deepest first."""
    widths = [math.sqrt(typical.get(name, 0) / math.pi) for name in scheme.classes]
    depths = [tuple(round(share * width, 2) for width in widths) for share in _WAISTS]
    deep_enough = [tuple(d if d >= _SHALLOWEST else 0.0 for d in each) for each in depths]
    return [each for each in deep_enough if any(each)]
