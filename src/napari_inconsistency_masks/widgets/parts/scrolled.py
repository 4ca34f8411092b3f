"""What may be higher than the room there is, and scrolls."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize
from qtpy.QtWidgets import QFrame, QScrollArea, QWidget


class ScrolledContent(QWidget):
    """What scrolls: only as high as its sentences need at the width they have.

    Without this Qt takes them for as high as in a narrow column, and scrolls what would fit.
    """

    def minimumSizeHint(self) -> QSize:
        """Called by Qt."""
        hint, layout = super().minimumSizeHint(), self.layout()
        if layout is not None and layout.hasHeightForWidth():
            needed = layout.minimumHeightForWidth(max(self.width(), hint.width()))
            hint.setHeight(min(hint.height(), needed))
        return hint


class ShrinkingContent(ScrolledContent):
    """The same; what is in it becomes as low as it may be, as a plot can, before it scrolls."""

    def heightForWidth(self, width: int) -> int:
        """Called by Qt."""
        layout = self.layout()
        return -1 if layout is None else int(layout.minimumHeightForWidth(width))


class Scrolled(QScrollArea):
    """A widget that scrolls up and down, so that it makes no window higher; it is as wide as ever.

    Parameters
    ----------
    content
        What is shown.
    """

    def __init__(self, content: ShrinkingContent) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(content)

    def minimumSizeHint(self) -> QSize:
        """Called by Qt."""
        width = self.widget().minimumSizeHint().width()
        width += self.verticalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for more width when what is in it needs it; called by Qt."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))
