"""Widgets side by side, taking them out again, and hiding rows of a form."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLayout, QWidget

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


def show_row(form: QFormLayout, field: QWidget | QLayout, shown: bool) -> None:
    """Show or hide a field of a form with its label."""
    if hasattr(form, "setRowVisible"):
        form.setRowVisible(field, shown)
        return
    form.labelForField(field).setVisible(shown)  # Qt 5
    items = [field] if isinstance(field, QWidget) else map(field.itemAt, range(field.count()))
    for item in items:
        widget = item if isinstance(item, QWidget) else item.widget()
        if widget is not None:
            widget.setVisible(shown)
