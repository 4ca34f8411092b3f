"""Noticing that a viewer closes, in every way it can, and napari's question before it does.

Layers that are removed by hand are no sign of it: what is drawn on them must not be lost unsaid.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from typing import Any

from napari.utils.task_status import Status as TaskStatus
from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget

PROVIDER = "Inconsistency Masks"


class CloseGuard(QObject):
    """Emits `closing` once, when the window of a viewer closes or the application ends."""

    closing = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._window: QWidget | None = None
        self._viewer: Callable[[], Any] = lambda: None
        self._over = False
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)
        atexit.register(_close_if_alive, weakref.ref(self))

    def watch(self, window: QWidget) -> None:
        """Follow a viewer's main window; further calls change nothing."""
        if self._window is None:
            self._window = window
            window.installEventFilter(self)
            window.destroyed.connect(self.close)

    def watch_layers(self, viewer: Any) -> None:
        """Notice ``viewer.close()``, which removes all layers before the window closes."""
        self._viewer = weakref.ref(viewer)
        viewer.layers.events.removing.connect(self._on_removing)

    def _on_removing(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        viewer = self._viewer()
        if viewer is not None and _has_let_go(viewer):
            self.close()

    def close(self) -> None:
        """It closes now."""
        if not self._over:
            self._over = True
            self._end_typing()
            self.closing.emit()

    def _end_typing(self) -> None:
        """Have a field that is typed into tell what it holds, as it does when the focus goes on."""
        try:
            field = None if self._window is None else self._window.focusWidget()
        except RuntimeError:  # destroyed
            return
        if isinstance(field, (QLineEdit, QAbstractSpinBox)):
            field.clearFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the window's events; called by Qt."""
        if event.type() == QEvent.Type.Close and watched is self._window:
            if event.spontaneous():  # the X: napari may still ask, and the person say no
                QTimer.singleShot(0, self._close_if_hidden)
            else:
                self.close()
        return False

    def _close_if_hidden(self) -> None:
        try:
            hidden = self._window is None or not self._window.isVisible()
        except RuntimeError:  # destroyed meanwhile
            hidden = True
        if hidden:
            self.close()


def _has_let_go(viewer: Any) -> bool:
    """Whether a viewer no longer follows its sliders: napari ends that when it closes, first."""
    callbacks = viewer.dims.events.current_step.callbacks
    owners = (item[0]() for item in callbacks if isinstance(item, tuple))
    return not any(owner is viewer for owner in owners)


def _close_if_alive(guard: weakref.ref[CloseGuard]) -> None:
    alive = guard()
    if alive is not None:
        alive.close()


class RunningTask:
    """Makes napari ask before it closes while something runs.

    Parameters
    ----------
    viewer
        The viewer itself, no proxy.
    cancel
        Called when the viewer closes all the same.
    """

    def __init__(self, viewer: Any, cancel: Callable[[], None]) -> None:
        self._viewer, self._cancel = weakref.ref(viewer), cancel
        self._number: Any = None

    def update(self, words: str | None) -> None:
        """Something runs, in words, or nothing does."""
        window = getattr(self._viewer(), "window", None)
        # napari has no public way to do this for anything but its own threads
        register = getattr(window, "_register_task_status", None)
        change = getattr(window, "_update_task_status", None)
        if register is None or change is None:
            return
        if words is None:
            if self._number is not None:
                change(self._number, TaskStatus.COMPLETED)
            self._number = None
        elif self._number is None:
            self._number = register(PROVIDER, TaskStatus.BUSY, words, self._cancel)
        else:
            change(self._number, TaskStatus.BUSY, words)
