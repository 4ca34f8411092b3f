"""The values of a table, and how each is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
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
        self._keys: list[Hashable] = []

    def replace(self, rows: Sequence[Row], keys: Iterable[Hashable] | None = None) -> bool:
        """Take other rows; returns whether a column may need another width.

        Parameters
        ----------
        rows
            What is shown.
        keys
            What each row is about: a row with a key that was there before is still that row, so it
            stays selected, and a text that is being typed into it stays. Without keys it is the
            number.
        """
        wanted = _told_apart(range(len(rows)) if keys is None else keys)
        before = dict(zip(self._keys, self.rows, strict=True))
        others = wanted != self._keys
        if others:
            self._remove(set(wanted))
            self._reorder([key for key in wanted if key in before])
            self._insert(rows, wanted)
        self.rows = rows
        pairs = [(n, before[key], rows[n]) for n, key in enumerate(wanted) if key in before]
        changed = [(n, old, new) for n, old, new in pairs if tuple(old) != tuple(new)]
        self.tell_changed([number for number, _, _ in changed])
        return others or any(
            len(to_cell(new).text) > len(to_cell(old).text)
            for _, old_row, new_row in changed
            for old, new in zip(old_row, new_row, strict=True)
        )

    def _remove(self, kept: set[Hashable]) -> None:
        rows = self.rows = list(self.rows)
        gone = [number for number, key in enumerate(self._keys) if key not in kept]
        for first, end in reversed(_stretches(gone)):
            self.beginRemoveRows(QModelIndex(), first, end - 1)
            del rows[first:end], self._keys[first:end]
            self.endRemoveRows()

    def _reorder(self, keys: list[Hashable]) -> None:
        if keys == self._keys:
            return
        self.layoutAboutToBeChanged.emit()
        now = {key: number for number, key in enumerate(keys)}
        places = [now[key] for key in self._keys]
        by_key = dict(zip(self._keys, self.rows, strict=True))
        self._keys, self.rows = keys, [by_key[key] for key in keys]
        known = self.persistentIndexList()
        moved = [self.index(places[index.row()], index.column()) for index in known]
        self.changePersistentIndexList(known, moved)
        self.layoutChanged.emit()

    def _insert(self, rows: Sequence[Row], keys: list[Hashable]) -> None:
        there, shown = set(self._keys), list(self.rows)
        self.rows = shown
        new = [number for number, key in enumerate(keys) if key not in there]
        for first, end in _stretches(new):
            self.beginInsertRows(QModelIndex(), first, end - 1)
            shown[first:first] = rows[first:end]
            self._keys[first:first] = keys[first:end]
            self.endInsertRows()

    def tell_changed(self, numbers: Iterable[int]) -> None:
        """Rows were changed in the list that was given."""
        between = sorted(numbers)
        if between:  # telling once is faster, also if others lie between
            last = self.index(between[-1], len(self.columns) - 1)
            self.dataChanged.emit(self.index(between[0], 0), last)

    def take_columns(self, columns: Sequence[str]) -> None:
        """Have other columns, and no rows."""
        self.beginResetModel()
        self.columns, self.rows, self._keys = tuple(columns), (), []
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


def _told_apart(keys: Iterable[Hashable]) -> list[Hashable]:
    """Keys, each that is there before with how often it is."""
    found = list(keys)
    if len(set(found)) == len(found):
        return found
    times: Counter[Hashable] = Counter()
    for place, key in enumerate(found):
        found[place] = (key, times[key]) if times[key] else key
        times[key] += 1
    return found


def _stretches(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Rising numbers as stretches without a gap: the first number, and the one after the last."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return found


def to_cell(value: Any) -> Cell:
    """A value, or a pair of what is shown and what it is sorted by."""
    if isinstance(value, Cell):
        return value
    text, key = value if isinstance(value, tuple) else (value, value)
    return Cell("" if text is None else str(text), key)
