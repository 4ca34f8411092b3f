"""A line to type in."""

from __future__ import annotations

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QLineEdit

from .theme import follow_font_size


class TextLine(QLineEdit):
    """A line to type in, with letters as large as those of the buttons beside it."""

    def __init__(self) -> None:
        super().__init__()
        follow_font_size(self)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the font of the settings; called by Qt."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            follow_font_size(self)
