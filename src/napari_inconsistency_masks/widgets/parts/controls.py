"""Sentences, choosers and lines that open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .buttons import named
from .elided_label import BESIDE, cut_words
from .layouts import SPACE
from .letters import leave_letters
from .table_rows import LONG
from .theme import mixed
from .wheel import leave_wheel

LEAST = 100
"""Pixels of a line that a sentence has at least."""


class Sentence(QLabel):
    """Plain text over several lines that can be copied; takes no room without text.

    A word that is longer than a line is cut in its middle; the tooltip is then the whole text.

    Parameters
    ----------
    name
        Object name.
    kind
        "plain"; "hint", which is dimmed; or "problem", which has a sign in front.
    """

    def __init__(self, name: str, kind: str = "plain", text: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._kind, self._whole, self._cut = kind, "", False
        self._restyle()
        self.tell(text)

    def text(self) -> str:
        """The whole text."""
        return self._whole

    def tell(self, text: str | None) -> None:
        """Show a text, or nothing."""
        text = text or ""
        self._whole = f"⚠  {text}" if text and self._kind == "problem" else text
        self._fit()
        if text and self.parentWidget() is None:  # alone it would be a window
            self.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)
        else:
            self.setVisible(bool(text))

    def minimumSizeHint(self) -> QSize:
        """No long word makes what it is in wider; called by Qt."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), LEAST), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut words that are too long for the lines; called by Qt."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
            self._fit()
        super().changeEvent(event)

    def _fit(self) -> None:
        shown, room = super().text(), max(LEAST, self.contentsRect().width() - 2 * BESIDE)
        fitting = cut_words(self._whole, room, self.fontMetrics())
        if fitting != shown:
            self.setText(fitting)
        if fitting != self._whole:
            self.setToolTip(self._whole)
        elif self._cut:
            self.setToolTip("")
        self._cut = fitting != self._whole

    def _restyle(self) -> None:
        color = {
            "hint": mixed("text", "background", 0.25),
            "problem": mixed("warning", "text", 0.3),
        }
        style = f"color: {color[self._kind]};" if self._kind in color else ""
        if self.styleSheet() != style:
            self.setStyleSheet(style)


class Segments(QWidget):
    """A row of buttons of which one is chosen.

    `chosen` carries its key when a person changes it.
    """

    chosen = Signal(str)

    def __init__(
        self, name: str, choices: Mapping[str, str], tips: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._buttons: dict[str, QPushButton] = {}
        for key, words in choices.items():
            button = self._buttons[key] = QPushButton(words)
            button.setObjectName(f"{name}_{key}")
            button.setAccessibleName(words)
            button.setCheckable(True)
            button.setToolTip((tips or {}).get(key, ""))
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            row.addWidget(button, 1)

    @property
    def value(self) -> str:
        """The key that is chosen, or nothing."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def choose(self, key: str) -> None:
        """Show another choice."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def say(self, key: str, words: str) -> None:
        """Change the words on a button."""
        self._buttons[key].setText(words)


class Chooser(QComboBox):
    """A list of things of which one is chosen; keeps narrow whatever they are called.

    The tooltip begins with the whole name of what is chosen, if that is long.

    `picked` carries the thing when a person chooses it.
    """

    picked = Signal(object)

    def __init__(self, name: str, accessible: str, tip: str = "", *, room: int = 6) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._tip = tip
        self.setToolTip(tip)
        self.setMinimumContentsLength(room)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._things: list[Any] = []
        leave_wheel(self)
        leave_letters(self)
        self.currentTextChanged.connect(self._tell_whole)
        self.activated.connect(lambda index: self.picked.emit(self._things[index]))

    def offer(self, things: Sequence[tuple[str, Any]], chosen: Any) -> None:
        """Show things as (words, thing), which are known by identity, and strings by equality.

        The same ones as before are let be: a person may have the list open.
        """
        self.blockSignals(True)
        if not self._offers(things):
            self.clear()
            self._things = [thing for _, thing in things]
            for words, _ in things:
                self.addItem(words)
                self.setItemData(self.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
        found = (i for i, thing in enumerate(self._things) if _is_same(thing, chosen))
        self.setCurrentIndex(next(found, -1))
        self.blockSignals(False)
        self._tell_whole(self.currentText())

    def _offers(self, things: Sequence[tuple[str, Any]]) -> bool:
        """Whether these are what is offered already."""
        words = [self.itemText(i) for i in range(self.count())]
        return [each for each, _ in things] == words and all(
            _is_same(thing, now) for (_, thing), now in zip(things, self._things, strict=True)
        )

    def _tell_whole(self, words: str) -> None:
        self.setToolTip(f"{words}\n{self._tip}" if len(words) > LONG else self._tip)


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is str and one == other)


class Disclosure(QWidget):
    """A line that shows and hides what is below it."""

    def __init__(self, name: str, words: str, content: QWidget) -> None:
        super().__init__()
        self._words, self._content = words, content
        self.line = named(QPushButton(), name, words, f"Show or hide: {words}")
        self.line.setCheckable(True)
        self.line.setStyleSheet("text-align: left; background-color: transparent;")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.line)
        column.addWidget(content)
        self.line.toggled.connect(self._show)
        self._show(False)

    def say(self, words: str) -> None:
        """Change the words on the line."""
        self._words = words
        self._show(self.line.isChecked())

    def _show(self, opened: bool) -> None:
        self.line.setText(f"{'▾' if opened else '▸'}  {self._words}")
        self._content.setVisible(opened)
