"""The project of a session: its table, and everything that changes its files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from ..errors import InputError
from ..projects import ImageStatus, PlaceRow, Project, write_places
from ..projects.content import SplitName
from ..projects.lock import ProjectLock
from ..task import LabelScheme
from . import _recent
from ._project_work import (
    Changed,
    Complete,
    DamagedProjectError,
    OpenedProject,
    add_files,
    change,
    create_project,
    find_files,
    open_project,
    refresh_row,
)
from ._splits import check_split, is_labeled
from ._status import Activity, Status
from ._subject import Subject, Subjects
from ._worker import Worker

READING = "project"

Work = Generator[None, None, Any]


class ProjectData(QObject):
    """At most one project; sections show and change it.

    Reading and writing happen in one thread at a time, in the order in which they were asked for.
    `changed` tells of any change, `opened` that another project is open, or none; `failed` says in
    a sentence what could not be done.

    Parameters
    ----------
    status
        Where to show what is going on.
    subjects
        Of the session.

    Attributes
    ----------
    project : Project or None
    rows : tuple of ImageStatus
        The table.
    complete : dict of str to frozenset of int
        By id, the frames that are labeled all over.
    places : tuple of PlaceRow
        What was decided on another day.
    refused : tuple of str
        What happened to files that were added or looked for last, a sentence each.
    backup : Path or None
        A project whose file is damaged, and has an intact backup.
    """

    changed = Signal()
    opened = Signal()
    failed = Signal(str)

    def __init__(self, status: Status, subjects: Subjects, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.rows: tuple[ImageStatus, ...] = ()
        self.complete: Complete = {}
        self.places: tuple[PlaceRow, ...] = ()
        self.refused: tuple[str, ...] = ()
        self.backup: Path | None = None
        self.message = ""
        self._status, self._subjects = status, subjects
        self._lock: ProjectLock | None = None
        self._waiting: deque[tuple[Work, Callable[[Any], None], str]] = deque()
        self._worker: Worker | None = None
        self._over = False

    @property
    def busy(self) -> bool:
        """Whether something is being read or written."""
        return self._worker is not None

    @property
    def summary(self) -> str:
        """Such as "12 files, 3 labeled"."""
        if self.project is None:
            return ""
        files = "1 file" if len(self.rows) == 1 else f"{len(self.rows)} files"
        labeled = sum(map(is_labeled, self.rows))
        held = sum(is_labeled(row) and row.image.split == "validation" for row in self.rows)
        return f"{files}, {labeled} labeled" + (f", {held} for validation" if held else "")

    @property
    def unlabeled(self) -> int:
        """Number of frames to learn from that are not labeled, or only in part."""
        rows = [row for row in self.rows if row.found and row.image.split != "validation"]
        return sum(row.image.frames - row.labeled for row in rows)

    def problem(self) -> str | None:
        """Why training cannot start from this project, in a sentence, or None."""
        if self.project is None:
            return self.message or "No project is open: make one, or open one."
        if not self.rows:
            return "The project has no images yet: add some."
        labeled = [row for row in self.rows if is_labeled(row)]
        if not labeled:
            return "No file of the project is labeled yet: open one and draw on it."
        gone = [row for row in labeled if not row.found]
        if gone:
            name = self.name_of(gone[0].image.id)
            return f"{name} is labeled and not where it was: press Find missing."
        if all(row.image.split == "validation" for row in labeled):
            return "All labeled files are for validation: give one to training, to learn from."
        return None

    def name_of(self, image_id: str) -> str:
        """What a file is called in the window."""
        subject = self._subjects.file(image_id)
        return image_id if subject is None else subject.name

    def row_of(self, image_id: str) -> ImageStatus | None:
        """The row of a file."""
        return next((row for row in self.rows if row.image.id == image_id), None)

    def create(self, folder: Path, scheme: LabelScheme) -> None:
        """Make a project in a folder, and open it."""
        self._begin(create_project(folder, scheme), self._on_opened, f"Making {folder.name}")

    def open(self, folder: Path, *, use_backup: bool = False) -> None:
        """Open the project of a folder; the one before must be closed."""
        self.backup, self.message = None, ""
        work = open_project(folder, use_backup=use_backup)
        self._begin(work, self._on_opened, f"Opening {folder.name}")

    def close(self, then: Callable[[list[Subject]], None]) -> None:
        """Let go of the project once all is written; `then` takes the files that were in it."""
        self._begin(_nothing(), lambda _: then(self._let_go()))

    def write_places_now(self, rows: list[PlaceRow] | None) -> None:
        """The same before this returns, as the window closes."""
        if self._worker is not None:
            self._worker.wait()
        if self.project is not None and rows is not None:
            with suppress(OSError, InputError):  # the labels themselves are saved
                write_places(self.project.folder, rows)

    def end(self, **settings: Any) -> None:
        """Keep settings and let go of the project before this returns: the window closes."""
        self._over = True
        if self._worker is not None:
            self._worker.wait()
        self._waiting.clear()
        if self.project is not None:
            with suppress(OSError, InputError):  # where she was, is not worth a question
                self.project.change_settings(**settings)
        self._let_go()

    def add(self, paths: Iterable[Path]) -> None:
        """Add image files, and those in folders; `refused` says which are none."""
        if self.project is not None:
            self._begin(add_files(self.project, list(paths)), self._on_added, "Adding images")

    def find_missing(self, folder: Path) -> None:
        """Look for files that are not where they were, in a folder and all in it."""
        if self.project is not None:
            self._begin(find_files(self.project, folder), self._on_added, "Looking for files")

    def set_split(self, image_id: str, split: SplitName | None) -> None:
        """Say what a file is for; `InputError` if nothing would be left to learn from."""
        check_split(self.rows, image_id, split)
        if self.project is not None:
            project = self.project
            self._begin(change(lambda: project.set_split(image_id, split)), self._on_entries)

    def mark_predicted(self, runs: dict[str, str]) -> None:
        """Note which run predicted files, by id."""
        if self.project is not None and runs:
            project = self.project
            self._begin(change(lambda: project.mark_predicted(runs)), self._on_entries)

    def remember(self, **settings: Any) -> None:
        """Keep settings with the project."""
        if self.project is not None:
            project = self.project
            self._begin(change(lambda: project.change_settings(**settings)), lambda _: None)

    def write_places(self, rows: list[PlaceRow]) -> None:
        """Write the table of places."""
        if self.project is not None:
            folder = self.project.folder
            self._begin(change(lambda: write_places(folder, rows)), lambda _: None)

    def refresh(self, image_id: str) -> None:
        """The labels of a file have changed."""
        if self.project is not None:
            self._begin(refresh_row(self.project, image_id), self._on_row)

    def _begin(self, work: Work, take: Callable[[Any], None], words: str = "") -> None:
        self._waiting.append((work, take, words))
        if self._worker is None:
            self._next()

    def _next(self) -> None:
        work, take, words = self._waiting.popleft()
        worker = self._worker = Worker(work)
        project = self.project
        worker.returned.connect(lambda found: take(found) if project is self.project else None)
        worker.failed.connect(self._on_failed)
        worker.over.connect(self._on_over)
        if words:
            self._status.begin(READING, Activity(words))
        worker.begin()
        self.changed.emit()

    def _on_over(self) -> None:
        self._worker = None
        self._status.end(READING)
        if self._waiting:
            self._next()
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        known = isinstance(error, InputError | OSError)
        sentence = str(error) if known else f"Unexpected: {error!r}"
        if isinstance(error, DamagedProjectError):
            self.backup = error.folder
        if self.project is None:
            self.message = sentence
        self.failed.emit(sentence)

    def _let_go(self) -> list[Subject]:
        self.project, self.rows, self.complete = None, (), {}
        self.refused, self.places = (), ()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        return self._subjects.forget_files()

    def _on_opened(self, found: OpenedProject) -> None:
        if self._over:
            found.lock.release()
            return
        self.project, self._lock = found.project, found.lock
        self.message, self.backup = "", None
        self._subjects.take_files(found.project.images)
        self.rows, self.complete, self.places = found.rows, found.complete, found.places
        self.refused = found.notes
        _recent.remember(found.project.folder)
        self.opened.emit()
        self.changed.emit()

    def _on_added(self, found: Changed) -> None:
        self.refused = found.refused
        if self.project is not None:
            self._subjects.take_files(self.project.images)
        self._on_rows(found)

    def _on_entries(self, _: None) -> None:
        entries = {} if self.project is None else {item.id: item for item in self.project.images}
        self.rows = tuple(
            replace(row, image=entry, predicted=entry.predicted)
            for row in self.rows
            if (entry := entries.get(row.image.id)) is not None
        )
        self.changed.emit()

    def _on_rows(self, found: Changed) -> None:
        self.rows = found.rows
        self.changed.emit()

    def _on_row(self, found: tuple[ImageStatus, frozenset[int]]) -> None:
        status, complete = found
        self.complete = {**self.complete, status.image.id: complete}
        self.rows = tuple(status if row.image.id == status.image.id else row for row in self.rows)
        self.changed.emit()


def _nothing() -> Work:
    yield
