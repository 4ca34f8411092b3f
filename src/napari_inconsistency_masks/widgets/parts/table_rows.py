"""The values of a table, and how each is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from qtpy.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from qtpy.QtGui import QFont

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Row = Sequence[Any]
SORT = Qt.ItemDataRole.UserRole
"""The role under which a value is what its column is sorted by."""

LONG = 24
"""Characters from which a text is also shown as a tooltip."""


@dataclass(frozen=True)
class Cell:
    """A value about which there is more to say: its text, what it is sorted by, and its look."""

    text: str
    key: Any
    tip: str = ""
    italic: bool = False


class Rows(QAbstractTableModel):
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
            len(to_cell(new).text) > len(to_cell(old).text)
            for number in changed
            for old, new in zip(before[number], rows[number], strict=True)
        )

    def tell_changed(self, numbers: Iterable[int]) -> None:
        """Rows were changed in the list that was given."""
        between = sorted(numbers)
        if between:  # telling once is faster, also if others lie between
            last = self.index(between[-1], len(self.columns) - 1)
            self.dataChanged.emit(self.index(between[0], 0), last)

    def take_columns(self, columns: Sequence[str]) -> None:
        """Have other columns, and no rows."""
        self.beginResetModel()
        self.columns, self.rows = tuple(columns), ()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = to_cell(self.rows[index.row()][index.column()])
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return cell.text
        if role == SORT:
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


def to_cell(value: Any) -> Cell:
    """A value, or a pair of what is shown and what it is sorted by."""
    if isinstance(value, Cell):
        return value
    text, key = value if isinstance(value, tuple) else (value, value)
    return Cell("" if text is None else str(text), key)
