"""Temporary files: whose they are, and removing those of processes that were killed."""

from __future__ import annotations

import itertools
import os
import platform
import re
import zlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import psutil

_HOST = f"{zlib.crc32(platform.node().encode()):08x}"
_LARGEST = 2**31 - 1
"""No system gives a process a larger id, and none can be asked for one."""

_TEMPORARY = re.compile(r"\.part-(([0-9a-f]{8})-(\d+))-\d+(\..*)?")
_counter = itertools.count()


def writer() -> str:
    """Name this process, on this computer, as its temporary files do."""
    return f"{_HOST}-{os.getpid()}"


def temporary_beside(target: Path) -> Path:
    """A new name in the folder of a file that is to be written, with the same extension."""
    return target.with_name(f".part-{writer()}-{next(_counter)}{target.suffix}")


def sweep(folder: str | os.PathLike[str], ended: Collection[str] = ()) -> tuple[str, ...]:
    """Remove the temporary files that processes killed while writing left in a folder.

    Parameters
    ----------
    folder
        Where to look.
    ended
        Processes of other computers, by `writer`, that are known to have ended. Of this
        computer's the system tells; files of all others are left alone.

    Returns
    -------
    tuple of str
        The names removed.
    """
    removed = []
    for file in sorted(Path(folder).iterdir()):
        match = _TEMPORARY.fullmatch(file.name)
        if match is None:
            continue
        mine = match[2] == _HOST
        if match[1] in ended or (mine and not _still_writing(int(match[3]), file)):
            with suppress(OSError):
                file.unlink()
                removed.append(file.name)
    return tuple(removed)


def _still_writing(process: int, file: Path) -> bool:
    """Whether the process exists and is older than the file (ids are given out again)."""
    if process > _LARGEST:
        return False
    try:
        return bool(psutil.Process(process).create_time() <= file.stat().st_mtime + 2)
    except (psutil.Error, OSError):
        return bool(psutil.pid_exists(process))
