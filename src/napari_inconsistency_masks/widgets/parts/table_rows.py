"""The values of a table, and how each is shown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
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

from ...files.reading_order import as_read

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Row = Sequence[Any]
MISSING = -math.inf

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
    """Values; a pair (text, value) is shown as the one and sorted by the other.

    The model's rows are as they are sorted; the number of each is its place among those that were
    given.

    Attributes
    ----------
    columns
        Headers.
    rows
        By number.
    """

    edited = Signal(int, str)

    def __init__(self, columns: Sequence[str], editable: int | None, parent: QObject) -> None:
        super().__init__(parent)
        self.columns, self._editable = tuple(columns), editable
        self.rows: Sequence[Row] = ()
        self._keys: list[Hashable] = []
        self._numbers: list[int] = []  # from top to bottom
        self._places: list[int] = []  # by number
        self._sorted_by, self._descending = -1, False

    def number(self, place: int) -> int:
        """The number of the row at a place, counted from the top."""
        return self._numbers[place]

    def place(self, number: int) -> int:
        """Where the row of a number is, counted from the top, or -1."""
        return self._places[number] if 0 <= number < len(self._places) else -1

    def key(self, place: int) -> Hashable:
        """What the row at a place is about."""
        return self._keys[self._numbers[place]]

    def texts(self, numbers: Collection[int] | None = None) -> list[list[str]]:
        """What is shown, or that of some rows, from top to bottom."""
        shown = self._numbers
        if numbers is not None:
            wanted = set(numbers)
            shown = [number for number in shown if number in wanted]
        return [[to_text(value) for value in self.rows[number]] for number in shown]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, or by number if it is -1; equal rows keep their order."""
        self._sorted_by, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange(self._in_order())

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
            self._renumber(rows, wanted)
            self._add([number for number, key in enumerate(wanted) if key not in before])
        self.rows = rows
        pairs = [(n, before[key], rows[n]) for n, key in enumerate(wanted) if key in before]
        changed = [(n, old, new) for n, old, new in pairs if tuple(old) != tuple(new)]
        self.tell_changed([number for number, _, _ in changed])
        if others:
            self._arrange(self._in_order())
        return others or any(
            len(to_text(new)) > len(to_text(old))
            for _, old_row, new_row in changed
            for old, new in zip(old_row, new_row, strict=True)
        )

    def _remove(self, kept: set[Hashable]) -> None:
        """Rows that go are one stretch at the end first, since many stretches take long."""
        gone = [number for number in self._numbers if self._keys[number] not in kept]
        if gone:
            stay = [number for number in self._numbers if self._keys[number] in kept]
            self._arrange(stay + gone)
            self.beginRemoveRows(QModelIndex(), len(stay), len(self._numbers) - 1)
            self._take_numbers(stay)
            self.endRemoveRows()

    def _renumber(self, rows: Sequence[Row], keys: list[Hashable]) -> None:
        """Rows that stay have other numbers now, in the places where they are."""
        now = {key: number for number, key in enumerate(keys)}
        numbers = [now[self._keys[number]] for number in self._numbers]
        self.rows, self._keys = rows, keys
        self._take_numbers(numbers)

    def _add(self, new: list[int]) -> None:
        if new:
            there = len(self._numbers)
            self.beginInsertRows(QModelIndex(), there, there + len(new) - 1)
            self._take_numbers(self._numbers + new)
            self.endInsertRows()

    def _in_order(self) -> list[int]:
        """All numbers, as they are to be sorted."""
        column = self._sorted_by
        if not 0 <= column < len(self.columns):
            return sorted(self._numbers)
        keys = [to_key(row[column]) for row in self.rows]
        texts = [number for number in self._numbers if isinstance(keys[number], str)]
        values = [number for number in self._numbers if not isinstance(keys[number], str)]
        for part in (texts, values):
            part.sort(key=keys.__getitem__, reverse=self._descending)
        return texts + values if self._descending else values + texts

    def _arrange(self, numbers: list[int]) -> None:
        """Put the rows that are there into another order."""
        if numbers == self._numbers:
            return
        self.layoutAboutToBeChanged.emit()  # PySide knows these signals without arguments alone
        known = self.persistentIndexList()
        cells = [(self._numbers[index.row()], index.column()) for index in known]
        self._take_numbers(numbers)
        moved = [self.index(self._places[number], column) for number, column in cells]
        self.changePersistentIndexList(known, moved)
        self.layoutChanged.emit()

    def _take_numbers(self, numbers: list[int]) -> None:
        self._numbers, self._places = numbers, [-1] * len(self.rows)
        for place, number in enumerate(numbers):
            self._places[number] = place

    def tell_changed(self, numbers: Iterable[int]) -> None:
        """Rows were changed in the list that was given."""
        places = [self._places[number] for number in numbers]
        if places:  # telling once is faster, also if others lie between
            last = self.index(max(places), len(self.columns) - 1)
            self.dataChanged.emit(self.index(min(places), 0), last)
            self._arrange(self._in_order())

    def take_columns(self, columns: Sequence[str]) -> None:
        """Have other columns, and no rows."""
        self.beginResetModel()
        self.columns, self.rows, self._keys = tuple(columns), (), []
        self._take_numbers([])
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = to_cell(self.rows[self._numbers[index.row()]][index.column()])
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return cell.text
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
        self.edited.emit(self._numbers[index.row()], str(value))
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


def to_cell(value: Any) -> Cell:
    """A value, or a pair of what is shown and what it is sorted by."""
    return value if isinstance(value, Cell) else Cell(to_text(value), _key(value))


def to_text(value: Any) -> str:
    """What is shown of a value."""
    if isinstance(value, Cell):
        return value.text
    text = value[0] if isinstance(value, tuple) else value
    return "" if text is None else str(text)


def to_key(value: Any) -> float | str:
    """What a value is sorted by: numbers before texts, and what is missing before all."""
    key = _key(value)
    if isinstance(key, str):
        return as_read(key)
    if not isinstance(key, int | float):
        return MISSING if key is None else str(key)
    return MISSING if math.isnan(key) else key


def _key(value: Any) -> Any:
    if isinstance(value, Cell):
        return value.key
    return value[1] if isinstance(value, tuple) else value
