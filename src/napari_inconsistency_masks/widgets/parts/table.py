"""A table that sorts by value and copies as text."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Sequence

from qtpy.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from qtpy.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from .letters import is_letter
from .table_rows import Row, Rows
from .theme import follow_font_size

MEASURED_ROWS = 50
"""Rows that columns are made wide enough for; more take long."""

ROOM, ARROW = 14, 18
"""Pixels beside the words of a header, and for the arrow of the sorted one."""

ROW, ABOVE_AND_BELOW = 22, 4
"""Pixels that a row is high at least, and beside its letters."""

_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_BREAKS = re.compile(r"[\r\n\t]")


class Table(QTableView):
    """Rows of values, sorted by pressing a header.

    `chosen` carries the number of a row (in the order they were given) when it becomes the
    selected one, `opened` that of one that was double-clicked, or on which Enter was pressed;
    `selected` tells that other rows are selected, of which there may be several.

    Parameters
    ----------
    name, accessible
        Object name, and what is listed.
    columns
        Headers.
    editable
        The column in which a person can type, of an `EditableTable`.

    Attributes
    ----------
    least, most
        Letters for which the stretched column has room at least, and each of the others at most.
    """

    least, most = 12, 2_000

    chosen = Signal(int)
    selected = Signal()
    opened = Signal(int)

    def __init__(
        self, name: str, accessible: str, columns: Sequence[str], editable: int | None = None
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._rows = Rows(columns, editable, self)
        self._quiet = self._replacing = self._deselected = False
        self._stretched = -1
        self.setModel(self._rows)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)  # else Tab leads from cell to cell, and never out of them
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self._follow_font()
        self.horizontalHeader().setHighlightSections(False)
        nothing = QItemSelectionModel(self._rows, self)  # a header looks at all rows of another
        self.horizontalHeader().setSelectionModel(nothing)
        self.horizontalHeader().setResizeContentsPrecision(MEASURED_ROWS)
        self.stretch(0)
        self.horizontalHeader().sortIndicatorChanged.connect(lambda *_: self._fit())
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._number(index)))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the font of the settings; called by Qt."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._follow_font()
            self._fit()

    @property
    def current(self) -> int:
        """The number of the selected row, or -1."""
        return self._number(self.currentIndex())

    @property
    def all_selected(self) -> list[int]:
        """The numbers of all selected rows, from top to bottom as they are sorted."""
        ranges = self.selectionModel().selection()  # `selectedRows` takes long for many
        rows = sorted({row for part in ranges for row in range(part.top(), part.bottom() + 1)})
        return [self._rows.number(row) for row in rows]

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order they were given."""
        return self._rows.rows

    def _follow_font(self) -> None:
        for widget in (self, self.horizontalHeader()):
            follow_font_size(widget)
        self.verticalHeader().setDefaultSectionSize(
            max(ROW, self.fontMetrics().height() + ABOVE_AND_BELOW)
        )

    def show_rows(self, rows: Sequence[Row], keys: Iterable[Hashable] | None = None) -> None:
        """Show other rows; sorting, and what is selected or being typed, stay.

        Only rows that are others are drawn again, and columns measured only if they have to be
        wider: a table that changes after every stroke may cost little.

        Parameters
        ----------
        rows
            Of as many values as there are columns.
        keys
            What each row is about, by which it is known again; without them it is its number.
        """
        model, seen = self.selectionModel(), self._sees_current()
        current = QPersistentModelIndex(self.currentIndex())
        self._quiet = self._replacing = True
        wider = self._rows.replace(rows, keys)
        if not current.isValid():  # Qt has gone to the row beside one that is gone
            model.clearCurrentIndex()
        self._quiet = self._replacing = False
        if wider:
            self._fit()
        if seen and not self._sees_current():
            self.scrollTo(self.currentIndex())
        if self._deselected:
            self._deselected = False
            self.selected.emit()

    def rows_changed(self, numbers: Iterable[int]) -> None:
        """Show again some rows of the list that was given, which were changed in it."""
        self._rows.tell_changed(numbers)
        self._fit()

    def show_columns(self, columns: Sequence[str]) -> None:
        """Have other columns, and no rows; the first column is stretched."""
        if tuple(columns) != self._rows.columns:
            for column in range(len(self._rows.columns)):
                self.setColumnHidden(column, False)
            self._rows.take_columns(columns)
            self._stretched = -1
            self.stretch(0)

    def choose(self, number: int) -> None:
        """Select a row, by its number in the order in which rows were given, without telling."""
        index = self._rows.index(self._rows.place(number), self._seen_column())
        self._quiet = True
        self.setCurrentIndex(index)  # selects the whole row
        self._quiet = False

    def _seen_column(self) -> int:
        """The one that is current, else the first that is shown: arrow keys lead out of no other.

        Qt finds nothing above or below a cell of a hidden column.
        """
        column: int = self.currentIndex().column()
        if column >= 0 and not self.isColumnHidden(column):
            return column
        columns = range(len(self._rows.columns))
        return next((each for each in columns if not self.isColumnHidden(each)), 0)

    def stretch(self, column: int) -> None:
        """Give what room is left to one column."""
        if column != self._stretched:
            header = self.horizontalHeader()
            header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
            self._stretched = column
            self._fit()

    def show_column(self, column: int, *, shown: bool) -> None:
        """Show or hide a column; one that appears is as wide as what is in it."""
        if self.isColumnHidden(column) == shown:
            self.setColumnHidden(column, not shown)
            self._fit()
            if not shown and self.currentIndex().column() == column:
                self._go_to(self.currentIndex().siblingAtColumn(self._seen_column()))

    def _fit(self) -> None:
        """Make all columns but the stretched one as wide as what is in them.

        Qt leaves room for an arrow in every header; here only the sorted column has one.
        """
        header = self.horizontalHeader()
        for column, name in enumerate(self._rows.columns):
            if column != self._stretched and not self.isColumnHidden(column):
                arrow = ARROW if column == header.sortIndicatorSection() else 0
                words = header.fontMetrics().horizontalAdvance(name) + ROOM + arrow
                wanted = max(words, self.sizeHintForColumn(column))
                self.setColumnWidth(column, min(wanted, self._letters(self.most)))
        self._leave_room()

    def _leave_room(self) -> None:
        """Where nothing is left for the stretched column, scroll sideways instead of hiding it."""
        header, column = self.horizontalHeader(), self._stretched
        others = sum(
            header.sectionSize(other) for other in range(header.count()) if other != column
        )
        least = self._letters(self.least)
        if self.viewport().width() - others < least:
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            self.setColumnWidth(column, least)
        else:
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def _letters(self, count: int) -> int:
        """Pixels for as many letters."""
        return count * int(self.fontMetrics().averageCharWidth())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew; called by Qt."""
        super().resizeEvent(event)
        self._leave_room()

    def text(self, numbers: Collection[int] | None = None) -> str:
        """The table as it is sorted, or some rows, with tabs between columns, for a spreadsheet."""
        lines = [self._rows.columns, *self._rows.texts(numbers)]
        return "\n".join("\t".join(_BREAKS.sub(" ", text) for text in line) for line in lines)

    def copy(self, numbers: Collection[int] | None = None) -> None:
        """Put the table, or some rows, on the clipboard."""
        QGuiApplication.clipboard().setText(self.text(numbers))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Go nowhere because Tab led here; called by Qt, which would go to the first row."""
        at_a_row, quiet = self.currentIndex().isValid(), self._quiet
        self._quiet = True
        super().focusInEvent(event)
        if not at_a_row:
            self.selectionModel().clearCurrentIndex()
        self._quiet = quiet

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy and open with the usual keys; called by Qt."""
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            several = self.all_selected
            self.copy(several if len(several) > 1 else None)
        elif event.key() in _OPENING and index.isValid():
            self.opened.emit(self._number(index))
        elif is_letter(event):
            event.ignore()  # a key of the viewer; Qt would look for a row that begins so
        else:
            super().keyPressEvent(event)

    def _go_to(self, index: QModelIndex) -> None:
        """Make a cell of the same row current, without telling."""
        self._quiet = True
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._quiet = False

    def _sees_current(self) -> bool:
        return bool(self.viewport().rect().intersects(self.visualRect(self.currentIndex())))

    def _on_selection(self, *_: object) -> None:
        """Numbers say nothing while rows come and go, so it is told afterwards."""
        if self._replacing:
            self._deselected = True
        else:
            self.selected.emit()

    def _number(self, index: QModelIndex) -> int:
        return self._rows.number(index.row()) if index.isValid() else -1

    def _on_current(self, index: QModelIndex, _: QModelIndex) -> None:
        if index.isValid() and not self._quiet:
            self.chosen.emit(self._number(index))
