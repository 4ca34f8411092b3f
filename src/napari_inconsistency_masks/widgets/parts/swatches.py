"""Colors of classes, to see and to choose."""

from __future__ import annotations

from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from .elided_label import ElidedLabel


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
    """A square of a color with words beside it, which are cut where there is no room."""
    square, text = QLabel(), ElidedLabel(words)
    text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    square.setPixmap(color_icon(color, 12).pixmap(12, 12))
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(4)
    line.addWidget(square)
    line.addWidget(text, 1)
    return holder
