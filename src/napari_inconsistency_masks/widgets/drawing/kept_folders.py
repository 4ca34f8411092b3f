"""The folders of what is drawn, one per image and sitting: made, and found on another day.

Plain logic, no Qt. ``ROOT/NAME-KEY-N/about.json`` says which image, which axes and which classes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from ...errors import InputError
from ...files.atomic import write_json
from ...files.json_files import read_json
from ...projects.content import SchemeEntry
from ...projects.corrections import Corrections
from ...task import LabelScheme
from .snapshot import Drawing

IMAGE = "image"
"""The one image of a folder."""

ABOUT = "about.json"
LOCK_FILE = "in-use.lock"
_UNSAFE = re.compile(r"[^\w.-]+")


class _About(BaseModel):
    model_config = ConfigDict(frozen=True)

    image: str
    file: str
    axes: str
    shape: tuple[int, ...]
    labels: SchemeEntry


@dataclass(frozen=True)
class Kept:
    """A folder with labels: which frames it has, in order, their classes and the image's axes."""

    folder: Path
    frames: tuple[int, ...]
    scheme: LabelScheme
    letters: str

    def is_like(self, drawing: Drawing) -> bool:
        """Whether a drawing has these classes and axes."""
        return (self.scheme, self.letters) == (drawing.scheme, drawing.axes.letters)


def key_of(drawing: Drawing, source: str) -> str:
    """A name for the copies of an image (its file, if it has one) with certain classes."""
    scheme = drawing.scheme
    about = (
        source or drawing.name,
        drawing.axes.letters,
        drawing.axes.shape,
        str(SchemeEntry.of(scheme).model_dump()),
    )
    stem = _UNSAFE.sub("-", drawing.name).strip("-.")[:40] or "image"
    return f"{stem}-{zlib.crc32(repr(about).encode()):08x}"


def newest_kept(root: Path, drawing: Drawing, source: str, *, alike: bool) -> Kept | None:
    """The labels that were saved last for an image, or None.

    Parameters
    ----------
    root
        Of all folders.
    drawing, source
        The image, and its file if it has one.
    alike
        Whether those with the classes and axes of the drawing come first.
    """
    found = [kept for kept in _all_kept(root, drawing, source) if kept.frames]
    if alike:
        found = [kept for kept in found if kept.is_like(drawing)] or found
    return max(found, key=_saved_last, default=None)


def new_folder(root: Path, key: str, drawing: Drawing, source: str) -> Path:
    """Make the folder of a sitting."""
    folder = root / f"{key}-{max(_numbers(root, key), default=0) + 1}"
    folder.mkdir(parents=True)
    about = {"image": drawing.name, "file": source, "axes": drawing.axes.letters}
    shape = list(drawing.axes.shape)
    try:
        write_json(
            folder / ABOUT,
            {**about, "shape": shape, "labels": SchemeEntry.of(drawing.scheme).model_dump()},
        )
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        raise
    return folder


def take_folder(folder: Path) -> FileLock | None:
    """Take the folder of a sitting for this window, until the lock is released or it ends.

    None if another window has it. On drives that know no locks nobody is kept out.
    """
    lock = FileLock(folder / LOCK_FILE, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    except (NotImplementedError, OSError):
        pass  # what cannot be written is told when something is
    return lock


def _all_kept(root: Path, drawing: Drawing, source: str) -> Iterator[Kept]:
    for path in root.glob(f"*/{ABOUT}"):
        with suppress(InputError, ValidationError):  # not ours, or of no use
            about = _About.model_validate(read_json(path))
            same = (about.file or about.image) == (source or drawing.name)
            if same and about.shape == drawing.axes.shape:
                scheme = about.labels.scheme()
                replace(drawing.axes, letters=about.axes)  # refuses what no axes are called
                saved = Corrections(path.parent, scheme).frames(IMAGE)
                frames = tuple(frame for frame, each in saved.items() if each.labeled)
                yield Kept(path.parent, frames, scheme, about.axes)


def _saved_last(kept: Kept) -> float:
    """When: a save makes a folder in that of its frame."""
    return max((kept.folder / IMAGE / str(frame)).stat().st_mtime for frame in kept.frames)


def _numbers(root: Path, key: str) -> list[int]:
    if not root.is_dir():
        return []
    found = (re.fullmatch(rf"{re.escape(key)}-(\d+)", path.name) for path in root.iterdir())
    return [int(match[1]) for match in found if match]
