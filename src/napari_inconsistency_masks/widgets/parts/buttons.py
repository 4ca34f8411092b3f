"""Buttons, and the names that every widget has."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import (
    QPushButton,
)

from .theme import theme_color


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
