"""Writing files so that each is the old one or the new one, never something between.

Every file goes to a temporary name in the same folder, is forced to disk, opened again and checked,
and only then takes the place of the old file.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import InputError
from .names import about
from .patience import is_held, patiently
from .temporary import temporary_beside

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_FOLDER_SYNC = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What some network drives say."""
_LONGEST = 259  # characters of a path on Windows, unless an administrator has allowed more


class WriteError(InputError, OSError):
    """A file could not be written; the file that was there before is untouched.

    ``errno`` is the operating system's number. An `InputError`, because the message is for a
    person, and an `OSError`, because a caller may want to free space or wait and try again.
    """


class FileHeldError(WriteError):
    """The file is open in another program, which on Windows keeps everybody from replacing it."""


def write_atomically(
    path: str | os.PathLike[str],
    write: Callable[[Path], object],
    check: Callable[[Path], object],
) -> None:
    """Write a file that appears complete and checked, or not at all.

    Parameters
    ----------
    path
        The file to make or replace. A link is followed: the file it points to is replaced.
    write
        Called with a temporary path in the same folder (same extension); makes that file.
    check
        Called with the temporary path once it is on disk; raises if it is not what was meant.

    Raises
    ------
    WriteError
        If the operating system refuses (disk full, no permission, drive gone). Any other exception
        of `write` and `check` comes through as it is. Either way the old file is still there.
    """
    target = Path(os.path.realpath(path))
    temporary = temporary_beside(target)
    with _explaining(target):
        try:
            temporary.touch()
            mode = temporary.stat().st_mode
            write(temporary)
            _set_mode(temporary, mode)
            size = _sync(temporary)
            check(temporary)
            patiently(lambda: os.replace(temporary, target))  # noqa: PTH105  one door for faults
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(target.parent)
        # Some network drives report success without having written anything.
        if os.stat(target).st_size != size:  # noqa: PTH116
            raise OSError(errno.EIO, "the drive did not keep the file")


def _set_mode(path: Path, mode: int) -> None:
    """Let others read what a library (safetensors) made for its owner's eyes only."""
    if path.stat().st_mode != mode:
        with suppress(OSError):  # some network drives know no modes
            path.chmod(mode)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` atomically; see `write_atomically`."""

    def check(temporary: Path) -> None:
        if temporary.read_bytes() != data:
            raise OSError(errno.EIO, "the drive gave back other bytes than were written")

    write_atomically(path, lambda temporary: temporary.write_bytes(data), check)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text atomically; half characters of odd file names become escapes."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write JSON atomically: indented, keys in the given order, ending in a line break.

    Raises
    ------
    InputError
        If the value holds NaN or infinity, or something that is no JSON.
    """
    write_text(path, to_json_text(path, value, indent=2) + "\n")


def append_line(path: str | os.PathLike[str], value: Mapping[str, Any]) -> None:
    """Append one JSON object as a line to a ``.jsonl`` file and force it to disk.

    A last line that a crash left incomplete is removed first, so lines never run together.
    """
    target = Path(path)
    line = (to_json_text(path, value) + "\n").encode("utf-8", "backslashreplace")
    with _explaining(target), patiently(lambda: target.open("a+b")) as file:
        end, tail = _last_line(file)
        if is_record(tail):  # complete but for its line break, as some editors leave it
            end, line = end + len(tail), b"\n" + line
        file.truncate(end)
        try:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(end)
            raise


def is_record(line: bytes) -> bool:
    """Whether a line is a complete JSON object; the beginning of one never is."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def to_json_text(path: str | os.PathLike[str], value: Any, indent: int | None = None) -> str:
    """Strict JSON text of a value meant for the file `path`."""
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, indent=indent)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(about(Path(path), f"cannot be stored as JSON ({error}).")) from error


def _sync(path: Path) -> int:
    """Force a file to disk and return its size in bytes."""
    with patiently(lambda: path.open("r+b")) as file:
        os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_size


def sync_folder(folder: Path) -> None:
    """Force the new name itself to disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def _last_line(file: BinaryIO) -> tuple[int, bytes]:
    """Offset just after the last line break of an open file, and what follows it."""
    size = start = file.seek(0, os.SEEK_END)
    tail = b""
    while start and b"\n" not in tail:
        start = max(0, start - 4096)
        file.seek(start)
        tail = file.read(size - start)
    tail = tail[tail.rfind(b"\n") + 1 :]
    return size - len(tail), tail


@contextmanager
def _explaining(target: Path) -> Iterator[None]:
    """Turn what the operating system says into a sentence."""
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        kind = FileHeldError if is_held(error) and target.is_file() else WriteError
        explained = kind(about(target, _reason(error, target)))
        explained.errno = error.errno
        raise explained from error


def _reason(error: OSError, target: Path) -> str:
    if error.errno in _FULL:
        return f"not written, the disk is full ({_free(target)}); free some space and try again."
    if is_held(error) and target.is_file():
        return (
            "not written, another program has it open, or it may not be changed; close it there "
            "and try again."
        )
    if error.errno in _DENIED:
        return "not written, this folder may not be written to; choose another one."
    if error.errno == errno.ENOENT and os.name == "nt" and target.parent.is_dir():
        return _hidden_reason(target)
    if error.errno == errno.ENOENT:
        return "not written, its folder does not exist (any more)."
    return f"not written ({error.strerror or error}); what was there before is unchanged."


def _hidden_reason(target: Path) -> str:
    """Why Windows finds no file that is to be made in a folder that is there."""
    longest = len(str(temporary_beside(target)))
    if longest >= _LONGEST:
        return (
            f"not written, its path is too long for Windows (more than {_LONGEST} characters with "
            f"a temporary name); choose a folder with a shorter path."
        )
    return "not written, Windows protects this folder; let Python write there, or choose another."


def _free(target: Path) -> str:
    try:
        return f"{shutil.disk_usage(target.parent).free / 1e6:.0f} MB free"
    except OSError:
        return "free space unknown"
