"""The project of a session: its table, and everything that changes its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ...projects import ImageStatus, PlaceRow, Project, write_places
from ...projects.content import SplitName
from ...projects.lock import ProjectLock
from ...task import LabelScheme
from ..layers.subject import Subject, Subjects
from ..work.one_by_one import OneByOne, Work
from ..work.status import Activity, Status
from ..work.words import in_words
from . import recent
from .splits import check_split
from .words import problem, summary, unlabeled
from .work import (
    Changed,
    Complete,
    Copied,
    DamagedProjectError,
    OpenedProject,
    add_files,
    change,
    copy_file,
    create_project,
    find_files,
    open_project,
    refresh_row,
    remove_files,
)

READING = "project"
COPYING = "copying"


class ProjectData(QObject):
    """At most one project; sections show and change it.

    Reading and writing happen in one thread at a time, in the order in which they were asked for.
    `changed` tells of any change, `opened` that another project is open, or none; `joined` carries
    the ids of files that came into it, `left` the subjects of those that left; `failed` says in a
    sentence what could not be done.

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
    opening : bool
        Whether a project is being opened or made.
    backup : Path or None
        A project whose file is damaged, and has an intact backup.
    """

    changed = Signal()
    opened = Signal()
    joined = Signal(object)
    left = Signal(object)
    failed = Signal(str)

    def __init__(self, status: Status, subjects: Subjects, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.rows: tuple[ImageStatus, ...] = ()
        self.complete: Complete = {}
        self.places: tuple[PlaceRow, ...] = ()
        self.refused: tuple[str, ...] = ()
        self.opening = False
        self.backup: Path | None = None
        self.message = ""
        self._status, self._subjects = status, subjects
        self._lock: ProjectLock | None = None
        self._over = False
        self._work = OneByOne(READING, status, lambda: self.project, self)
        self._work.changed.connect(self.changed)
        self._work.failed.connect(self._on_failed)

    @property
    def busy(self) -> bool:
        """Whether something is being read or written."""
        return self._work.busy

    @property
    def summary(self) -> str:
        """Such as "12 files, 3 labeled"."""
        return "" if self.project is None else summary(self.rows)

    @property
    def unlabeled(self) -> int:
        """Number of frames to learn from that are not labeled, or only in part."""
        return unlabeled(self.rows)

    def problem(self) -> str | None:
        """Why training cannot start from this project, in a sentence, or None."""
        if self.project is None:
            return self.message or "No project is open: make one, or open one."
        return problem(self.rows, self.name_of)

    def name_of(self, image_id: str) -> str:
        """What a file is called in the window."""
        subject = self._subjects.file(image_id)
        return image_id if subject is None else subject.name

    def row_of(self, image_id: str) -> ImageStatus | None:
        """The row of a file."""
        return next((row for row in self.rows if row.image.id == image_id), None)

    def create(self, folder: Path, scheme: LabelScheme) -> None:
        """Make a project in a folder, and open it."""
        words = Activity(f"Making {folder.name}")
        self.opening = True
        self._work.begin(create_project(folder, scheme), self._on_opened, words)

    def open(self, folder: Path, *, use_backup: bool = False) -> None:
        """Open the project of a folder; the one before must be closed."""
        self.backup, self.message, self.opening = None, "", True
        work = open_project(folder, use_backup=use_backup)
        self._work.begin(work, self._on_opened, Activity(f"Opening {folder.name}"))

    def close(self, then: Callable[[list[Subject]], None]) -> None:
        """Let go of the project once all is written; `then` takes the files that were in it."""
        self._work.begin(_nothing(), lambda _: then(self._let_go()))

    def write_places_now(self, rows: list[PlaceRow] | None) -> None:
        """The same before this returns, as the window closes."""
        self._work.wait()
        if self.project is not None and rows is not None:
            with suppress(OSError, InputError):  # the labels themselves are saved
                write_places(self.project.folder, rows)

    def end(self, **settings: Any) -> None:
        """Keep settings and let go of the project before this returns: the window closes."""
        self._over = True
        self._work.end()
        if self.project is not None:
            with suppress(OSError, InputError):  # where she was, is not worth a question
                self.project.change_settings(**settings)
        self._let_go()

    def add(self, paths: Iterable[Path]) -> None:
        """Add image files, and those in folders; `refused` says which are none."""
        if self.project is not None:
            work = add_files(self.project, list(paths))
            self._work.begin(work, self._on_added, Activity("Adding images"))

    def find_missing(self, folder: Path) -> None:
        """Look for files that are not where they were, in a folder and all in it."""
        if self.project is not None:
            work = find_files(self.project, folder)
            self._work.begin(work, self._on_added, Activity("Looking for files"))

    def copy(self, image_ids: Sequence[str]) -> None:
        """Copy files into the project, one after the other; `refused` says which cannot be."""
        project, self.refused = self.project, ()
        sizes = [row.image.fingerprint.bytes for row in map(self.row_of, image_ids) if row]
        if project is None:
            return
        for number, image_id in enumerate(image_ids):
            words = f"Copying file {number + 1} of {len(image_ids)} into the project"
            share = sum(sizes[:number]) / max(1, sum(sizes))
            activity = Activity(words, share, lambda: self._work.drop(COPYING))
            work = copy_file(project, image_id)
            self._work.begin(work, self._on_copied, activity, COPYING)

    def remove(self, image_ids: Iterable[str]) -> None:
        """Take files out of the project, none of which is open; `left` carries them."""
        if self.project is not None:
            self._work.begin(remove_files(self.project, list(image_ids)), self._on_added)

    def set_split(self, image_id: str, split: SplitName | None) -> None:
        """Say what a file is for; `InputError` if nothing would be left to learn from."""
        check_split(self.rows, image_id, split)
        self._change(lambda project: project.set_split(image_id, split), self._on_entries)

    def mark_predicted(self, runs: dict[str, str]) -> None:
        """Note which run predicted files, by id."""
        if runs:
            self._change(lambda project: project.mark_predicted(runs), self._on_entries)

    def remember(self, **settings: Any) -> None:
        """Keep settings with the project."""
        self._change(lambda project: project.change_settings(**settings))

    def write_places(self, rows: list[PlaceRow], then: Callable[[], None]) -> None:
        """Write the table of places; `then` is called once it is on disk."""
        self._change(lambda project: write_places(project.folder, rows), lambda _: then())

    def refresh(self, image_id: str) -> None:
        """The labels of a file have changed."""
        if self.row_of(image_id) is not None and self.project is not None:
            self._work.begin(refresh_row(self.project, image_id), self._on_row)

    def _change(
        self, do: Callable[[Project], object], take: Callable[[Any], object] = lambda _: None
    ) -> None:
        project = self.project
        if project is not None:
            self._work.begin(change(lambda: do(project)), take)

    def _on_failed(self, error: Exception) -> None:
        sentence = in_words(error)
        self._work.drop(COPYING)
        if isinstance(error, DamagedProjectError):
            self.backup = error.folder
        if self.project is None:
            self.message, self.opening = sentence, False
        self.failed.emit(sentence)

    def _let_go(self) -> list[Subject]:
        self.project, self.rows, self.complete = None, (), {}
        self.refused, self.places = (), ()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        return self._subjects.forget_files()

    def _on_opened(self, found: OpenedProject) -> None:
        self.opening = False
        if self._over:
            found.lock.release()
            return
        self.project, self._lock = found.project, found.lock
        self.message, self.backup = "", None
        self._subjects.take_files(found.project.images)
        self.rows, self.complete, self.places = found.rows, found.complete, found.places
        self.refused = found.notes
        recent.remember(found.project.folder)
        self.opened.emit()
        self.changed.emit()

    def _on_added(self, found: Changed) -> None:
        """The table is another one: of the files in it, or of where they are."""
        self.refused = found.refused
        project = self.project
        assert project is not None
        known = self.complete.keys()
        self.rows, self.complete = found.rows, found.complete
        gone = self._subjects.take_files(project.images)
        if gone:
            self.left.emit(gone)
        came = [row.image.id for row in found.rows if row.image.id not in known]
        if came:
            self.joined.emit(came)
        self.changed.emit()

    def _on_copied(self, found: Copied) -> None:
        self.refused = (*self.refused, *found.refused)
        if self.project is not None:
            self._subjects.take_files(self.project.images)
        self._on_row((found.status, found.complete))

    def _on_entries(self, _: None) -> None:
        entries = {} if self.project is None else {item.id: item for item in self.project.images}
        self.rows = tuple(
            replace(row, image=entry, predicted=entry.predicted)
            for row in self.rows
            if (entry := entries.get(row.image.id)) is not None
        )
        self.changed.emit()

    def _on_row(self, found: tuple[ImageStatus, frozenset[int]]) -> None:
        status, complete = found
        self.complete = {**self.complete, status.image.id: complete}
        self.rows = tuple(status if row.image.id == status.image.id else row for row in self.rows)
        self.changed.emit()


def _nothing() -> Work:
    yield
