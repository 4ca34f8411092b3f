"""Letters are keys of napari, unless a person types them into something."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QComboBox

_WITH = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_BY_KEYS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


def is_letter(event: QKeyEvent) -> bool:
    """Whether a letter alone is pressed, or with Shift."""
    return bool(event.text().isalpha() and not event.modifiers() & _WITH)


def leave_letters(chooser: QComboBox) -> None:
    """Leave letters to napari once a chooser was pressed with the mouse.

    Qt would choose what begins with them: another image, when a brush was meant. Who came by Tab
    still finds things by their letters, and so does everybody in the open list.
    """
    chooser.installEventFilter(_Leaving(chooser))


class _Leaving(QObject):
    """Passes letters on while its parent has the focus because it was pressed."""

    def __init__(self, chooser: QComboBox) -> None:
        super().__init__(chooser)
        self._pressed = False

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Look at the chooser's events; called by Qt."""
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress:
            self._pressed = True
        elif kind == QEvent.Type.FocusIn and event.reason() in _BY_KEYS:
            self._pressed = False
        elif kind == QEvent.Type.KeyPress and self._pressed and is_letter(event):
            event.ignore()
            return True
        return False
