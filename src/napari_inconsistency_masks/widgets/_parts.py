"""Small parts that all sections are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ._theme import mixed, theme_color

SPACE = 6


class Sentence(QLabel):
    """Plain text over several lines that can be copied; takes no room without text.

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
        self._kind = kind
        self._restyle()
        self.tell(text)

    def tell(self, text: str | None) -> None:
        """Show a text, or nothing."""
        text = text or ""
        self.setText(f"⚠  {text}" if text and self._kind == "problem" else text)
        self.setVisible(bool(text))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

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


class Swatch(QToolButton):
    """Shows a color; pressing it chooses another, which `picked` carries."""

    picked = Signal(str)

    def __init__(self, name: str, color: str, what: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(f"Color of {what}")
        self.setToolTip(f"Color of {what}: press to choose another.")
        self.setAutoRaise(True)
        self.setIconSize(QSize(14, 14))
        self.setFixedSize(22, 22)
        self.show_color(color)
        self.clicked.connect(self._pick)

    def show_color(self, color: str) -> None:
        """Show another color."""
        self.color = color
        self.setIcon(color_icon(color))

    def _pick(self) -> None:
        color = QColorDialog.getColor(QColor(self.color), self, "Color of the class")
        if color.isValid():
            self.picked.emit(color.name())


def color_icon(color: str, size: int = 14) -> QIcon:
    """A square of a color with a border that shows on dark and on light."""
    picture = QPixmap(size, size)
    picture.fill(QColor(color))
    painter = QPainter(picture)
    painter.setPen(QColor(128, 128, 128))
    painter.drawRect(0, 0, size - 1, size - 1)
    painter.end()
    return QIcon(picture)


def color_label(color: str, words: str) -> QWidget:
    """A square of a color with words beside it."""
    square, text = QLabel(), QLabel(words)
    square.setPixmap(color_icon(color, 12).pixmap(12, 12))
    text.setTextFormat(Qt.TextFormat.PlainText)
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(4)
    line.addWidget(square)
    line.addWidget(text, 1)
    return holder


class Chooser(QComboBox):
    """A list of things of which one is chosen; keeps narrow whatever they are called.

    `picked` carries the thing when a person chooses it.
    """

    picked = Signal(object)

    def __init__(self, name: str, accessible: str, tip: str = "", *, room: int = 6) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setToolTip(tip)
        self.setMinimumContentsLength(room)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._things: list[Any] = []
        self.activated.connect(lambda index: self.picked.emit(self._things[index]))

    def offer(self, things: Sequence[tuple[str, Any]], chosen: Any) -> None:
        """Show things as (words, thing); the chosen one is found by identity or equality."""
        self.blockSignals(True)
        self.clear()
        self._things = [thing for _, thing in things]
        for words, _ in things:
            self.addItem(words)
        found = [i for i, thing in enumerate(self._things) if thing is chosen]
        if not found:
            found = [
                i for i, thing in enumerate(self._things) if type(thing) is str and thing == chosen
            ]
        self.setCurrentIndex(found[0] if found else -1)
        self.blockSignals(False)


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


def named(widget: Any, name: str, accessible: str, tip: str) -> Any:
    """Give a widget its names and tooltip, and return it."""
    widget.setObjectName(name)
    widget.setAccessibleName(accessible)
    widget.setToolTip(tip)
    return widget


def button(words: str, name: str, tip: str) -> QPushButton:
    """A button with its names and tooltip."""
    made = QPushButton(words)
    named(made, name, words, tip)
    return made


class MainButton(QPushButton):
    """The button of a section that does its work: in the theme's color for what is current."""

    def __init__(self, words: str, name: str, tip: str) -> None:
        super().__init__(words)
        named(self, name, words, tip)
        self._restyle()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        style = (
            f"QPushButton {{ background-color: {theme_color('current')}; font-weight: bold; "
            "padding: 6px; }"
            f"QPushButton:hover {{ background-color: {theme_color('highlight')}; }}"
        )
        if self.styleSheet() != style:
            self.setStyleSheet(style)


def row(*widgets: QWidget | int, spacing: int = SPACE) -> QHBoxLayout:
    """Widgets side by side; a number is a stretch."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        if isinstance(widget, int):
            layout.addStretch(widget)
        else:
            layout.addWidget(widget)
    return layout


def clear(layout: QLayout) -> None:
    """Take all widgets out of a layout, and delete them."""
    while layout.count():
        item = layout.takeAt(0)
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
        elif item.layout() is not None:
            clear(item.layout())
