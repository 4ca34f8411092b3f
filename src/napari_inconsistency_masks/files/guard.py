"""Opening files nobody vouches for: regular files only, no hang, one kind of error."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from ..errors import InputError
from .names import about

_ALWAYS_FITS = 2**24  # asking the system takes longer than reading a small image


@contextmanager
def refusing(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn whatever goes wrong while reading a file into an `InputError` with its name.

    Decoders raise a dozen unrelated exception types on damaged files, and few name the file.
    """
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(about(Path(path), "this file does not exist (any more).")) from error
    except MemoryError as error:
        raise InputError(about(Path(path), "too large for the free memory.")) from error
    except Exception as error:
        said = str(error) or type(error).__name__
        refused = isinstance(error, OSError) and error.errno is not None  # by the system
        hint = "" if refused else "; copy or save it anew"
        raise InputError(about(Path(path), f"cannot be read ({said}){hint}.")) from error


@dataclass(frozen=True)
class OpenFile:
    """A file being read, or bytes standing in for one.

    Attributes
    ----------
    stream
        Seekable, positioned anywhere.
    path
        For messages.
    size
        In bytes.
    changed
        Modification time in ns when it was opened, or None for bytes in memory.
    """

    stream: BinaryIO
    path: Path
    size: int
    changed: int | None = None

    def close(self) -> None:
        """Close it; nothing can be read any more."""
        self.stream.close()

    def check_unchanged(self) -> None:
        """Refuse the file if somebody has written to it since it was opened."""
        if self.changed is None:
            return
        now = os.fstat(self.stream.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.size, self.changed):
            raise self._changed()

    def check_not_shortened(self) -> None:
        """Refuse a file that others may append to if it has lost some of what it had."""
        if os.fstat(self.stream.fileno()).st_size < self.size:
            raise self._changed()

    def _changed(self) -> InputError:
        return InputError(about(self.path, "changed while it was being read; try again."))


def open_regular(path: str | os.PathLike[str]) -> OpenFile:
    """Open a file for reading, but never a pipe, a device or a folder, which could block for ever.

    Raises
    ------
    InputError
        If it is missing, not readable or no regular file.
    """
    path = Path(path)
    with refusing(path):
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(about(path, "not a regular file (a folder, pipe or device)."))
        stream = path.open("rb")
        facts = os.fstat(stream.fileno())
    return OpenFile(stream, path, facts.st_size, facts.st_mtime_ns)


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """All bytes of a regular file of at most `limit` bytes.

    Raises
    ------
    InputError
        As `open_regular`, and if the file is larger or changes meanwhile.
    """
    file = open_regular(path)
    with file.stream, refusing(path):
        if file.size > limit:
            raise InputError(
                about(file.path, f"{file.size / 1e6:.0f} MB, more than {limit / 1e6:.0f} MB.")
            )
        data = file.stream.read(limit + 1)
        file.check_unchanged()
        return data


def read_start(path: str | os.PathLike[str], count: int) -> bytes:
    """The first bytes of a regular file, fewer if it is shorter; raises as `open_regular`."""
    file = open_regular(path)
    with file.stream, refusing(path):
        return file.stream.read(count)


def check_memory(nbytes: int, path: str | os.PathLike[str]) -> None:
    """Refuse what would not fit into the free memory, before anything is allocated."""
    if nbytes < _ALWAYS_FITS:
        return
    free = psutil.virtual_memory().available
    if nbytes > 0.8 * free:
        raise InputError(
            about(
                Path(path),
                f"needs {nbytes / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free.",
            )
        )
