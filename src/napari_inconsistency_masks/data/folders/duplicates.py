"""The same image under two names, which makes scores look better than they are."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path

from ...errors import InputError
from ...files.guard import refusing

_PIECE = 2**16


def refuse_duplicates(groups: Mapping[str, Iterable[Path]]) -> None:
    """Refuse a file that has the same content as one of another group.

    Parameters
    ----------
    groups
        Image files for training, validation and test, by the name of the group. Byte for byte the
        same counts; the same picture saved in another way is not found.

    Raises
    ------
    InputError
        Naming both files.
    """
    group_of = {path: group for group, paths in groups.items() for path in paths}
    for alike in _alike(group_of, _beginning):
        for same in _alike(alike, _whole):
            one = same[0]
            other = next((path for path in same if group_of[path] != group_of[one]), None)
            if other is not None:
                raise InputError(
                    f"{one.name} ({group_of[one]}) and {other.name} ({group_of[other]}) are the "
                    f"same image; remove one, or scores will be too good to be true."
                )


def _alike(paths: Iterable[Path], key: Callable[[Path], Hashable]) -> list[list[Path]]:
    """Groups of two and more files with the same key."""
    found: defaultdict[Hashable, list[Path]] = defaultdict(list)
    for path in paths:
        found[key(path)].append(path)
    return [group for group in found.values() if len(group) > 1]


def _beginning(path: Path) -> tuple[int, bytes]:
    """Size and first bytes: enough to tell nearly all files apart without reading them."""
    with refusing(path), path.open("rb") as file:
        return path.stat().st_size, hashlib.sha256(file.read(_PIECE)).digest()


def _whole(path: Path) -> bytes:
    with refusing(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
