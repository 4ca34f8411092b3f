"""The runs of a folder in a view, read in threads."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ...overview import Overview, RunSummary, read_overview
from ...overview.table import Text, row_of, tip
from ..work.status import Activity, Status
from ..work.worker import Worker
from .courses import read_histories
from .history import History

READING = "read runs"


Rows = list[tuple[tuple[Text, ...], str]]
"""For each run its cells, and what there is to say about it."""


class RunList(QObject):
    """The runs of a folder, and what happened in those that were asked for.

    `changed` tells that there are other runs, or that it is being read; `histories_changed` that
    the course of more runs is known.

    Parameters
    ----------
    status
        Where to show that runs are being read.
    ignore
        Names of subfolders that are no runs.
    """

    changed = Signal()
    histories_changed = Signal()

    def __init__(
        self, status: Status, ignore: Sequence[str] = (), parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.overview: Overview | None = None
        self.rows: Rows = []
        self.problem = ""
        self.histories: dict[Path, History] = {}
        self._status, self._ignore = status, tuple(ignore)
        self._reading: Worker | None = None
        self._following: Worker | None = None
        self._asked: set[Path] = set()
        self._unread: dict[Path, str] = {}

    @property
    def reading(self) -> bool:
        """Whether the folder is being read."""
        return self._reading is not None

    @property
    def runs(self) -> tuple[RunSummary, ...]:
        """All that is known of the folder."""
        return () if self.overview is None else self.overview.runs

    def choose(self, folder: Path) -> None:
        """Read another folder, or the same one anew."""
        self.stop()
        if folder != self.folder:
            self.overview, self.rows = None, []
        self.folder, self.problem = folder, ""
        self._reading = worker = Worker(_read(folder, self._ignore), self)
        worker.yielded.connect(partial(self._on_progress, worker))
        worker.returned.connect(partial(self._on_read, worker))
        worker.failed.connect(partial(self._on_failed, worker))
        worker.over.connect(partial(self._on_over, worker))
        self._status.begin(READING, Activity("Reading the runs", 0.0, self.stop))
        worker.begin()
        self.changed.emit()

    def stop(self) -> None:
        """Give up what is being read; what was read before stays."""
        for worker in (self._reading, self._following):
            if worker is not None:
                worker.stop()
        if self._reading is not None:
            self._reading = None
            self._status.end(READING)
            self.changed.emit()
        self._following = None

    def follow(self, folders: Sequence[Path]) -> None:
        """Read what happened in some runs, unless it is known."""
        self._asked |= set(folders)
        wanted = [each for each in folders if each not in (*self.histories, *self._unread)]
        if not wanted or self._following is not None:
            return
        self._following = worker = Worker(read_histories(wanted), self)
        worker.returned.connect(partial(self._on_histories, worker))
        worker.failed.connect(partial(self._on_no_histories, worker, wanted))
        worker.begin()

    def why_no_course(self, folder: Path) -> str | None:
        """Why it is not known what happened in a run, or None."""
        return self._unread.get(folder)

    def _on_progress(self, worker: Worker, read: tuple[int, int]) -> None:
        if worker is self._reading:
            done, total = read
            self._status.progress(READING, f"Reading run {done} of {total}", done / total)

    def _on_read(self, worker: Worker, read: tuple[Overview, Rows]) -> None:
        if worker is self._reading:
            self.overview, self.rows = read
            self.histories, self._unread, self._asked = {}, {}, set()

    def _on_failed(self, worker: Worker, error: Exception) -> None:
        if worker is self._reading:
            self.overview, self.rows = None, []
            refused = isinstance(error, InputError)
            self.problem = str(error) if refused else f"The runs cannot be read ({error!r})."

    def _on_over(self, worker: Worker) -> None:
        if worker is self._reading:
            self._reading = None
            self._status.end(READING)
            self.changed.emit()

    def _on_no_histories(self, worker: Worker, folders: Sequence[Path], error: Exception) -> None:
        why = {each: f"{each}: what happened there cannot be read ({error!r})." for each in folders}
        self._on_histories(worker, why)

    def _on_histories(self, worker: Worker, found: Mapping[Path, History | str]) -> None:
        if worker is not self._following:
            return
        self._following = None
        for folder, history in found.items():
            if isinstance(history, str):
                self._unread[folder] = history
            else:
                self.histories[folder] = history
        self.histories_changed.emit()
        self.follow([folder for folder in self._asked if folder not in found])


def _read(
    folder: Path, ignore: Sequence[str]
) -> Generator[tuple[int, int], None, tuple[Overview, Rows]]:
    overview = yield from read_overview(folder, ignore)
    return overview, [(row_of(run), tip(run)) for run in overview.runs]
