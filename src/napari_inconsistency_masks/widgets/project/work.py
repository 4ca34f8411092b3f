"""What is read from a project and written to it, in threads: plain logic, no Qt."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data.folders.inspection import is_closed
from ...errors import InputError
from ...files.atomic import WriteError
from ...files.images import IMAGE_SUFFIXES
from ...files.own_folders import is_own_folder
from ...files.reading_order import as_read
from ...projects import ImageStatus, PlaceRow, Project, read_places
from ...projects.content_file import has_backup
from ...projects.image_files import file_name
from ...projects.layout import PLACES_FILE
from ...projects.lock import ProjectLock
from ...projects.status import image_status
from ...task import LabelScheme
from .words import left_out, not_found

Complete = dict[str, frozenset[int]]
"""By id the frames that are labeled all over."""


@dataclass(frozen=True)
class OpenedProject:
    """What was found in a folder."""

    project: Project
    lock: ProjectLock
    rows: tuple[ImageStatus, ...]
    complete: Complete
    places: tuple[PlaceRow, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changed:
    """The table after a change, and a sentence for everything that was not done."""

    rows: tuple[ImageStatus, ...]
    complete: Complete
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Copied:
    """The row of a file that was to be copied, and why it was not."""

    status: ImageStatus
    complete: frozenset[int]
    refused: tuple[str, ...] = ()


class DamagedProjectError(InputError):
    """A project that cannot be read, and whose backup can."""

    def __init__(self, sentence: str, folder: Path) -> None:
        super().__init__(sentence)
        self.folder = folder


def create_project(folder: Path, scheme: LabelScheme) -> Generator[None, None, OpenedProject]:
    """Make a project, and open it."""
    yield
    Project.create(folder, scheme)
    return (yield from open_project(folder))


def open_project(folder: Path, *, use_backup: bool = False) -> Generator[None, None, OpenedProject]:
    """Open a project for this window alone.

    Raises
    ------
    DamagedProjectError
        If its file is damaged, and there is an intact backup.
    InputError
        If there is no project, it is open elsewhere, or it cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    yield
    lock = ProjectLock(folder)
    try:
        project = _open(folder, use_backup=use_backup)
        rows, complete = yield from read_table(project)
        places, notes = _places(project)
    except BaseException:
        lock.release()
        raise
    return OpenedProject(project, lock, rows, complete, places, notes)


def read_table(
    project: Project,
) -> Generator[None, None, tuple[tuple[ImageStatus, ...], Complete]]:
    """The rows of all files, and by id the frames that are labeled all over."""
    rows, complete = [], {}
    for image in project.images:
        yield
        status, whole = read_row(project, image.id)
        rows.append(status)
        complete[image.id] = whole
    return tuple(rows), complete


def read_row(project: Project, image_id: str) -> tuple[ImageStatus, frozenset[int]]:
    """The row of a file, and its frames that are labeled all over."""
    saved = project.corrections.frames(image_id)
    status = image_status(project.image(image_id), project.path_of(image_id), project.corrections)
    whole = (frame for frame, manifest in saved.items() if manifest.labeled and manifest.complete)
    return status, frozenset(whole)


def refresh_row(
    project: Project, image_id: str
) -> Generator[None, None, tuple[ImageStatus, frozenset[int]]]:
    """The same, in a thread."""
    yield
    return read_row(project, image_id)


def add_files(project: Project, paths: Iterable[Path]) -> Generator[None, None, Changed]:
    """Add image files, and those in folders and all folders in them."""
    yield
    files: list[Path] = []
    closed: list[str] = []
    for path in paths:
        files += _images_in(path, closed) if path.is_dir() else [path]
        yield
    none = "No other images were found." if closed else "There are no images in this folder."
    refused = project.add_images(files)[1] if files else [none]
    return Changed(*(yield from read_table(project)), (*left_out(closed), *refused))


def find_files(project: Project, folder: Path) -> Generator[None, None, Changed]:
    """Look for missing files, and take those that are found."""
    yield
    refused: list[str] = []
    closed: list[str] = []
    found = project.find_missing(folder, closed)
    for image_id, path in found.items():
        try:
            project.relocate(image_id, path)
        except InputError as error:
            refused.append(str(error))
        yield
    names = [file_name(project.image(image_id).path) for image_id in project.missing]
    told = (*not_found(names), *left_out(closed), *refused)
    return Changed(*(yield from read_table(project)), told)


def copy_file(project: Project, image_id: str) -> Generator[None, None, Copied]:
    """Copy a file into the project."""
    yield
    try:
        project.copy_image(image_id)
    except WriteError:
        raise  # nor would the next ones be written
    except InputError as error:
        return Copied(*read_row(project, image_id), (f"Not copied: {error}",))
    return Copied(*read_row(project, image_id))


def remove_files(project: Project, image_ids: Iterable[str]) -> Generator[None, None, Changed]:
    """Take files out of the project."""
    yield
    project.remove_images(image_ids)
    return Changed(*(yield from read_table(project)))


def change(do: Callable[[], Any]) -> Generator[None, None, None]:
    """Change the project's file."""
    yield
    do()


def _open(folder: Path, *, use_backup: bool) -> Project:
    try:
        return Project.open(folder, use_backup=use_backup)
    except InputError as error:
        if use_backup or not has_backup(folder):
            raise
        raise DamagedProjectError(str(error).partition("; there is")[0] + ".", folder) from None


def _places(project: Project) -> tuple[tuple[PlaceRow, ...], tuple[str, ...]]:
    try:
        return tuple(read_places(project.folder)), ()
    except InputError as error:  # labels are worth more than the list of places
        kept = f"It is kept as {PLACES_FILE}.damaged when the list is written anew."
        return (), (f"Places that were decided on are not shown. {error} {kept}",)


def _images_in(folder: Path, closed: list[str]) -> list[Path]:
    """Image files in a folder and all in it, in the order in which a person reads their names.

    None that are hidden or that this program made. Names of folders that cannot be opened are
    added to ``closed``.
    """
    if is_closed(folder):
        closed.append(folder.name)
        return []
    found = []
    for parent, folders, names in os.walk(folder):
        inside = sorted(Path(parent, name) for name in folders if not name.startswith("."))
        shut = [path for path in inside if is_closed(path)]
        closed += [path.relative_to(folder).as_posix() for path in shut]
        folders[:] = [path.name for path in inside if path not in shut and not is_own_folder(path)]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    images = [path for path in found if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()]
    return sorted(images, key=lambda path: [as_read(part) for part in path.parts])
