"""The image files of a project: described when they are added, found again when they moved."""

from __future__ import annotations

import filecmp
import hashlib
import math
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..data.folders.inspection import is_closed
from ..data.origin import relative_origin
from ..errors import InputError
from ..files.atomic import write_atomically
from ..files.axes import frames_in_order
from ..files.folders import make_folder
from ..files.guard import refusing
from ..files.images import read_header
from ..files.names import about
from .content import Fingerprint, ImageEntry
from .layout import CORRECTIONS, RUNS, absolute

_PIECE = 2**16


def describe_image(path: Path, image_id: str, stored: str) -> ImageEntry:
    """The entry of an image file; `InputError` if it cannot be read."""
    header = read_header(path)
    return ImageEntry(
        id=image_id,
        path=stored,
        frames=header.frame_count,
        size=header.size_yx,
        fingerprint=fingerprint(path),
        stack=tuple(header.stack.items()),
    )


def describe_moved(
    path: Path, image: ImageEntry, project: Path, *, other_content: bool
) -> ImageEntry:
    """The entry of an image whose file is now at `path`; see `Project.relocate`."""
    new = describe_image(path, image.id, stored_path(path, project))
    if (new.frames, new.size) != (image.frames, image.size):
        raise InputError(
            about(
                path,
                f"{new.frames} frames of {new.size}, and {image.id} has {image.frames} of "
                f"{image.size}; it is not that image.",
            )
        )
    if new.fingerprint != image.fingerprint and not other_content:
        raise InputError(
            about(
                path,
                f"its content is not that of {image.id} when it was added; if it is the same "
                f"picture, say so (other_content=True).",
            )
        )
    if image.stack is not None:
        _check_order(path, image.id, dict(image.stack), dict(new.stack or ()))
    return image.model_copy(
        update={"path": new.path, "fingerprint": new.fingerprint, "stack": new.stack}
    )


def _check_order(path: Path, image_id: str, old: dict[str, int], new: dict[str, int]) -> None:
    """Refuse a stack whose frames lie in another order, as labels are kept by their number."""
    if frames_in_order(old, new) != tuple(range(math.prod(old.values()))):
        one, other = (
            " x ".join(f"{length} {axis}" for axis, length in stack.items()) for stack in (new, old)
        )
        raise InputError(
            about(
                path,
                f"its frames are {one}, and those of {image_id} {other}, so that its labels would "
                f"be those of other frames; save it with its axes in that order.",
            )
        )


def fingerprint(path: Path) -> Fingerprint:
    """Size, and hash of the first, middle and last 64 KiB: fast for files of any size."""
    with refusing(path), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.sha256()
        for start in sorted({0, max(0, (size - _PIECE) // 2), max(0, size - _PIECE)}):
            file.seek(start)
            digest.update(file.read(_PIECE))
    return Fingerprint(bytes=size, sha256=digest.hexdigest())


def content_remark(path: Path, image: ImageEntry) -> str:
    """A sentence if a file has other bytes than when it was added or relocated; else nothing."""
    if fingerprint(path) == image.fingerprint:
        return ""
    return about(
        path,
        "its content is not that of when it was added: if it is another picture, put the old file "
        "back, or what was drawn does not fit it.",
    )


def stored_path(path: Path, project: Path) -> str:
    """How a path is written into the project; `InputError` if its name is no text.

    Relative to the project if the file lies in the folder around the project, so that both can be
    moved together; else absolute.
    """
    whole = str(absolute(path))
    try:
        whole.encode()
    except UnicodeEncodeError:
        raise InputError(
            about(path, "its name is no text; rename it, or let the project keep a copy.")
        ) from None
    return str(relative_origin({"path": whole}, project, project.parent)["path"])


def copy_image(path: Path, target: Path) -> None:
    """Copy a file, whole or not at all, and compare."""

    def check(temporary: Path) -> None:
        if not filecmp.cmp(path, temporary, shallow=False):
            raise InputError(about(target, "not copied: the copy is not the same; try again."))

    make_folder(target.parent)
    write_atomically(target, lambda temporary: shutil.copyfile(path, temporary), check)


def where(image: ImageEntry, project: Path) -> Path:
    """Where the file of an image should be."""
    return Path(os.path.normpath(project / image.path))


class KnownFileError(InputError):
    """A file that is in the project already."""


def refuse_own_file(path: Path, project: Path) -> None:
    """Refuse what the project keeps itself: saved labels, and what its runs wrote."""
    for name in (CORRECTIONS, RUNS):
        if absolute(path).is_relative_to(project / name):
            text = f"is in {name} of this project, so it was made from its images; add those."
            raise InputError(about(path, text))


def refuse_known_file(path: Path, project: Path, images: Iterable[ImageEntry]) -> None:
    """Refuse a file whose content is that of an image; of one that is gone the hash decides."""
    own = fingerprint(path)
    for image in images:
        if image.fingerprint != own:
            continue
        other = where(image, project)
        with refusing(path):
            if not other.is_file() or filecmp.cmp(path, other, shallow=False):
                raise KnownFileError(about(path, f"is in the project already, as {image.id}."))


def find_moved(images: Iterable[ImageEntry], folder: Path, closed: list[str]) -> dict[str, Path]:
    """Look for files by name, size and fingerprint in a folder and all folders in it.

    Parameters
    ----------
    images
        Whose files are wanted.
    folder
        Where to look.
    closed
        Gets the names of folders that cannot be opened; files that cannot be read are no image's.

    Returns
    -------
    dict of str to Path
        By id, what was found; the first in alphabetical order if there are several copies. A file
        of another name counts if no file of that name is the one.
    """
    wanted = list(images)
    sizes = {image.fingerprint.bytes for image in wanted}
    candidates: dict[int, list[Path]] = {size: [] for size in sizes}
    for path in _files(folder, closed):
        try:
            size = path.stat().st_size
        except OSError:
            continue
        if size in sizes:
            candidates[size].append(path)
    prints: dict[Path, Fingerprint | None] = {}
    found = {}
    for image in wanted:
        name = file_name(image.path)
        for path in sorted(
            candidates[image.fingerprint.bytes], key=lambda path: (path.name != name, path)
        ):
            if path not in prints:
                prints[path] = None
                with suppress(InputError):
                    prints[path] = fingerprint(path)
            if prints[path] == image.fingerprint:
                found[image.id] = path
                break
    return found


def file_name(stored: str) -> str:
    """The name of a file in a path that may have been written on another system."""
    return re.split(r"[\\/]", stored)[-1]


def _files(folder: Path, closed: list[str]) -> Iterable[Path]:
    """Regular files, without hidden folders and without following links to folders."""
    if is_closed(folder):
        closed.append(folder.name)
        return
    for parent, folders, names in os.walk(folder):
        inside = sorted(Path(parent, name) for name in folders if not name.startswith("."))
        shut = [path for path in inside if is_closed(path)]
        closed += [path.relative_to(folder).as_posix() for path in shut]
        folders[:] = [path.name for path in inside if path not in shut]
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_file():
                yield path
