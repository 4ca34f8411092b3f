"""Where things lie in a project folder, and which names they may have."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

from ..errors import InputError
from ..files.names import is_device, printable, refuse_long
from ..task import LabelScheme

PROJECT_FILE = "project.json"
BACKUP_FILE = "project.json.bak"
DAMAGED_FILE = "project.json.damaged"
CORRECTIONS = "corrections"
IMAGES = "images"
PLACES_FILE = "places.csv"
RUNS = "runs"
COUNTS = "counts"

CLASS_IDS = "classes.tif"
POSITIONS = "positions.csv"
BOXES = "boxes.json"
KNOWN = "known.tif"

IMAGE_ID = r"[a-z0-9][a-z0-9_-]*"
"""Pattern of an image id: the name of a folder on every system."""

_CLASS_NAME = re.compile(r"\w([\w .-]*[\w-])?")
_RESERVED = {"known", "classes", "con", "prn", "aux", "nul"}
_LONGEST = 40


def mask_file(name: str) -> str:
    """The file with the mask of a class."""
    return f"{name}.tif"


def mask_files(scheme: LabelScheme) -> tuple[str, ...]:
    """What a network learns from: one file per class, or the one with the ids of all."""
    return (CLASS_IDS,) if scheme.exclusive else tuple(map(mask_file, scheme.classes))


def frame_folder(corrections: Path, image_id: str, frame: int) -> Path:
    """The folder with all versions of the labels of a frame."""
    return corrections / image_id / str(frame)


def new_image_id(name: str, taken: Collection[str]) -> str:
    """An id for an image file: its name in plain letters, and a number if that is taken."""
    plain = unicodedata.normalize("NFKD", Path(name).stem).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9_]+", "-", plain.lower()).strip("-_")[:_LONGEST].strip("-_")
    plain = plain or "image"
    number, free = 2, plain
    while free in taken or free in _RESERVED or is_device(free):
        number, free = number + 1, f"{plain}-{number}"
    return free


def check_class_names(scheme: LabelScheme) -> None:
    """Refuse classes whose names cannot be names of files on every system."""
    folded = [name.casefold() for name in scheme.classes]
    for name in scheme.classes:
        reserved = name.casefold() in _RESERVED or is_device(name)
        if not _CLASS_NAME.fullmatch(name) or reserved:
            raise InputError(
                f"Class name {printable(name)!r}: it names a file of the project, so give letters, "
                f"digits, spaces, - or _, and none of {', '.join(sorted(_RESERVED))}."
            )
        refuse_long("Class name", name)
        if folded.count(name.casefold()) > 1:
            raise InputError(f"Class name {name!r}: differs from another one only in its case.")


def absolute(path: str | Path) -> Path:
    """The path from the root; links stay, so that moved targets are found again."""
    return Path(os.path.abspath(path))  # noqa: PTH100
