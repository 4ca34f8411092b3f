"""Folders of files that belong together: each version whole, or not there at all.

::

    FOLDER/v11/...              the version before, kept in case the newest is damaged
    FOLDER/v7/kept              says that this one is never removed
    FOLDER/v12/alive.tif ...    the files of a version
    FOLDER/v12/manifest.json    their names, sizes and checksums: written last

A version without a manifest was never completed (a crash, a full disk) and does not count.
"""

from __future__ import annotations

import json
import re
import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import InputError
from ..files.atomic import write_bytes, write_json
from ..files.folders import make_folder
from ..files.guard import read_bytes
from ..files.json_files import read_json
from ..files.names import about

FORMAT = 1
MANIFEST = "manifest.json"
FOR_GOOD = "kept"

_VERSION = re.compile(r"v([1-9]\d*)")
_LARGEST = 2**32
_KEPT = 2
_TRIES = 5

Count = Annotated[int, Field(ge=0)]


class FileFacts(BaseModel):
    """Size and checksum of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: Count
    crc32: Count


class Manifest(BaseModel):
    """What a version holds.

    ``labeled`` says whether its labels say anything, and ``complete`` whether they do so for the
    whole frame of ``size``, so that nobody has to read the masks to know. ``crc32`` is that of all
    other fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    version: Count
    size: tuple[Count, Count]
    labeled: bool
    complete: bool
    files: dict[str, FileFacts]
    crc32: Count = 0

    def checksum(self) -> int:
        """What ``crc32`` should be."""
        return zlib.crc32(self.model_dump_json(exclude={"crc32"}).encode())


@dataclass(frozen=True)
class Version:
    """A version all of whose files are as they were written.

    ``note`` says why it is not the newest one; empty if it is.
    """

    folder: Path
    manifest: Manifest
    note: str = ""

    def read(self, name: str) -> bytes:
        """The bytes of a file; `InputError` if it is missing or not what was written."""
        facts = self.manifest.files.get(name)
        path = self.folder / name
        if facts is None:
            raise InputError(about(path, "the save holds no such file."))
        data = read_bytes(path, _LARGEST)
        if len(data) != facts.bytes or zlib.crc32(data) != facts.crc32:
            raise InputError(about(path, "damaged: its content is not what was saved."))
        return data


def write_version(
    folder: Path,
    write: Callable[[Path], None],
    *,
    size: tuple[int, int],
    labeled: bool,
    complete: bool,
    shown: int | None = None,
) -> int:
    """Write the next version; when this returns it is on disk, and counts.

    Parameters
    ----------
    folder
        Of all versions; made if it is not there.
    write
        Called with the new, empty folder; writes its files there, each through `files.atomic`.
    size, labeled, complete
        As in `Manifest`.
    shown
        The newest version that a person was shown, 0 for none: later ones are kept for good. None
        keeps none of them.

    Returns
    -------
    int
        The number of the version.

    Raises
    ------
    WriteError
        If the operating system refuses; the version before still counts.
    """
    number, new = _claim(folder)
    try:
        if shown is not None:
            for old in [n for n in _numbers(folder) if shown < n < number]:
                write_bytes(folder / f"v{old}" / FOR_GOOD, b"")
        write(new)
        facts = {"size": size, "labeled": labeled, "complete": complete}
        files = {path.name: _facts(path) for path in sorted(new.iterdir())}
        manifest = Manifest(format=FORMAT, version=number, files=files, **facts)
        write_json(new / MANIFEST, {**manifest.model_dump(), "crc32": manifest.checksum()})
    except Exception:
        shutil.rmtree(new, ignore_errors=True)  # trying again must not fill a full disk further
        raise
    _prune(folder, number)
    return number


def newest_version(folder: Path) -> Version | None:
    """The newest version whose files all pass their checks, or None if there never was one.

    Raises
    ------
    InputError
        If there are versions, and all of them are damaged.
    """
    for _ in range(_TRIES):
        numbers = _numbers(folder)
        try:
            return _newest_of(folder, numbers)
        except InputError:
            if _numbers(folder) == numbers:  # else somebody saved meanwhile, and removed old ones
                raise
    raise InputError(about(folder, "changes faster than it can be read; try again."))


def newest_number(folder: Path) -> int:
    """The number of the newest version, whatever it holds; 0 if there is none."""
    return max(_numbers(folder), default=0)


def copy_version(version: Version, folder: Path) -> None:
    """Copy a version into another folder of versions, which has none; checked on the way."""
    target = folder / version.folder.name
    make_folder(target)
    for name in version.manifest.files:
        write_bytes(target / name, version.read(name))
    write_json(target / MANIFEST, version.manifest.model_dump())


def newest_manifest(folder: Path) -> Manifest | None:
    """What the newest version holds, without a look at its files; None if none is readable."""
    for number in reversed(_numbers(folder)):
        with suppress(InputError):
            return _read_manifest(folder / f"v{number}", number)
    return None


def _newest_of(folder: Path, numbers: list[int]) -> Version | None:
    problems = []
    complete = 0
    for number in reversed(numbers):
        version = folder / f"v{number}"
        if not (version / MANIFEST).is_file():
            problems.append("not complete (yet)")
            continue
        complete += 1
        try:
            found = Version(version, _read_manifest(version, number), _note(problems))
            for name in found.manifest.files:
                found.read(name)
        except InputError as error:
            problems.append(str(error))
            continue
        return found
    if complete:
        raise InputError(about(folder, f"every save of these labels is damaged ({problems[0]})"))
    return None


def _note(problems: list[str]) -> str:
    if not problems:
        return ""
    return f"The newest save is not used ({problems[0]}); these are the labels saved before it."


def _read_manifest(version: Path, number: int) -> Manifest:
    path = version / MANIFEST
    values = read_json(path)
    if isinstance(values, dict) and type(values.get("format")) is int and values["format"] > FORMAT:
        raise InputError(about(path, "written by a newer version; update the program."))
    try:
        manifest = Manifest.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(about(path, f"damaged ({where}: {first['msg']}).")) from None
    if manifest.version != number or manifest.crc32 != manifest.checksum():
        raise InputError(about(path, "damaged: its content is not what was saved."))
    return manifest


def _claim(folder: Path) -> tuple[int, Path]:
    """Make the folder of the next version, which no other thread or process has."""
    make_folder(folder)
    number = newest_number(folder)
    while True:
        number += 1
        new = folder / f"v{number}"
        with suppress(FileExistsError):
            make_folder(new, new=True)
            return number, new


def _facts(path: Path) -> FileFacts:
    data = read_bytes(path, _LARGEST)
    return FileFacts(bytes=len(data), crc32=zlib.crc32(data))


def _numbers(folder: Path) -> list[int]:
    """Of all versions, complete or not, in order."""
    try:
        found = [_VERSION.fullmatch(path.name) for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(match[1]) for match in found if match)


def _prune(folder: Path, number: int) -> None:
    """Remove what is older than this version and the one before; what cannot be, stays."""
    older = [n for n in reversed(_numbers(folder)) if n < number]
    complete = [n for n in older if (folder / f"v{n}" / MANIFEST).is_file()]
    kept = [n for n in older if (folder / f"v{n}" / FOR_GOOD).exists()]
    for old in set(older) - {*complete[: _KEPT - 1], *kept}:
        shutil.rmtree(folder / f"v{old}", ignore_errors=True)
