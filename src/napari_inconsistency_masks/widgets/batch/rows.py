"""Rows of counts.csv as a table shows them: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...batch.columns import AREA_ENDS, COUNT_ENDS, column_of
from ...batch.layout import COUNTS, DONE
from ...batch.results import BatchResults, Row
from ...batch.totals import Totals
from ...errors import InputError
from ..counting.counts import in_words
from ..parts.table_rows import Cell

LEADING, BETWEEN = ("Image", "Frame"), ("Unclear", "Inconsistent", "Status")
"""Columns before and after those of the counts; the areas follow."""

LEFT = -1
"""What missing numbers are sorted by."""

_AT_ONCE = 2000


@dataclass
class ResultRows:
    """All rows, and what a table shows of each; what is missing stays empty.

    Attributes
    ----------
    rows, cells
        As in counts.csv, and as `columns` of a table.
    areas
        Those of the columns that tell areas.
    totals
        The rows of totals.csv about all images together.
    has_frames, has_others, has_areas
        Whether there are frames to tell apart, rows that are not done, and areas, which a table of
        an earlier version does not tell.
    """

    columns: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    cells: list[tuple[Cell, ...]] = field(default_factory=list)
    has_frames: bool = False
    has_others: bool = False
    has_areas: bool = False
    totals: list[Mapping[str, Any]] = field(default_factory=list)


def read_rows(results: BatchResults) -> Generator[None, None, ResultRows]:
    """Read all rows; `InputError` if a table is damaged, or somebody made something else of it."""
    try:
        return (yield from _read_rows(results))
    except InputError:
        raise
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{Path(results.plan.folder) / COUNTS}: this table is not as a batch wrote it "
            f"({error}), perhaps a spreadsheet saved it; remove it, and the tables of the single "
            f"images are shown instead."
        ) from None


def _read_rows(results: BatchResults) -> Generator[None, None, ResultRows]:
    names = results.plan.model.scheme.counted
    areas = tuple(f"{name} area" for name in names)
    found = ResultRows((*LEADING, *names, *BETWEEN, *areas), areas)
    totals = Totals(names, results.plan.model.ratios)
    for number, row in enumerate(totals.adding(results.rows())):
        found.rows.append(row)
        found.cells.append(_cells(number, row, names))
        found.has_frames |= bool(row["frame"])
        found.has_others |= row["status"] != DONE
        found.has_areas |= any(cell.text for cell in found.cells[-1][-len(names) :])
        if not number % _AT_ONCE:
            yield
    found.totals = [total.to_record() for total in totals.all()]
    return found


def _cells(number: int, row: Row, names: Sequence[str]) -> tuple[Cell, ...]:
    status = row["status"]
    word, _, reason = status.partition(": ")
    columns = [column_of(name) for name in names]
    return (
        Cell(row["image"], row["image"], reason or row["image"]),
        Cell(row["frame"], number),
        *(_counted(row, column) for column in columns),
        _number(row["unclear"]),
        _share(row["inconsistent"]),
        Cell(word, word, reason or row["notes"]),
        *(_area(row, column) for column in columns),
    )


def _counted(row: Row, column: str) -> Cell:
    count, low, high = (row.get(f"{column}{end}", "") for end in COUNT_ENDS)
    if not count:
        return Cell("", LEFT)
    spread = f" ({in_words(int(low), int(high))})" if low and low != high else ""
    return Cell(f"{count}{spread}", int(count))


def _area(row: Row, column: str) -> Cell:
    share, low, high = (row.get(f"{column}{end}", "") for end in AREA_ENDS)
    if not (share and low and high):
        return _share(share)
    spread = f"{float(low):.2%} to {float(high):.2%}"
    return _share(share, f"{float(share):.2%} of the frame; the networks: {spread}")


def _share(text: str, tip: str = "") -> Cell:
    return Cell(f"{float(text):.1%}", float(text), tip) if text else Cell("", LEFT)


def _number(text: str) -> Cell:
    return Cell(text, int(text)) if text else Cell("", LEFT)
