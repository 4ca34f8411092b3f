"""Compare runs: a table of all runs of a folder, and the curves of the chosen ones."""

from __future__ import annotations

from pathlib import Path

import napari
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QResizeEvent, QShowEvent
from qtpy.QtWidgets import QFileDialog, QSplitter, QVBoxLayout, QWidget

from ...overview import RunSummary
from ...overview.folder import different_images
from ...overview.table import COLUMNS, TEST_COLUMNS
from ..pages.chosen_runs import ChosenRuns
from ..pages.section import fill_dock, slot, watch_window
from ..parts.buttons import button, named
from ..parts.controls import Sentence
from ..parts.elided_label import ElidedLabel
from ..parts.layouts import row
from ..parts.scrolled import Scrolled
from ..parts.table import Table
from ..parts.table_rows import Cell
from ..runs.listing import RunList
from ..session.session import DRAWINGS, session_of

WIDE = 1.3
"""Times as wide as high: from here on the plot is beside the table."""

NAMES, WORDS = 25, 38
"""Letters for the names of runs, at least; for what their recipes are called, at most."""

SHARES = [640, 360]
"""Of the table and of what is drawn, beside or above each other."""

NO_RUNS = "There are no runs yet: train some under 2 Train, or choose another folder."


class CompareRuns(QWidget):
    """The runs of a folder; those that are chosen are drawn, and one may be taken into use."""

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.setObjectName("compare_runs")
        self.session = session_of(napari_viewer)
        self.list = RunList(self.session.status, (DRAWINGS,), self)
        self.place = named(
            ElidedLabel(mode=Qt.TextElideMode.ElideLeft), "runs_place", "Folder of the runs", ""
        )
        self.choose = button(
            "Folder…", "runs_folder", "Choose a folder of runs, or that of napari-im benchmark."
        )
        self.again = button("Read again", "runs_again", "Look for what has changed on disk.")
        self.problem = Sentence("runs_problem", "problem")
        self.note = Sentence("runs_note", "hint")
        columns = (*COLUMNS, *TEST_COLUMNS)
        self.table = Table("runs_table", "Runs", columns)
        self.table.setMinimumHeight(110)
        self.table.least, self.table.most = NAMES, WORDS
        self.chosen = ChosenRuns(self.session, self.list)
        self._chosen_folder = False
        self._arrange()
        self._connect()
        self._update()

    def sizeHint(self) -> QSize:
        """Room for some runs, and for a plot; called by Qt."""
        return QSize(430, 330)

    def showEvent(self, event: QShowEvent) -> None:
        """Read what is there now; called by Qt."""
        super().showEvent(event)
        watch_window(self, self.session)
        fill_dock(self)
        self._follow_session()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the plot where there is room; called by Qt."""
        super().resizeEvent(event)
        wide = self.width() > WIDE * self.height()
        found = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if found != self._split.orientation():
            self._split.setOrientation(found)
            self._split.setSizes(SHARES)

    def open_folder(self, folder: Path) -> None:
        """Show the runs of a folder."""
        self._chosen_folder = True
        self.list.choose(folder)

    def _arrange(self) -> None:
        top = row(self.place, self.choose, self.again)
        top.setStretch(0, 1)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        for widget in (self.problem, self.table, self.note):
            column.addWidget(widget, int(widget is self.table))
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(upper)
        self._split.addWidget(Scrolled(self.chosen))
        self._split.setSizes(SHARES)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 6, 8, 8)
        whole.addWidget(self._split)

    def _connect(self) -> None:
        self.choose.clicked.connect(self._on_folder)
        self.again.clicked.connect(self._on_again)
        self.table.selected.connect(self._on_selected)
        self.table.opened.connect(self._on_opened)
        self.list.changed.connect(self._update)
        self.session.trainer.finished.connect(self._on_trained)
        self.session.setup.changed.connect(self._follow_session)
        self.session.predictor.changed.connect(self._fill)

    def _follow_session(self) -> None:
        """Read the folder where new runs are kept, unless a person chose another one."""
        folder = self.session.setup.folder
        if self.isVisible() and not self._chosen_folder and folder != self.list.folder:
            self.list.choose(folder)

    def _on_trained(self, run: Path) -> None:
        if self.isVisible() and self.list.folder == run.parent:
            self.list.choose(run.parent)

    @slot
    def _on_folder(self, _: bool = False) -> None:
        start = str(self.list.folder or self.session.setup.folder)
        chosen = QFileDialog.getExistingDirectory(self, "A folder of runs", start)
        if chosen:
            self.open_folder(Path(chosen))

    @slot
    def _on_again(self, _: bool = False) -> None:
        self.list.choose(self.list.folder or self.session.setup.folder)

    @slot
    def _on_opened(self, number: int) -> None:
        self.chosen.use(self.list.runs[number])

    def _on_selected(self) -> None:
        self._show_chosen()

    def _update(self) -> None:
        overview, folder = self.list.overview, self.list.folder
        self.place.setText("" if folder is None else str(folder))
        ours = folder is not None and not self._chosen_folder and not folder.exists()
        self.problem.tell(None if ours else self.list.problem)
        self.table.setVisible(bool(self.list.runs) or self.list.reading)
        for number in range(len(COLUMNS), len(COLUMNS) + len(TEST_COLUMNS)):
            self.table.show_column(number, shown=overview is not None and overview.tested)
        self._fill()
        self._show_chosen()

    def _fill(self) -> None:
        """The rows; the run whose networks are in use says so."""
        model = self.session.predictor.model
        used = None if model is None else model.run
        rows = []
        for run, (cells, said) in zip(self.list.runs, self.list.rows, strict=True):
            first, state, *rest = cells
            words = f"{first[0]} (in use)" if run.folder == used else first[0]
            rows.append((Cell(words, first[1], said), Cell(*state, run.reason or said), *rest))
        self.table.show_rows(rows, [run.folder for run in self.list.runs])

    def _show_chosen(self) -> None:
        runs = self.list.runs
        chosen: list[RunSummary] = [runs[n] for n in self.table.all_selected if n < len(runs)]
        self.chosen.show_runs(chosen)
        overview = self.list.overview
        note = "" if overview is None else overview.note
        if not runs and not self.list.reading and not self.problem.text():
            note = NO_RUNS
        self.note.tell(" ".join(filter(None, (note, different_images(chosen)))))
