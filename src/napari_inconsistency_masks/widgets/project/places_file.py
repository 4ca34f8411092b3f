"""The places of a project, written to its table soon after a person decided on one."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import QObject, QTimer

from ...projects import PlaceRow
from ..correcting.correcting import Correcting
from ..layers.subject import Subjects
from .data import ProjectData
from .places import decided, rows_of

PLACES_MS = 1000
"""After a place was decided on, until the table of places is written."""


class PlacesFile(QObject):
    """Keeps ``places.csv`` up to date, and lists again what was decided on another day.

    Parameters
    ----------
    data, correcting, subjects
        Of the session.
    """

    def __init__(
        self,
        data: ProjectData,
        correcting: Correcting,
        subjects: Subjects,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._data, self._correcting, self._subjects = data, correcting, subjects
        self._written: list[PlaceRow] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PLACES_MS)
        self._timer.timeout.connect(self.write)
        correcting.changed.connect(self._soon)
        data.joined.connect(self._on_joined)

    def read(self) -> None:
        """Another project is open: list what was decided."""
        self._written = list(self._data.places)
        self._list(self._data.places)

    def write(self) -> None:
        """Write the table, if it is another one than the one on disk."""
        rows = self._unwritten()
        if rows is not None:
            self._data.write_places(rows, lambda: self._on_written(rows))

    def end(self) -> None:
        """The same before this returns, as the window closes."""
        self._timer.stop()
        self._data.write_places_now(self._unwritten())

    def _soon(self) -> None:
        """Further decisions do not put it off."""
        if not self._timer.isActive():
            self._timer.start()

    def _on_written(self, rows: list[PlaceRow]) -> None:
        self._written = rows

    def _on_joined(self, image_ids: list[str]) -> None:
        """Files came into the project, perhaps some that were in it before."""
        self._list(row for row in self._written if row.image in image_ids)

    def _list(self, rows: Iterable[PlaceRow]) -> None:
        self._correcting.queue.remember(decided(rows, self._subjects))
        self._correcting.changed.emit()

    def _unwritten(self) -> list[PlaceRow] | None:
        """The table if it is another one now; rows of files that left the project stay in it."""
        if self._data.project is None:
            return None
        known = rows_of(self._correcting.queue.places)
        strange = [row for row in self._written if self._subjects.file(row.image) is None]
        rows = [*known, *strange]
        return None if rows == self._written else rows
