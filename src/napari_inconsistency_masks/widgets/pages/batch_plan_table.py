"""The table of a batch: a row per file, what it is read as, and how far it is."""

from __future__ import annotations

from qtpy.QtCore import Qt

from ..batch.follower import COLUMNS, READ_AS, BatchFollower
from ..parts.table import Table

TIP = "State: what is done, left out or failed; point at a row for the reason. Sort by a header."


class PlanTable(Table):
    """Shows the rows of a `BatchFollower`, which changes them in place."""

    most = 170

    def __init__(self) -> None:
        super().__init__("batch_table", "Files of the batch", COLUMNS)
        self.setToolTip(TIP)
        self.setMinimumHeight(180)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of files differ at their ends
        self.stretch(READ_AS)
        self._follower: BatchFollower | None = None

    def show_plan(self, follower: BatchFollower, *, shown: bool) -> None:
        """Show the files of a plan once all are known, or none."""
        self.setVisible(shown)
        if not shown:
            self._follower = None
            self.show_rows([])
        elif follower is not self._follower:
            self._follower = follower
            follower.dirty.clear()
            self.show_rows(follower.rows)

    def show_changes(self, follower: BatchFollower) -> None:
        """Show again what has changed."""
        if follower is self._follower and follower.dirty:
            changed, follower.dirty = follower.dirty, set()
            self.rows_changed(changed)
