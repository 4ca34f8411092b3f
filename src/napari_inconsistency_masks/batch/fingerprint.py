"""Telling whether a file is still the one it was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .images import identity

_BLOCK, _BLOCKS = 1 << 20, 64


def fingerprint(path: Path) -> dict[str, Any]:
    """Size, modification time in ns and a checksum; of a folder (Zarr) without the last.

    Raises
    ------
    InputError
        If there is no such file.
    """
    size, changed = identity(path)
    return {"size": size, "changed": changed, "checksum": _checksum(path, size)}


def matches(path: Path, known: Mapping[str, Any], *, look_inside: bool = False) -> bool:
    """Whether a file is the one that was recorded.

    A copy of it is, up to 64 MiB; of a larger one the checksum does not tell, as a frame of a stack
    may have been changed in place. With `look_inside`, size and time are not enough.
    """
    if not path.exists():
        return False
    size, changed = identity(path)
    if size != known["size"]:
        return False
    untouched = bool(changed == known["changed"])
    if untouched and not look_inside:
        return True
    if known["checksum"] is None or (size > _BLOCK * _BLOCKS and not untouched):
        return False
    return bool(_checksum(path, size) == known["checksum"])


def _checksum(path: Path, size: int) -> str | None:
    """Of the whole file or, above 64 MiB, of 64 places evenly spread."""
    if path.is_dir():
        return None
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        if size <= _BLOCK * _BLOCKS:
            digest.update(file.read())
        else:
            for number in range(_BLOCKS):
                file.seek((size - _BLOCK) * number // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()
