"""The table of the results of a batch: a row per image and frame, as in counts.csv."""

from __future__ import annotations

from qtpy.QtCore import Qt

from ..batch.rows import ResultRows
from ..parts.table import Table

TIP = "Press a row to see its frame, a header to sort. Ranges are what the single networks count."


class ResultsTable(Table):
    """Shows rows of counts.csv; what is missing stays empty."""

    least = 110

    def __init__(self) -> None:
        super().__init__("batch_results_table", "Results of the batch", ("Image",))
        self.setToolTip(TIP)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of files differ at their ends
        self.setMinimumHeight(220)

    def show_results(self, found: ResultRows) -> None:
        """Show other rows."""
        self.show_columns(found.columns or ("Image",))
        self.show_rows(found.cells, [(row["image"], row["frame"]) for row in found.rows])
        if found.columns:
            self.show_column(found.columns.index("Frame"), shown=found.has_frames)
            self.show_column(found.columns.index("Status"), shown=found.has_others)
