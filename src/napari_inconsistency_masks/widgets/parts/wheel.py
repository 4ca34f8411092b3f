"""The mouse wheel changes only what a person has gone into."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QWidget


def leave_wheel(control: QWidget) -> None:
    """Have a control scroll what it lies in, until a click or Tab has given it the focus."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.installEventFilter(_Leaving(control))


class _Leaving(QObject):
    """Passes the wheel on while its parent has no focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the control's events; called by Qt."""
        if event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget):
            return False
        if watched.hasFocus():
            return False
        event.ignore()
        return True
