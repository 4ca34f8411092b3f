"""A table that sorts by value and copies as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from qtpy.QtGui import QFont, QGuiApplication, QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Row = Sequence[Any]
_SORT = Qt.ItemDataRole.UserRole

MEASURED_ROWS = 50
"""Rows that columns are made wide enough for; more take long."""

LONG = 24
"""Characters from which a text is also shown as a tooltip."""

_CLEARING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


@dataclass(frozen=True)
class Cell:
    """A value about which there is more to say: its text, what it is sorted by, and its look."""

    text: str
    key: Any
    tip: str = ""
    italic: bool = False


class Table(QTableView):
    """Rows of values, sorted by pressing a header.

    `chosen` carries the number of a row (in the order they were given) when it becomes the
    selected one, `opened` that of one that was double-clicked; `edited` that of one into which a
    text was typed (none to clear it), and `undone` tells that the last of them should be taken
    back.

    Parameters
    ----------
    name, accessible
        Object name, and what is listed.
    columns
        Headers.
    editable
        The column in which a person can type: after a double click, F2, or just so.
    """

    chosen = Signal(int)
    opened = Signal(int)
    edited = Signal(int, str)
    undone = Signal()

    def __init__(
        self, name: str, accessible: str, columns: Sequence[str], editable: int | None = None
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._rows = _Rows(columns, editable, self)
        self._rows.edited.connect(self.edited)
        self._editable = editable
        self._quiet = False
        self._stretched = -1
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._rows)
        self._sorted.setSortRole(_SORT)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        when = QAbstractItemView.EditTrigger
        typing = when.DoubleClicked | when.EditKeyPressed | when.AnyKeyPressed
        self.setEditTriggers(when.NoEditTriggers if editable is None else typing)
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
    def rows(self) -> Sequence[Row]:
        """The rows in the order they were given."""
        return self._rows.rows

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; sorting, scrolling and the selected row stay.

        Only rows that are others are drawn again, and columns measured only if they have to be
        wider: a table that changes after every stroke may cost little.
        """
        chosen = self._number(self.currentIndex())
        if self._rows.replace(rows):
            self._fit()
        if 0 <= chosen < len(rows) and chosen != self._number(self.currentIndex()):
            self.choose(chosen)

    def choose(self, number: int) -> None:
        """Select a row, by its number in the order in which rows were given, without telling."""
        index = self._sorted.mapFromSource(self._rows.index(number, 0))
        self._quiet = True
        self.setCurrentIndex(index)  # selects the whole row
        self._quiet = False

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

    def _fit(self) -> None:
        """Make all columns but the stretched one as wide as what is in them."""
        for column in range(self._rows.columnCount()):
            if column != self._stretched and not self.isColumnHidden(column):
                self.resizeColumnToContents(column)

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
        """Copy with the usual key, and type a number anywhere in a row; called by Qt."""
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        if self._editable is not None and event.matches(QKeySequence.StandardKey.Undo):
            self.undone.emit()
            return
        if self._editable is not None and index.isValid():
            if event.key() in _CLEARING:
                self.edited.emit(self._number(index), "")
                return
            if event.key() == Qt.Key.Key_F2 or event.text().isdecimal():
                self.setCurrentIndex(index.siblingAtColumn(self._editable))
        super().keyPressEvent(event)

    def _number(self, index: QModelIndex) -> int:
        return int(self._sorted.mapToSource(index).row()) if index.isValid() else -1

    def _on_current(self, index: QModelIndex, _: QModelIndex) -> None:
        if index.isValid() and not self._quiet:
            self.chosen.emit(self._number(index))


class _Rows(QAbstractTableModel):
    """Values; a pair (text, value) is shown as the one and sorted by the other."""

    edited = Signal(int, str)

    def __init__(self, columns: Sequence[str], editable: int | None, parent: QObject) -> None:
        super().__init__(parent)
        self.columns, self._editable = tuple(columns), editable
        self.rows: Sequence[Row] = ()

    def replace(self, rows: Sequence[Row]) -> bool:
        """Take other rows; returns whether a column may need another width."""
        if len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return True
        pairs = enumerate(zip(self.rows, rows, strict=True))
        changed = [number for number, (old, new) in pairs if tuple(old) != tuple(new)]
        before, self.rows = self.rows, rows
        if changed:
            last = self.index(changed[-1], len(self.columns) - 1)
            self.dataChanged.emit(self.index(changed[0], 0), last)
        return any(
            len(_cell(new).text) > len(_cell(old).text)
            for number in changed
            for old, new in zip(before[number], rows[number], strict=True)
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = _cell(self.rows[index.row()][index.column()])
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return cell.text
        if role == _SORT:
            return -1 if cell.key is None else cell.key
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.tip or (cell.text if len(cell.text) > LONG else None)
        if role == Qt.ItemDataRole.FontRole and cell.italic:
            font = QFont()
            font.setItalic(True)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole and isinstance(cell.key, int | float):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == self._editable else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole:
            return False
        self.edited.emit(index.row(), str(value))
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.columns[section]
        return None


def _cell(value: Any) -> Cell:
    """A value, or a pair of what is shown and what it is sorted by."""
    if isinstance(value, Cell):
        return value
    text, key = value if isinstance(value, tuple) else (value, value)
    return Cell("" if text is None else str(text), key)
