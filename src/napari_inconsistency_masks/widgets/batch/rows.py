"""Rows of counts.csv as a table shows them: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from ...batch.layout import DONE
from ...batch.results import BatchResults, Row
from ..counting.counts import in_words
from ..parts.table_rows import Cell

BEFORE, AFTER = "time_s", "unclear"
"""Columns of counts.csv between which the states are."""

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
    has_frames, has_others
        Whether there are frames to tell apart, and rows that are not done.
    """

    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    cells: list[tuple[Cell, ...]] = field(default_factory=list)
    has_frames: bool = False
    has_others: bool = False


def read_rows(results: BatchResults) -> Generator[None, None, ResultRows]:
    """Read all rows; `InputError` if a table is damaged."""
    found = ResultRows()
    states: tuple[str, ...] = ()
    for number, row in enumerate(results.rows()):
        if not number:
            states = states_of(row)
        found.rows.append(row)
        found.cells.append(_cells(number, row, states))
        found.has_frames |= bool(row["frame"])
        found.has_others |= row["status"] != DONE
        if not number % _AT_ONCE:
            yield
    found.columns = ("Image", "Frame", *states, "Unclear", "Inconsistent", "Status")
    return found


def states_of(row: Row) -> tuple[str, ...]:
    """What is counted, from the names of the columns."""
    names = list(row)
    counted = names[names.index(BEFORE) + 1 : names.index(AFTER)]
    return tuple(counted[::3])  # each is followed by its range


def _cells(number: int, row: Row, states: Sequence[str]) -> tuple[Cell, ...]:
    status = row["status"]
    word, _, reason = status.partition(": ")
    share = row["inconsistent"]
    return (
        Cell(row["image"], row["image"], reason or row["image"]),
        Cell(row["frame"], number),
        *(_counted(row, state) for state in states),
        _number(row["unclear"]),
        Cell(f"{float(share):.1%}" if share else "", float(share) if share else LEFT),
        Cell(word, word, reason or row["notes"]),
    )


def _counted(row: Row, state: str) -> Cell:
    count, low, high = (row[f"{state}{end}"] for end in ("", "_low", "_high"))
    if not count:
        return Cell("", LEFT)
    spread = f" ({in_words(int(low), int(high))})" if low and low != high else ""
    return Cell(f"{count}{spread}", int(count))


def _number(text: str) -> Cell:
    return Cell(text, int(text)) if text else Cell("", LEFT)
