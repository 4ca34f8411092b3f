"""Making folders and removing files, with a sentence if that is refused."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from .atomic import WriteError, sync_folder
from .names import about


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


def remove(file: Path) -> None:
    """Remove a file, if it is there.

    Raises
    ------
    InputError
        If the operating system refuses, as Windows does while a program has the file open.
    """
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        text = (
            f"cannot be replaced ({error.strerror or error}); close what has it open, or choose "
            f"another folder."
        )
        raise InputError(about(file, text)) from error


def _refusal(path: Path, error: OSError) -> WriteError:
    refusal = WriteError(about(path, f"this folder cannot be made ({error.strerror or error})."))
    refusal.errno = error.errno
    return refusal
