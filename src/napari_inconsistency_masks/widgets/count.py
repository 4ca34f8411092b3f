"""5 Count: predicted and true counts, and how far they are apart."""

from __future__ import annotations

from pathlib import Path

import napari
from qtpy.QtWidgets import QFileDialog

from ..files.tables import write_csv
from ._counts import COLUMNS, CountRow, mean_count_error, totals
from ._parts import Sentence, button, row
from ._section import Section, slot
from ._table import Table

HEADERS = ("Image", "Frame", "Class", "Count", "Range", "True", "Error")
EMPTY = "Nothing is counted yet: predict a frame or a stack under 3 Look."
MCCE_TIP = (
    "Mean cell count error: per frame the errors of all classes are added up, whatever their "
    "sign; this is the mean over the frames that have labels."
)


class CountSection(Section):
    """A row per frame and class, the mean cell count error, and the table as CSV."""

    title = "Count"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.empty = Sentence("count_empty", text=EMPTY)
        self.totals = Sentence("count_totals")
        self.table = Table("count_table", "Counts", HEADERS)
        self.table.setMinimumHeight(160)
        self.table.setToolTip(
            "Range: what the single networks count. Press a header to sort, a row to go there."
        )
        self.error = Sentence("count_error")
        self.error.setToolTip(MCCE_TIP)
        self.hint = Sentence("count_hint", "hint")
        self.copy = button("Copy", "count_copy", "Copy the table, for a spreadsheet.")
        self.export = button("Export CSV…", "count_export", "Save the table as a CSV file.")
        for widget in (self.empty, self.totals, self.table, self.error, self.hint):
            self.column.addWidget(widget)
        self.column.setStretchFactor(self.table, 1)
        self.column.addLayout(row(self.copy, self.export, 1))
        self._end = self.column.count()
        self.column.addStretch(0)
        self._rows: list[CountRow] = []
        self.table.chosen.connect(self._on_chosen)
        self.copy.clicked.connect(self._on_copy)
        self.export.clicked.connect(self._on_export)
        self.session.results.changed.connect(self._update)
        self._update()

    @property
    def summary(self) -> str:
        """The sums, and the error if it is known."""
        if not self._rows:
            return "nothing counted yet"
        error = mean_count_error(self._rows)
        sums = ", ".join(f"{sum_[0]} {name}" for name, sum_ in totals(self._rows).items())
        return sums + ("" if error is None else f"; MCCE {error[0]:.2f}")

    def save(self, path: Path) -> None:
        """Write the table as CSV."""
        write_csv(path, [item.to_record() for item in self._rows], COLUMNS)

    @slot
    def _on_chosen(self, number: int) -> None:
        item = self._rows[number]
        result = self.session.results.find(item.image, item.frame)
        if result is not None:
            self.session.show(result.subject, item.frame)

    @slot
    def _on_copy(self, _: bool = False) -> None:
        self.table.copy()
        self.session.status.say("The table is copied.")

    @slot
    def _on_export(self, _: bool = False) -> None:
        chosen, _filter = QFileDialog.getSaveFileName(
            self, "Save counts", "counts.csv", "CSV (*.csv)"
        )
        if chosen:
            path = Path(chosen)
            path = path if path.suffix else path.with_suffix(".csv")
            self.save(path)
            self.session.status.say(f"Counts are saved in {path.name}.")

    def _update(self) -> None:
        self._rows = rows = self.session.results.rows()
        self.empty.setVisible(not rows)
        for widget in (self.table, self.copy, self.export):
            widget.setVisible(bool(rows))
        self.table.show_rows([_cells(item) for item in rows])
        several = len({item.image for item in rows}) > 1
        self.table.setColumnHidden(0, not several)
        self.table.stretch(0 if several else HEADERS.index("Class"))
        known = any(item.true is not None for item in rows)
        for column in (HEADERS.index("True"), HEADERS.index("Error")):
            self.table.setColumnHidden(column, not known)
        sums = [
            f"{count} {state}" + (f" ({low}-{high})" if low < high else "")
            for state, (count, low, high) in totals(rows).items()
        ]
        frames = len({(item.image, item.frame) for item in rows})
        words = "1 frame" if frames == 1 else f"{frames} frames"
        self.totals.tell(f"{words}: {', '.join(sums)}." if rows else None)
        self._tell_error()
        self.summary_changed.emit()

    def _tell_error(self) -> None:
        error = mean_count_error(self._rows)
        if error is None:
            self.error.tell(None)
            self.hint.tell("Draw labels on a frame to see the error there." if self._rows else None)
            return
        mean, frames = error
        words = "1 frame" if frames == 1 else f"{frames} frames"
        self.error.tell(f"Mean cell count error (MCCE): {mean:.2f} over {words} with labels.")
        self.hint.tell(None)


def _cells(item: CountRow) -> tuple[object, ...]:
    error = "" if item.error is None else f"{item.error:+d}" if item.error else "0"
    return (
        item.image,
        item.frame,
        item.state,
        item.predicted,
        (item.spread, item.high - item.low),
        item.true,
        (error, -1 if item.error is None else abs(item.error)),
    )
