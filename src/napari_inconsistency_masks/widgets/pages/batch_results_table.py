"""The table of the results of a batch: a row per image and frame, as in counts.csv."""

from __future__ import annotations

from qtpy.QtCore import Qt

from ..batch.rows import ResultRows
from ..parts.table import Table

TIP = (
    "Press a row to see its frame, a header to sort. Ranges are what the single networks count. "
    "Inconsistent, and the areas: shares of the frame."
)


class ResultsTable(Table):
    """Shows rows of counts.csv; what is missing stays empty."""

    least = 18

    def __init__(self) -> None:
        super().__init__("batch_results_table", "Results of the batch", ("Image",))
        self.setToolTip(TIP)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of files differ at their ends
        self.setMinimumHeight(220)
        self._area_columns = range(0)

    def show_results(self, found: ResultRows) -> None:
        """Show other rows."""
        self.show_columns(found.columns or ("Image",))
        self.show_rows(found.cells, [(row["image"], row["frame"]) for row in found.rows])
        if found.columns:
            first_area = len(found.columns) - len(found.areas)
            self.show_column(found.columns.index("Frame"), shown=found.has_frames)
            self.show_column(first_area - 1, shown=found.has_others)  # the status
            self._area_columns = range(first_area, len(found.columns))

    def show_areas(self, *, shown: bool) -> None:
        """Show or hide the columns of areas."""
        for column in self._area_columns:
            self.show_column(column, shown=shown)
