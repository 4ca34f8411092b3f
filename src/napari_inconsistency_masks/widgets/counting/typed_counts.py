"""Counts that a person types: kept on disk at once, and given back with the same image."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from ...errors import InputError
from ..layers.subject import Subject
from ..work.worker import Worker
from .typed_file import Counted, CountedFile, CountedImage, Key, change_typed, read_typed

NEVER = -1
"""No count."""
RETRY_MS = 5000
"""After this, what could not be saved is tried again."""


@dataclass(eq=False)
class _Sheet:
    """The counts of one image, and what of them is not on disk yet."""

    subject: Subject
    image: Counted
    root: Path
    typed: dict[Key, int] = field(default_factory=dict)
    unsaved: dict[Key, int | None] = field(default_factory=dict)
    path: Path | None = None


class TypedCounts(QObject):
    """The counts typed for all images of a session.

    `changed` tells of other counts, `failed` says in a sentence what could not be read or saved,
    and `recovered` that it is saved after all.
    """

    changed = Signal()
    failed = Signal(str)
    recovered = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.root: Callable[[Subject], Path] | None = (
            None  # where to keep them; told by the session
        )
        self._sheets: dict[Subject, _Sheet] = {}
        self._steps: list[list[tuple[_Sheet, Key, int | None]]] = []
        self._worker: Worker | None = None
        self._waiting: list[_Sheet] = []
        self._in_trouble: list[_Sheet] = []
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._try_again)

    @property
    def can_undo(self) -> bool:
        """Whether there is a count to take back."""
        return bool(self._steps)

    def open(self, subject: Subject, data: Any) -> None:
        """Read what was typed for an image on another day.

        Parameters
        ----------
        subject
            The image.
        data
            Its array; not looked at if it is a file of a project.
        """
        known = self._sheets.get(subject)
        if self.root is None or (known is not None and known.image.axes == subject.axes):
            return
        image: Counted
        if subject.file is not None:
            image = CountedFile(subject.name, subject.file, subject.axes)
        else:
            source = getattr(getattr(subject.layer, "source", None), "path", None) or ""
            image = CountedImage(subject.name, str(source), subject.axes, data)
        sheet = self._sheets[subject] = _Sheet(subject, image, self.root(subject))
        self._drop(known)
        self._bring(sheet)

    def of(self, subject: Subject) -> dict[Key, int]:
        """What is typed for an image, by frame and class."""
        sheet = self._sheets.get(subject)
        return {} if sheet is None else sheet.typed

    def type(self, subject: Subject, frame: int, state: str, count: int | None) -> None:
        """Take a count, or clear it (None)."""
        self.type_all([(subject, frame, state, count)])

    def type_all(self, counts: Iterable[tuple[Subject, int, str, int | None]]) -> None:
        """Take several counts, by image, frame and class, which are taken back together."""
        step = []
        for subject, frame, state, count in counts:
            sheet, key = self._sheets[subject], (frame, state)
            before = sheet.typed.get(key)
            if count != before:
                step.append((sheet, key, before))
                self._put(sheet, key, count)
        if step:
            self._steps.append(step)
            self.changed.emit()

    def forget(self, subjects: Iterable[Subject]) -> None:
        """Know no more of files whose project is closed; what is typed is still saved."""
        for subject in subjects:
            gone = self._sheets.pop(subject, None)
            self._drop(gone)

    def undo(self) -> tuple[Subject, int] | None:
        """Take the last change back; returns the image and the frame it was for."""
        if not self._steps:
            return None
        for sheet, key, before in reversed(self._steps.pop()):
            self._put(sheet, key, before)
        self.changed.emit()
        return sheet.subject, key[0]

    def finish(self, milliseconds: int) -> None:
        """Save what is not saved yet, as the window closes."""
        if self._worker is not None:
            self._worker.stop()
            self._worker.wait(milliseconds)
        self._again.stop()
        for sheet in [*self._sheets.values(), *self._waiting, *self._in_trouble]:
            if sheet.unsaved:
                with suppress(OSError, InputError):  # nothing more can be done now
                    change_typed(_path(sheet), sheet.image, sheet.unsaved)
                    sheet.unsaved = {}

    def _drop(self, sheet: _Sheet | None) -> None:
        """Take nothing of a sheet back any more."""
        steps = [[part for part in step if part[0] is not sheet] for step in self._steps]
        self._steps = [step for step in steps if step]

    def _put(self, sheet: _Sheet, key: Key, count: int | None) -> None:
        if count is None:
            sheet.typed.pop(key, None)
        else:
            sheet.typed[key] = count
        sheet.unsaved[key] = count
        self._bring(sheet)

    def _bring(self, sheet: _Sheet) -> None:
        """Read a sheet, or save what is new on it, one after the other."""
        if sheet not in self._waiting:
            self._waiting.append(sheet)
        if self._worker is None:
            sheet = self._waiting.pop(0)
            changes = dict(sheet.unsaved)
            worker = self._worker = Worker(_exchange(sheet, changes), self)
            worker.returned.connect(lambda saved: self._on_saved(sheet, changes, saved))
            worker.failed.connect(lambda error: self._on_failed(sheet, error))
            worker.over.connect(self._on_over)
            worker.begin()

    def _on_saved(
        self, sheet: _Sheet, changes: dict[Key, int | None], saved: dict[Key, int]
    ) -> None:
        """Take what is on disk, but for what was typed meanwhile."""
        if sheet in self._in_trouble:
            self._in_trouble.remove(sheet)
            if not self._in_trouble:
                self.recovered.emit()
        for key, count in changes.items():
            if sheet.unsaved.get(key, NEVER) == count:
                del sheet.unsaved[key]
        typed = {**saved, **sheet.unsaved}
        known = {key: count for key, count in typed.items() if count is not None}
        if known != sheet.typed:
            sheet.typed = known
            self.changed.emit()

    def _on_failed(self, sheet: _Sheet, error: Exception) -> None:
        """What is typed stays and is tried again, which is told once."""
        known = sheet in self._in_trouble
        says = isinstance(error, InputError | OSError)  # a `MemoryError` says nothing by itself
        why = error if says else repr(error)
        if sheet.unsaved:
            self._again.start(RETRY_MS)
            if not known:
                self._in_trouble.append(sheet)
                self.failed.emit(f"Typed counts are not saved, which is tried again: {why}")
        else:
            self.failed.emit(f"Typed counts cannot be read: {why}")

    def _try_again(self) -> None:
        for sheet in self._in_trouble:
            self._bring(sheet)

    def _on_over(self) -> None:
        self._worker = None
        if self._waiting:
            self._bring(self._waiting[0])


def _exchange(
    sheet: _Sheet, changes: dict[Key, int | None]
) -> Generator[None, None, dict[Key, int]]:
    yield
    path = _path(sheet)
    if changes:
        change_typed(path, sheet.image, changes)
    return read_typed(path)


def _path(sheet: _Sheet) -> Path:
    """The file of a sheet; its image is asked once, and its pixels may go when the layer does."""
    if sheet.path is None:
        sheet.path = sheet.image.path(sheet.root)
        sheet.image = sheet.image.without_pixels()
    return sheet.path
