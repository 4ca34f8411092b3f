"""The table of the results of a batch: a row per image and frame, as in counts.csv."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt

from ..batch.layout import DONE
from ..batch.results import Row
from ._counts import in_words
from ._table import Table
from ._table_rows import Cell

BEFORE, AFTER = "time_s", "unclear"
"""Columns of counts.csv between which the states are."""

TIP = "Press a row to see its frame, a header to sort. Ranges are what the single networks count."
LEFT = -1
"""What missing numbers are sorted by."""


class ResultsTable(Table):
    """Shows rows of counts.csv; what is missing stays empty."""

    least = 110

    def __init__(self) -> None:
        super().__init__("batch_results_table", "Results of the batch", ("Image",))
        self.setToolTip(TIP)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of files differ at their ends
        self.setMinimumHeight(220)

    def show_results(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        states = states_of(rows[0]) if rows else ()
        columns = ("Image", "Frame", *states, "Unclear", "Inconsistent", "Status")
        self.show_columns(columns)
        self.show_rows([_cells(number, row, states) for number, row in enumerate(rows)])
        self.show_column(columns.index("Frame"), shown=any(row["frame"] for row in rows))
        last = len(columns) - 1
        self.show_column(last, shown=any(row["status"] != DONE for row in rows))


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
