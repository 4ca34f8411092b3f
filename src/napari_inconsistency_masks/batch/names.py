"""Names of results: no two images share one, on any file system."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

LONGEST = 160
"""Bytes of a name, so that what is appended still fits into the 255 that file systems allow."""


def unique_stems(names: Iterable[str]) -> list[str]:
    """A path without extension for each image, relative to the folder of results.

    Folders are mirrored. Names that differ only in their extension, in upper and lower case or in
    how accents are stored get the extension or a number into theirs.
    """
    taken: set[str] = set()
    stems = []
    for name in names:
        path = PurePosixPath(*_parts(name))
        stem = next(s for s in _candidates(path) if _key(s) not in taken)
        taken.add(_key(stem))
        stems.append(stem)
    return stems


def _parts(name: str) -> list[str]:
    return [_shorten(part) for part in PurePosixPath(name).parts if part not in ("/", "..", ".")]


def _candidates(path: PurePosixPath) -> Iterator[str]:
    folder, stem = path.parent, path.stem
    if stem.lower().endswith(".ome"):
        stem = stem[:-4]
    yield str(folder / stem)
    yield str(folder / path.name.replace(".", "_"))
    yield from (str(folder / f"{stem}_{number}") for number in range(2, 1_000_000))


def _key(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()


def _shorten(part: str) -> str:
    """A name that is not too long; bytes that are no text become escapes."""
    data = part.encode("utf-8", "backslashreplace").replace(b"\\", b"%")
    if len(data) <= LONGEST:
        return data.decode()
    digest = hashlib.sha256(data).hexdigest()[:8]
    return f"{data[: LONGEST - 9].decode(errors='ignore')}-{digest}"
