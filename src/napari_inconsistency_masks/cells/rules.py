"""Rules by which marks or objects that networks predict may be counted.

How sure networks must be of a mark, and how small it or an object may be, is found out on
validation images, run by run.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..task import HALF, CountRule, LabelScheme

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


def rules_for(scheme: LabelScheme, typical: Mapping[str, float]) -> tuple[CountRule, ...]:
    """The rules that are tried: for marks, or, without positions, for the objects of each class.

    Parameters
    ----------
    scheme
        What is predicted.
    typical
        By class, the pixels of a typical object; of classes that it lacks, all objects count.
    """
    if scheme.position is not None:
        return MARK_RULES
    most = [max(1.0, _LARGEST * typical.get(name, 0)) for name in scheme.classes]
    return tuple(
        CountRule(objects=tuple(_most_of(min(size, largest)) for largest in most))
        for size in OBJECT_SIZES
        if size <= max(most)
    )


def usual_rule(scheme: LabelScheme, typical: Mapping[str, float]) -> CountRule:
    """The one of `rules_for` by which is counted where no validation images tell."""
    rules = rules_for(scheme, typical)
    return rules[-1] if scheme.position is None else USUAL_RULE


def _most_of(pixels: float) -> int:
    """The largest of the sizes that is none above."""
    return max(size for size in OBJECT_SIZES if size <= pixels)
