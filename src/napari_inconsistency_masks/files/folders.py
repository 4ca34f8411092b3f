"""Looking into folders, making them and removing files, with a sentence if that is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError
from .atomic import WriteError, sync_folder
from .names import about
from .patience import patiently


@contextmanager
def looking_into(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an `InputError` that names the folder."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: cannot be opened ({error.strerror or error}); get the "
            f"permission to read it, or give another folder."
        ) from error


def make_folder(path: Path, *, new: bool = False) -> None:
    """Make a folder and those above it, and force its name to disk.

    Parameters
    ----------
    path
        The folder.
    new
        Whether it must not be there yet; then `FileExistsError` says that it is.

    Raises
    ------
    WriteError
        If the operating system refuses.
    """
    try:
        path.mkdir(parents=True, exist_ok=not new)
        sync_folder(path.parent)
    except FileExistsError as error:
        if new:
            raise
        raise _refusal(path, error) from error
    except OSError as error:
        raise _refusal(path, error) from error


def check_writable(path: Path) -> None:
    """Refuse a folder that can neither be made nor written to, before there is anything to write.

    Nothing is made. A full disk, and the like, show only when something is written.

    Parameters
    ----------
    path
        Of the folder, which need not be there; absolute.

    Raises
    ------
    InputError
        If it, or what of the path is there, is a file, or may not be written to.
    """
    with looking_into(path):
        there = next((place for place in (path, *path.parents) if place.exists()), None)
    if there is None:
        return  # no such drive, which is said when the folder is made
    if not there.is_dir():
        raise InputError(about(there, "this is a file and no folder; choose another folder."))
    if not os.access(there, os.W_OK | os.X_OK):
        text = "nothing can be written into this folder; get the permission, or choose another one."
        raise InputError(about(there, text))


def require(anchor: Path) -> None:
    """Refuse to write into a folder that is not there any more, whatever is at its place now.

    Parameters
    ----------
    anchor
        A file in the folder that is there as long as the folder is.

    Raises
    ------
    WriteError
        If it is not.
    """
    if not anchor.is_file():
        text = (
            f"there is no {anchor.name} in this folder any more (was the folder moved or renamed, "
            f"or is its drive not connected?); nothing is written until it is back."
        )
        raise WriteError(about(anchor.parent, text))


def remove(file: Path) -> None:
    """Remove a file, if it is there.

    Raises
    ------
    InputError
        If the operating system refuses, as Windows does while a program has the file open.
    """
    try:
        patiently(lambda: file.unlink(missing_ok=True))
    except OSError as error:
        text = (
            f"cannot be replaced ({error.strerror or error}); close what has it open, or choose "
            f"another folder."
        )
        raise InputError(about(file, text)) from error


def _refusal(path: Path, error: OSError) -> WriteError:
    blocked = isinstance(error, FileExistsError | NotADirectoryError)
    reason = "a file is in its way" if blocked else error.strerror or error
    text = f"this folder cannot be made ({reason}); choose another one."
    refusal = WriteError(about(path, text))
    refusal.errno = error.errno
    return refusal
