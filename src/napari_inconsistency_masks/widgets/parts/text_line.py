"""A line to type in."""

from __future__ import annotations

import re

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QLineEdit

from .theme import follow_font_size

_BREAKS = re.compile(r"[\r\n\t\u2028\u2029]")


class TextLine(QLineEdit):
    """A line to type in, with letters as large as those of the buttons beside it.

    Line breaks of a text that is pasted, as from a spreadsheet, become the spaces that Qt shows.
    """

    def __init__(self) -> None:
        super().__init__()
        follow_font_size(self)
        self.textEdited.connect(self._keep_one_line)

    @property
    def typing(self) -> bool:
        """Whether a person is in the middle of typing: what it shows is not said yet."""
        return bool(self.hasFocus() and self.isModified())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the font of the settings; called by Qt."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            follow_font_size(self)

    def _keep_one_line(self, text: str) -> None:
        plain = _BREAKS.sub(" ", text)
        if plain != text:
            place = self.cursorPosition()
            self.setText(plain)
            self.setCursorPosition(place)
            self.setModified(True)
