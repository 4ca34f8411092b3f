"""Texts that are cut where there is no room."""

from __future__ import annotations

import re

from qtpy.QtCore import QRect, Qt
from qtpy.QtGui import QFontMetrics
from superqt import QElidingLabel

BESIDE = 4
"""Pixels of the label that a style may take from its text."""


class ElidedLabel(QElidingLabel):
    """Plain text on one line; its tooltip is the whole of it.

    Parameters
    ----------
    text
        What it says.
    mode
        Where it is cut.
    """

    def __init__(
        self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setIndent(0)
        self.setEllipsesWidth(BESIDE)
        self.setElideMode(mode)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Say something else; called by Qt too."""
        super().setText(text)
        self.setToolTip(text)


def cut_words(text: str, width: int, font: QFontMetrics) -> str:
    """A text over several lines, with long words cut in their middle, as names of files are.

    Parameters
    ----------
    text
        With spaces, or slashes, between its words.
    width
        Pixels of a line.
    font
        That it is written in.
    """
    return "".join(
        part if _fits(part, width, font) else _cut(part, width, font)
        for part in re.split(r"(\s+)", text)
    )


def _fits(word: str, width: int, font: QFontMetrics) -> bool:
    """Whether a word fits into lines, where Qt breaks it."""
    if not word.strip() or font.horizontalAdvance(word) <= width:
        return True
    wrapped = font.boundingRect(QRect(0, 0, width, 1), Qt.TextFlag.TextWordWrap, word)
    return bool(wrapped.width() <= width)


def _cut(word: str, width: int, font: QFontMetrics) -> str:
    pieces = re.split(r"(?<=[/\\])", word)
    return "".join(font.elidedText(piece, Qt.TextElideMode.ElideMiddle, width) for piece in pieces)
