"""Rules by which marks or objects that networks predict may be counted.

How sure networks must be of a mark, and how small it or an object may be, is found out on
validation images, run by run.
"""

from __future__ import annotations

from ..task import HALF, CountRule, LabelScheme

_MARK_SIZES = (6, 4, 8, 1, 10, 12, 16, None)  # the most likely one first

MARK_RULES = tuple(CountRule(sure, size) for sure in (HALF, 0.3, 0.1) for size in _MARK_SIZES)
"""Of which the best one is found out; the first of several that count as well is taken."""

USUAL_RULE = MARK_RULES[0]
"""Where no validation images tell. All objects count."""

OBJECT_SIZES = tuple(2**power for power in range(15))
"""Pixels of the smallest object; which one, is found out for each class."""


def rules_for(scheme: LabelScheme) -> tuple[CountRule, ...]:
    """The rules that are tried: for marks, or, without positions, for objects of all classes."""
    if scheme.position is not None:
        return MARK_RULES
    return tuple(CountRule(objects=(size,) * len(scheme.classes)) for size in OBJECT_SIZES)
