"""A table that sorts by value and copies as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from qtpy.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from qtpy.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Row = Sequence[Any]
_SORT = Qt.ItemDataRole.UserRole

MEASURED_ROWS = 50
"""Rows that columns are made wide enough for; more take long."""


class Table(QTableView):
    """Rows of values, sorted by pressing a header.

    `chosen` carries the number of a row (in the order they were given) when it becomes the
    selected one, `opened` that of one that was double-clicked, or on which Enter was pressed.

    Parameters
    ----------
    name, accessible
        Object name, and what is listed.
    columns
        Headers.
    """

    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self, name: str, accessible: str, columns: Sequence[str]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._rows = _Rows(columns, self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._rows)
        self._sorted.setSortRole(_SORT)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setResizeContentsPrecision(MEASURED_ROWS)
        self.stretch(0)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._number(index)))

    @property
    def current(self) -> int:
        """The number of the selected row, or -1."""
        return self._number(self.currentIndex())

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order they were given."""
        return self._rows.rows

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; sorting, scrolling and the selected row stay."""
        chosen = self._number(self.currentIndex())
        self._rows.replace(rows)
        if 0 <= chosen < len(rows):
            index = self._sorted.mapFromSource(self._rows.index(chosen, 0))
            self.selectionModel().blockSignals(True)
            self.setCurrentIndex(index)
            self.selectionModel().blockSignals(False)

    def choose(self, number: int) -> None:
        """Select a row, by its number in the order in which rows were given, without telling."""
        index = self._sorted.mapFromSource(self._rows.index(number, 0))
        self.selectionModel().blockSignals(True)
        self.setCurrentIndex(index)
        self.selectRow(index.row())
        self.selectionModel().blockSignals(False)
        self.viewport().update()

    def stretch(self, column: int) -> None:
        """Give what room is left to one column."""
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def text(self) -> str:
        """The table as it is sorted, with tabs between columns, for a spreadsheet."""
        columns = range(self._rows.columnCount())
        shown = range(self._sorted.rowCount())
        lines = ["\t".join(self._rows.columns)]
        lines += [
            "\t".join(str(self._sorted.index(row, column).data() or "") for column in columns)
            for row in shown
        ]
        return "\n".join(lines)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual key, open with Enter; called by Qt."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def _number(self, index: QModelIndex) -> int:
        return int(self._sorted.mapToSource(index).row()) if index.isValid() else -1

    def _on_current(self, index: QModelIndex, _: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self._number(index))


class _Rows(QAbstractTableModel):
    """Values; a pair (text, value) is shown as the one and sorted by the other."""

    def __init__(self, columns: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: Sequence[Row] = ()

    def replace(self, rows: Sequence[Row]) -> None:
        same = len(rows) == len(self.rows)
        if same:
            self.rows = rows
            if rows:
                last = self.index(len(rows) - 1, len(self.columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value = self.rows[index.row()][index.column()]
        text, key = value if isinstance(value, tuple) else (value, value)
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if text is None else str(text)
        if role == _SORT:
            return -1 if key is None else key
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(text, str) and len(text) > 24:
            return text
        if role == Qt.ItemDataRole.TextAlignmentRole and isinstance(key, int | float):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.columns[section]
        return None
