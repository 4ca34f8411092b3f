"""Widgets side by side, and taking them out again."""

from __future__ import annotations

from qtpy.QtWidgets import (
    QHBoxLayout,
    QLayout,
    QWidget,
)

SPACE = 6


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
