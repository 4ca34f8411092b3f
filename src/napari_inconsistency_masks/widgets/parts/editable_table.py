"""A table with a column into which a person types, as in a spreadsheet."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence

from qtpy.QtCore import QPersistentModelIndex, Qt, Signal
from qtpy.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QTableView, QWidget

from .table import Table
from .table_rows import Row

_CLEARING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class EditableTable(Table):
    """A `Table` in which one column can be typed into: after a double click, F2, or just so.

    `edited` carries the number of a row into which a text was typed (none to clear it); `filled`
    those of several, with their texts, of which there are more than rows if more was pasted than
    there is room for; and `undone` tells that the last of them should be taken back.

    Parameters
    ----------
    name, accessible, columns
        As of a `Table`.
    editable
        The column.
    """

    edited = Signal(int, str)
    filled = Signal(list, list)
    undone = Signal()

    def __init__(self, name: str, accessible: str, columns: Sequence[str], editable: int) -> None:
        super().__init__(name, accessible, columns, editable)
        self._editable, self._finishing = editable, False
        self._below = QPersistentModelIndex()
        self._rows.edited.connect(self.edited)
        when = QAbstractItemView.EditTrigger
        self.setEditTriggers(when.DoubleClicked | when.EditKeyPressed | when.AnyKeyPressed)

    def show_rows(self, rows: Sequence[Row], keys: Iterable[Hashable] | None = None) -> None:
        """As of a `Table`; what is being typed into a row that goes is taken as it is."""
        if keys is not None:
            keys = list(keys)
            self._finish_typing(keys)
        super().show_rows(rows, keys)

    def commitData(self, editor: QWidget) -> None:
        """Remember what is below, as the row may be sorted elsewhere now; called by Qt."""
        index = self.currentIndex()
        self._below = QPersistentModelIndex(index.sibling(index.row() + 1, index.column()))
        super().commitData(editor)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Go on below after Enter, as in a spreadsheet; called by Qt."""
        super().closeEditor(editor, hint)
        if hint == QAbstractItemDelegate.EndEditHint.SubmitModelCache and self._below.isValid():
            self.setCurrentIndex(self._rows.index(self._below.row(), self._below.column()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Type a number anywhere in a row, clear, paste and undo; called by Qt."""
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Paste):
            self._paste()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.undone.emit()
        elif index.isValid() and event.key() in _CLEARING:
            self._clear_selected()
        else:
            if index.isValid() and (event.key() == Qt.Key.Key_F2 or event.text().isdecimal()):
                self.setCurrentIndex(index.siblingAtColumn(self._editable))
            QTableView.keyPressEvent(self, event)  # a `Table` leaves letters to the viewer
            if self.state() == QAbstractItemView.State.EditingState:
                event.accept()  # Qt passes on what it puts into the cell, and napari takes a tool

    def _clear_selected(self) -> None:
        numbers = self.all_selected
        if len(numbers) > 1:
            self.filled.emit(numbers, [""] * len(numbers))
        else:
            self.edited.emit(self.current, "")

    def _paste(self) -> None:
        """A column of a spreadsheet goes into the rows from the current one on."""
        lines = QGuiApplication.clipboard().text().splitlines()
        if lines and self.currentIndex().isValid():
            places = range(self.currentIndex().row(), self._rows.rowCount())
            numbers = [self._rows.number(place) for place in places[: len(lines)]]
            self.filled.emit(numbers, lines)

    def _finish_typing(self, keys: Collection[Hashable]) -> None:
        """What is typed into a row that goes is taken as it is, also without Enter."""
        index = self.currentIndex()
        editor = self.indexWidget(index)
        if editor is None or self._finishing or self._rows.key(index.row()) in keys:
            return
        self._finishing = True
        self.commitData(editor)
        self.closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        self._finishing = False
