"""Keeping other processes out of a folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import InputError
from .atomic import WriteError
from .names import about


def take_lock(path: Path, *, held: str, instead: str, needed: bool = True) -> FileLock:
    """Hold a lock file until it is released, by any thread, or this process ends, however it does.

    Parameters
    ----------
    path
        Of the lock file, which is made if it does not exist.
    held
        What is told of its folder if another process holds it: the end of a sentence.
    instead
        What else a person can do than get the permission to write there.
    needed
        Whether a drive that knows no locks is refused; else nobody is kept out there.

    Raises
    ------
    InputError
        If another process holds it.
    WriteError
        If it cannot be written; with the system's ``errno`` if there is one.
    """
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        if path.exists():
            raise InputError(about(path.parent, held)) from None
        # Some versions of filelock say so as well on Windows if the file cannot be made.
        denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        raise _refusal(path, denied, instead) from error
    except (OSError, NotImplementedError) as error:  # the latter where a drive knows no locks
        if isinstance(error, NotImplementedError) and not needed:
            return lock
        raise _refusal(path, error, instead) from error
    return lock


def is_held(path: Path) -> bool:
    """Whether another process holds a lock file; no, where that cannot be found out."""
    if not path.is_file():
        return False
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except (OSError, NotImplementedError):  # as in a folder that is for reading only
        return False
    lock.release()
    return False


def _refusal(path: Path, error: Exception, instead: str) -> WriteError:
    said = getattr(error, "strerror", None) or error
    text = f"cannot be written ({said}); get the permission to write to this folder, or {instead}."
    refusal = WriteError(about(path, text))
    refusal.errno = getattr(error, "errno", None)
    return refusal
