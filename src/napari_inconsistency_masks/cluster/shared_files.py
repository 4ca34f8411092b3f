"""Whether computers see the same files: network drives are slow to show what others wrote."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from .desk import UnfitError

PATIENCE = 20.0
"""Seconds within which a network drive shows what another computer wrote."""


def content_key(path: Path) -> str | None:
    """A checksum of a small file, or None if it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def must_see(path: Path, key: str) -> None:
    """Refuse to work where a file is another one than for the team, or is not there.

    Raises
    ------
    UnfitError
        At once if its folder is not there.
    """
    end = time.monotonic() + PATIENCE
    while content_key(path) != key:
        if time.monotonic() > end or not path.parent.is_dir():
            raise UnfitError(
                f"does not see the folder {path.parent}; it must be on a drive that all computers "
                f"see under the same path"
            )
        look_again(path)


def look_again(path: Path) -> None:
    """Wait a moment, and let NFS ask its server for a file that it believes not to be there."""
    if path.parent.is_dir():
        os.listdir(path.parent)  # noqa: PTH208  opening the folder is what counts
    time.sleep(0.2)
