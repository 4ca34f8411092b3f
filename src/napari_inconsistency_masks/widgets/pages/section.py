"""What the sections have in common: one session, one column that scrolls."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from qtpy.QtCore import QEvent, QObject, QSize, Qt, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFrame, QMainWindow, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ...errors import InputError
from ..parts.scrolled import ScrolledContent
from ..session.session import Session, session_of

logger = logging.getLogger(__name__)
Slot = TypeVar("Slot", bound=Callable[..., Any])

NARROWEST = 350
"""Pixels."""

WIDEST = 0.4
"""Share of the screen that a section takes rather than that a person must scroll sideways."""


class Section(QScrollArea):
    """A column of widgets that shows part of a session; it may be a dock of its own.

    `summary_changed` tells that `summary` is another one now.
    """

    title = ""
    summary_changed = Signal()

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.session: Session = session_of(viewer)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        content = ScrolledContent()
        self.column = QVBoxLayout(content)
        self.column.setContentsMargins(10, 8, 10, 10)
        self.column.setSpacing(8)
        self.setWidget(content)

    @property
    def summary(self) -> str:
        """What a person should see of the section while it is closed."""
        return ""

    def minimumSizeHint(self) -> QSize:
        """Wide enough for what is in it, whatever the font; called by Qt."""
        margins = self.contentsMargins()
        wanted = self.widget().minimumSizeHint().width() + margins.left() + margins.right()
        wanted += self.verticalScrollBar().sizeHint().width()
        most = round(WIDEST * self.screen().availableGeometry().width())
        height = super().minimumSizeHint().height()
        return QSize(max(NARROWEST, min(wanted, most)), height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for more width when what is in it needs it; called by Qt."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Keep the focus of a control that goes, or turns gray; called by Qt, also after Tab.

        Qt would give it to the control that follows, and the next Space press what nobody meant.
        """
        window = self.window()
        focused = window.focusWidget()
        inside = focused is not None and self.isVisible() and self.isAncestorOf(focused)
        if inside and not (focused.isEnabled() and focused.isVisible()):
            self.setFocus()
            return True
        return bool(super().focusNextPrevChild(forward))

    def showEvent(self, event: QShowEvent) -> None:
        """Tell the session its window; called by Qt."""
        watch_window(self, self.session)
        fill_dock(self)
        super().showEvent(event)


def fill_dock(widget: QWidget) -> None:
    """Be as high as there is room: napari 0.9.0 makes nothing that it docks higher than need be."""
    policy = widget.sizePolicy()
    if policy.verticalPolicy() == QSizePolicy.Policy.Maximum:
        policy.setVerticalPolicy(QSizePolicy.Policy.Expanding)
        widget.setSizePolicy(policy)


def watch_window(widget: QWidget, session: Session) -> None:
    """Tell a session the main window that a widget is in."""
    window = widget.window()
    while window is not None and not isinstance(window, QMainWindow):
        window = window.parentWidget()
    if window is not None:
        session.watch(window)


def slot(method: Slot) -> Slot:
    """Make a method of a section safe to be called by Qt: an error is told, not raised."""

    @functools.wraps(method)
    def safe(self: Any, *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except InputError as error:
            self.session.tell_error(str(error))
        except Exception as error:
            logger.exception("in %s", method.__qualname__)
            self.session.tell_error(f"Something went wrong ({error!r}); the log says more.")
        return None

    return safe  # type: ignore[return-value]
