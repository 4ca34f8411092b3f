"""Work in threads, one piece after the other, in the order in which it was asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, Signal

from .status import Activity, Status
from .worker import Worker

Work = Generator[None, None, Any]


@dataclass(frozen=True)
class _Piece:
    work: Work
    take: Callable[[Any], object]
    activity: Activity | None
    group: str


class OneByOne(QObject):
    """Runs generators; `changed` tells that one began or ended, `failed` carries an exception.

    Parameters
    ----------
    key, status
        Where to show what is going on.
    about
        Tells what the work is about; what is returned counts only if that is still the same.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self, key: str, status: Status, about: Callable[[], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._key, self._status, self._about = key, status, about
        self._waiting: deque[_Piece] = deque()
        self._worker: Worker | None = None

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return self._worker is not None

    def begin(
        self,
        work: Work,
        take: Callable[[Any], object] = lambda _: None,
        activity: Activity | None = None,
        group: str = "",
    ) -> None:
        """Do some work when all before is done; `take` is given what it returns."""
        self._waiting.append(_Piece(work, take, activity, group))
        if self._worker is None:
            self._next()

    def drop(self, group: str) -> None:
        """Leave out work of a group that has not begun."""
        self._waiting = deque(piece for piece in self._waiting if piece.group != group)

    def wait(self) -> None:
        """Let what runs end, before this returns."""
        if self._worker is not None:
            self._worker.wait()

    def end(self) -> None:
        """The same, and begin nothing more."""
        self.wait()
        self._waiting.clear()

    def _next(self) -> None:
        piece, about = self._waiting.popleft(), self._about()
        worker = self._worker = Worker(piece.work, self)
        worker.returned.connect(lambda found: piece.take(found) if self._about() is about else None)
        worker.failed.connect(self.failed)
        worker.over.connect(lambda: self._on_over(told=piece.activity is not None))
        if piece.activity is not None:
            self._status.begin(self._key, piece.activity)
        worker.begin()
        self.changed.emit()

    def _on_over(self, *, told: bool) -> None:
        self._worker = None
        if told:
            self._status.end(self._key)
        if self._waiting:
            self._next()
        self.changed.emit()
