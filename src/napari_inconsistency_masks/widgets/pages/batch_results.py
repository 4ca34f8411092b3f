"""The results of a batch: their table, and what of them is shown; a view of a `ShownBatch`."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QUrl, Signal
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from ...batch.layout import DONE, REPORT
from ...batch.totals import compared_with, in_words
from ...metrics.expected_counts import expected_from
from ..batch.follower import many
from ..parts.buttons import MainButton, button, named
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..session.session import Session
from .batch_results_table import ResultsTable
from .section import slot

EMPTY = (
    "Choose a folder of results. Its table is shown here, and each row opens the image with the "
    "masks, the inconsistency mask and the cells that were found in it."
)


class BatchResultsPage(QWidget):
    """Opens results, and goes to the frame of a row.

    `go_on` tells that the batch of these results is to be gone on with.
    """

    go_on = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("batch_results_page")
        self.session, self._shown = session, session.batch_results
        self.open = MainButton("Open results…", "batch_results_open", "Choose a results folder.")
        self.empty = Sentence("batch_results_empty", "hint", EMPTY)
        self.words = Sentence("batch_results_words")
        self.problem = Sentence("batch_results_problem", "problem")
        self.again = button(
            "Go on",
            "batch_results_go_on",
            "Take up this batch again: process what is not done yet, and images that are new.",
        )
        self.report = button("Report", "batch_results_report", "Open the report in a browser.")
        self.close_results = button(
            "Close", "batch_results_close", "Remove the layers of these results from napari."
        )
        self.areas = named(
            QCheckBox("Areas"),
            "batch_results_areas",
            "Show areas",
            "Show the share of each frame that each class covers.",
        )
        self.table = ResultsTable()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.open, self.empty, self.words, self.problem):
            column.addWidget(widget)
        column.addLayout(row(self.again, self.report, self.areas, 1, self.close_results))
        column.addWidget(self.table, 1)
        column.addStretch(0)
        self._rows: object = None
        self._connect()
        self._update()

    def _connect(self) -> None:
        self.open.clicked.connect(self._on_open)
        self.again.clicked.connect(self.go_on)
        self.report.clicked.connect(self._on_report)
        self.close_results.clicked.connect(self._on_close)
        self.areas.toggled.connect(self._show_areas)
        self.table.chosen.connect(self._on_chosen)
        self._shown.changed.connect(self._update)
        self._shown.moved.connect(self.table.choose)
        self._shown.failed.connect(self._on_failed)

    @slot
    def _on_open(self, _: bool = False) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the results of a batch")
        if chosen:
            self._shown.open(Path(chosen))

    @slot
    def _on_close(self, _: bool = False) -> None:
        self._shown.close()

    @slot
    def _on_report(self, _: bool = False) -> None:
        if self._shown.results is not None:
            report = Path(self._shown.results.plan.folder) / REPORT
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(report)))

    @slot
    def _on_chosen(self, number: int) -> None:
        self.problem.tell(None)
        self._shown.choose(number)

    def _show_areas(self, _: bool = False) -> None:
        shown = self.areas.isChecked() and self._shown.found.has_areas
        self.table.show_areas(shown=shown)

    def _on_failed(self, sentence: str) -> None:
        self.problem.tell(sentence)

    def _update(self) -> None:
        results = self._shown.results
        there = results is not None
        self.empty.setVisible(not there)
        for widget in (self.again, self.close_results, self.table):
            widget.setVisible(there)
        folder = Path(results.plan.folder) if results is not None else Path()
        self.report.setVisible(there and (folder / REPORT).is_file())
        self.areas.setVisible(self._shown.found.has_areas)
        self.open.setText("Open other results…" if there else "Open results…")
        self.words.tell(self._words() if there else None)
        self.words.setToolTip(self._about() if there else "")
        if self._rows is not self._shown.found:
            self._rows = self._shown.found
            self.table.show_results(self._shown.found)
            self._show_areas()
            self.problem.tell(None)

    def _about(self) -> str:
        """Where the results lie, and where expected counts come from."""
        results, compared = self._shown.results, compared_with(self._shown.found.totals)
        folder = "" if results is None else results.plan.folder
        return f"{folder}\n{expected_from(*compared)}" if compared else folder

    def _words(self) -> str:
        results, rows = self._shown.results, self._shown.rows
        if results is None:
            return ""
        frames = sum(row["status"] == DONE for row in rows)
        failed = sum(row["status"].startswith("failed") for row in rows)
        waiting = len(rows) - frames - failed
        words = f"{Path(results.plan.folder).name}: {many(frames, 'frame')}"
        words += f" with {results.plan.model.short}"
        words += f"; {many(failed, 'file')} failed" if failed else ""
        words += f"; {many(waiting, 'file')} not processed yet" if waiting else ""
        totals = self._shown.found.totals
        words += f". Counted: {in_words(totals)}" if frames else ""
        return f"{words}. Press a row to see it."
