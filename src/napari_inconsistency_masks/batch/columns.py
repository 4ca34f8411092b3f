"""The columns of counts.csv. Imports no torch."""

from __future__ import annotations

from ..task import LabelScheme

COUNT_ENDS = ("", "_low", "_high")
"""Columns of a count: the estimate and its range."""

AREA_ENDS = ("_area", "_area_low", "_area_high")
"""Columns of an area: its share of the frame and the range of that."""

AREA_UM2 = "_area_um2"
"""Column of an area in square micrometers."""

_OTHERWISE = " cells"
_BEFORE = ("image", "frame", "t", "z", "time_s")
_BETWEEN = ("unclear", "inconsistent", "inconsistent_px", "inconsistent_um2")
_AFTER = ("model", "status", "notes")


def count_columns(scheme: LabelScheme) -> tuple[str, ...]:
    """All columns."""
    names = [column_of(name) for name in scheme.counted]
    counts = [f"{name}{end}" for name in names for end in COUNT_ENDS]
    areas = [f"{name}{end}" for name in names for end in (*AREA_ENDS, AREA_UM2)]
    return (*_BEFORE, *counts, *_BETWEEN, *areas, *_AFTER)


def column_of(name: str) -> str:
    """The column of a class: its name, unless another column might be called so."""
    taken = name in (*_BEFORE, *_BETWEEN, *_AFTER)
    ends = (*COUNT_ENDS[1:], *AREA_ENDS, AREA_UM2, _OTHERWISE)
    return name + _OTHERWISE if taken or name.endswith(ends) else name
