"""By which rule the networks of a run count. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..count_rule import HALF, CountRule
from ..errors import InputError
from ..files.json_files import read_json
from .listing import ENSEMBLE, GENERATION


def found_rule(path: Path, classes: int) -> CountRule:
    """What the networks of a run, of one of its generations, or one of these count.

    See `GenerationRecord`. Other networks count as the paper does.

    Parameters
    ----------
    path
        Folder or file.
    classes
        Their number.

    Raises
    ------
    InputError
        If the record of the generation does not hold such a rule.
    """
    record = _record(path)
    values = read_json(record) if record.is_file() else None
    told = values if isinstance(values, dict) else {}

    def read(key: str, usual: object, allows: Callable[[Any], bool]) -> Any:
        value = told.get(key)
        if value is None:
            return usual
        if not allows(value):
            raise InputError(
                f"{record}: this file is damaged, {value!r} can be no {key!r} of what is counted; "
                f"take it from a copy of the run."
            )
        return tuple(value) if isinstance(value, list) else value

    def of_each_class(kinds: type[float] | tuple[type[float], ...], least: int) -> Any:
        return lambda given: (
            isinstance(given, list)
            and len(given) in (0, classes)
            and all(isinstance(number, kinds) and number >= least for number in given)
        )

    return CountRule(
        read("mark_threshold", HALF, lambda value: isinstance(value, float) and 0 < value < 1),
        read("smallest_mark", None, lambda value: isinstance(value, int) and value >= 1),
        read("smallest_objects", (), of_each_class(int, 1)),
        read("waists", (), of_each_class((int, float), 0)),
    )


def _record(path: Path) -> Path:
    """Where the record of a generation would be."""
    if path.is_file():
        path = path.parent
    listing = path / ENSEMBLE
    if listing.is_file():
        values = read_json(listing)
        generation = values.get("generation") if isinstance(values, dict) else None
        path = path / f"generation-{generation}"
    return path / GENERATION
