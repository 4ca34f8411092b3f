"""A chooser of many things under headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QModelIndex, QPersistentModelIndex, Qt
from qtpy.QtGui import QColor, QStandardItem, QStandardItemModel
from qtpy.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from .controls import Chooser
from .theme import mixed

SHOWN = 22
"""Rows of the open list, before it scrolls."""

INDENT = 12
"""Pixels by which things stand to the right of their heading; words keep their beginning, so that
typing it finds them."""

_HEADING = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Offer:
    """A thing to choose, its words, and what there is to say about it."""

    words: str
    thing: str
    tip: str = ""


class GroupedChooser(Chooser):
    """Things under headings, which cannot be chosen; `picked` as in `Chooser`.

    Parameters
    ----------
    name, accessible, tip
        As in `Chooser`.
    groups
        The things by heading.
    """

    def __init__(
        self, name: str, accessible: str, tip: str, groups: Mapping[str, Sequence[Offer]]
    ) -> None:
        super().__init__(name, accessible, tip)
        self._tip = tip
        self._headings: list[QStandardItem] = []
        model = QStandardItemModel(self)
        for heading, offers in groups.items():
            model.appendRow(self._heading(heading))
            self._things.append(None)
            for offer in offers:
                model.appendRow(_item(offer))
                self._things.append(offer.thing)
        self.setModel(model)
        self.setItemDelegate(_Indented(self))
        self.setMaxVisibleItems(SHOWN)
        self._restyle()

    def choose(self, thing: str) -> None:
        """Show another choice, without telling."""
        number = self._things.index(thing)
        if number != self.currentIndex():
            self.setCurrentIndex(number)  # `picked` follows `activated`, which a person does
        said = self.itemData(number, Qt.ItemDataRole.ToolTipRole)
        self.setToolTip(f"{self._tip}\n{said}" if said else self._tip)

    def showPopup(self) -> None:
        """Make the list wide enough for what is in it; called by Qt."""
        view = self.view()
        bar = view.verticalScrollBar().sizeHint().width()
        view.setMinimumWidth(view.sizeHintForColumn(0) + INDENT + bar)
        super().showPopup()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def _heading(self, words: str) -> QStandardItem:
        item = QStandardItem(words)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setData(True, _HEADING)
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        self._headings.append(item)
        return item

    def _restyle(self) -> None:
        color = QColor(mixed("text", "background", 0.3))
        for item in self._headings:
            item.setForeground(color)


class _Indented(QStyledItemDelegate):
    """Things stand to the right of their heading."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if not index.data(_HEADING):
            option.rect.adjust(INDENT, 0, 0, 0)


def _item(offer: Offer) -> QStandardItem:
    item = QStandardItem(offer.words)
    item.setData(offer.tip, Qt.ItemDataRole.ToolTipRole)
    return item
