"""Work in a thread of its own, written as a generator.

superqt's and napari's workers lose a RuntimeError raised in a generator (running out of GPU memory
is one) and run its ``finally`` in the window's thread; this one does neither.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Generator
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QThread, Signal

logger = logging.getLogger(__name__)

LAST_WAIT_MS = 1000
"""For threads that began while a viewer closed; Qt ends a program at once that destroys one."""


class _Told(QObject):
    """The signals of a worker."""

    yielded = Signal(object)
    returned = Signal(object)
    failed = Signal(object)
    over = Signal()


class Worker(QThread):
    """Runs a generator in a thread.

    `yielded` carries each of its values and `returned` its result; `failed` carries the exception
    that ended it. One that was stopped emits neither of the two. `over` comes last, always, and
    right after them: nothing else happens in the window in between. All are emitted in the thread
    that made the worker.

    Parameters
    ----------
    generator
        Is closed in the new thread, whatever happens.
    owner
        Who wants to know. Once it is destroyed, as with a viewer that closed, nothing is told.
    """

    _happened = Signal(str, object)

    def __init__(self, generator: Generator[Any, None, Any], owner: QObject) -> None:
        super().__init__()
        self._generator, self._owner = generator, owner
        self._begin_to_tell()
        self._happened.connect(self._tell)
        self.finished.connect(self._forget)

    def _begin_to_tell(self) -> None:
        self._told = _Told()
        self.yielded, self.returned = self._told.yielded, self._told.returned
        self.failed, self.over = self._told.failed, self._told.over

    def begin(self) -> Worker:
        """Start; the thread is kept alive until it ends."""
        _running.add(self)
        self.start()
        return self

    def stop(self) -> None:
        """Interrupt the generator at its next ``yield``."""
        self.requestInterruption()

    def run(self) -> None:
        """Run the generator; called by Qt in the thread."""
        end: tuple[str, object] = ("stopped", None)
        try:
            while not self.isInterruptionRequested():
                self._happened.emit("yielded", next(self._generator))
        except StopIteration as stop:
            if not self.isInterruptionRequested():
                end = ("returned", stop.value)
        except Exception as error:
            end = ("failed", error)
        finally:
            try:
                self._generator.close()
            except Exception:
                logger.exception("Work that was stopped did not clean up")
            self._happened.emit(*end)

    def _tell(self, what: str, value: object) -> None:
        if what != "stopped" and isalive(self._owner):
            getattr(self, what).emit(value)
        if what != "yielded":
            if isalive(self._owner):
                self.over.emit()
            # Nobody listens any more: PySide would keep for ever what functions that listen know.
            self._told.deleteLater()
            self._begin_to_tell()

    def _forget(self) -> None:
        _running.discard(self)


_running: set[Worker] = set()
"""Threads that must not be destroyed yet."""


def stop_all(milliseconds: int) -> None:
    """Interrupt every worker and wait; for when the application ends."""
    running = [worker for worker in _running if isalive(worker)]
    for worker in running:
        worker.stop()
    for worker in running:
        worker.wait(milliseconds)


atexit.register(stop_all, LAST_WAIT_MS)
