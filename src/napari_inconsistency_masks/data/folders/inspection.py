"""What a folder of images looks like, before anything is decided about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...files.header import ImageHeader
from ...files.images import open_stack
from ...files.rois import is_roi_file, read_rois
from ..mask_files import class_channels
from ..masks import OBJECTS, count_pieces, read_mask
from .listing import Listing, list_images, list_masks, without_mask_ending
from .split_lists import FOLDER, find_split_lists

IMAGE_FOLDERS = ("images", "image", "brightfield", "raw", "img")
"""Names, in any case, of the folder that holds the images."""

KNOWN_FOLDER = "known"
"""Name, in any case, of the folder that says where labels count; never that of a class."""

_LOOKED_AT = 4
_MOST_CLASSES = 64

MaskKind = Literal["binary", "classes", "objects", "unreadable"]


@dataclass(frozen=True)
class ClassFolder:
    """A folder whose files are named like images.

    Attributes
    ----------
    name
        Of the folder.
    matched
        Number of images that have a mask here.
    kind
        "binary" (background and foreground, or ImageJ ROIs), "classes" (class ids), "objects"
        (numbers of single objects) or "unreadable"; guessed from a few masks.
    ids
        The ids met there, for "classes".
    """

    name: str
    matched: int
    kind: MaskKind
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class FolderLayout:
    """What was found in a folder.

    Attributes
    ----------
    folder
        That was looked at.
    images
        Folder of the images in it ("." for itself), or None if there is none or several.
    image_candidates
        All folders that could be it.
    image_count
        Number of images.
    strays
        What lies in the folder of images and is no image.
    classes
        Folders with masks for some of the images.
    known
        Folders named ``known``: masks of where the labels count.
    known_count
        Number of images that have such a mask.
    splits
        Files that say what is for training, validation and test.
    closed
        Folders that cannot be opened, so that nobody knows what they hold.
    """

    folder: Path
    images: str | None
    image_candidates: tuple[str, ...] = ()
    image_count: int = 0
    strays: tuple[str, ...] = ()
    classes: tuple[ClassFolder, ...] = ()
    known: tuple[str, ...] = ()
    known_count: int = 0
    splits: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def inspect_folder(path: str | Path, images: str | None = None) -> FolderLayout:
    """Look at a folder of images and masks; nothing that may lie there is an error.

    Parameters
    ----------
    path
        The folder.
    images
        Which of its folders holds the images, if that is known.
    """
    folder = Path(path)
    subfolders = _subfolders(folder)
    if images is None:
        candidates = tuple(name for name in subfolders if name.lower() in IMAGE_FOLDERS)
        if not candidates and _list(folder).files:
            candidates = (".",)
    else:
        candidates = (images,)
    if len(candidates) != 1:
        return FolderLayout(folder, None, candidates)
    listing = _list(folder / candidates[0])
    others = [name for name in subfolders if name not in (*candidates, FOLDER)]
    known = tuple(name for name in others if name.lower() == KNOWN_FOLDER)
    classes = (_look_at(folder / name, listing) for name in others if name not in known)
    closed = tuple(name for name in (*candidates, *others) if is_closed(folder / name))
    lists: dict[str, tuple[Path, ...]] = {}
    with suppress(InputError):
        lists = find_split_lists(folder)
    return FolderLayout(
        folder=folder,
        images=candidates[0],
        image_candidates=candidates,
        image_count=len(listing.files),
        strays=listing.strays,
        classes=tuple(found for found in classes if found.matched),
        known=known,
        known_count=sum(_count_matched(folder / name, listing) for name in known),
        splits=tuple(path.name for paths in lists.values() for path in paths),
        closed=closed,
    )


def likely_classes(classes: Sequence[ClassFolder]) -> list[ClassFolder]:
    """The folders of masks that are most likely classes, in their order.

    Numbers of objects beside plain masks are mostly the same objects once more; but not if these
    are only positions.
    """
    binary = [item for item in classes if item.kind == "binary"]
    if all("position" in item.name.lower() for item in binary):
        return [item for item in classes if item.kind in ("binary", "objects")]
    return binary


def has_images(folder: Path) -> bool:
    """Whether a folder holds a folder of images, or images with masks in folders beside them."""
    subfolders, images = _subfolders(folder), _list(folder)
    if any(name.lower() in IMAGE_FOLDERS and _list(folder / name).files for name in subfolders):
        return True
    return bool(images.files) and any(_count_matched(folder / name, images) for name in subfolders)


def folders_with_images(folder: Path) -> list[str]:
    """The folders in a folder that could be given instead, as they hold a folder of images."""
    return [name for name in _subfolders(folder) if has_images(folder / name)]


def find_alike(found: FolderLayout) -> tuple[str, str] | None:
    """A mask that is named almost like an image (``a_mask.png``, ``A.png``), and that image."""
    images = _list(found.folder / (found.images or ".")).files
    by_key = {name.casefold(): path for name, path in images.items()}
    for folder in _subfolders(found.folder):
        if folder == found.images:
            continue
        for name, path in _list_masks(found.folder / folder).files.items():
            image = by_key.get(without_mask_ending(name).casefold())
            if image is not None:
                return f"{folder}/{path.name}", image.name
    return _find_longer(found, by_key)


def _find_longer(found: FolderLayout, images: Mapping[str, Path]) -> tuple[str, str] | None:
    """A mask whose name begins or ends with that of an image (``a_alive.png``, ``mask-a.png``)."""
    for folder in _subfolders(found.folder):
        masks = {} if folder == found.images else _list_masks(found.folder / folder).files
        name, path = next(iter(masks.items()), ("", None))
        key = name.casefold()
        longer = [image for image in images if key.startswith(image) or key.endswith(image)]
        if path is not None and longer:
            return f"{folder}/{path.name}", images[max(longer, key=len)].name
    return None


def find_misnamed(found: FolderLayout, name: str) -> tuple[str, str] | None:
    """A mask in the folder ``name`` (in any case) that no image is named like, and an image.

    None if there is no such folder, if it is empty, or if some of its masks have an image.
    """
    images = _list(found.folder / (found.images or ".")).files
    for folder in _subfolders(found.folder):
        masks = _list_masks(found.folder / folder).files
        if folder.lower() == name.lower() and masks and images and not masks.keys() & images.keys():
            return f"{folder}/{next(iter(masks.values())).name}", next(iter(images.values())).name
    return None


def _subfolders(folder: Path) -> list[str]:
    with suppress(OSError):
        return sorted(
            item.name for item in folder.iterdir() if item.is_dir() and item.name[0] != "."
        )
    return []


def _list(folder: Path) -> Listing:
    with suppress(InputError):
        return list_images(folder, strict=False)
    return Listing({}, ())


def _list_masks(folder: Path) -> Listing:
    with suppress(InputError):
        return list_masks(folder, strict=False)
    return Listing({}, ())


def is_closed(folder: Path) -> bool:
    """Whether a folder is there and cannot be opened, or what is in it not be looked at."""
    try:
        first = next(folder.iterdir(), None)
        if first is not None:
            first.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _count_matched(folder: Path, images: Listing) -> int:
    return len(_list_masks(folder).files.keys() & images.files.keys())


def _look_at(folder: Path, images: Listing) -> ClassFolder:
    masks = _list_masks(folder).files
    matched = [path for name, path in masks.items() if name in images.files]
    kind, ids = guess_kind(matched) if matched else ("unreadable", ())
    return ClassFolder(folder.name, len(matched), kind, ids)


def _middle_frame(path: Path) -> tuple[npt.NDArray[Any], ImageHeader] | None:
    """A frame of a mask file, opened for the indices of a palette; None for ImageJ ROIs."""
    if is_roi_file(path):
        read_rois(path)
        return None
    with open_stack(path, palette_indices=True) as stack:
        return stack[len(stack) // 2], stack.header


def guess_kind(masks: Sequence[Path]) -> tuple[MaskKind, tuple[int, ...]]:
    """What a few of these mask files hold, and the ids met there if they are class ids.

    Damaged files make no difference, unless all of them are.
    """
    step = max(1, len(masks) // _LOOKED_AT)
    met: set[int] = set()
    whole = split = damaged = 0
    for path in (looked_at := masks[::step][:_LOOKED_AT]):
        try:
            frame = _middle_frame(path)
        except InputError:  # one file says nothing about the others, and is refused when it is read
            damaged += 1
            continue
        if frame is None:
            continue
        try:
            channels = class_channels(*frame, path)
            _, remark = read_mask(channels, path)
        except InputError:
            return "unreadable", ()
        if remark in (None, OBJECTS):
            met.update(np.unique(channels[0]).astype(int).tolist())
            pieces = count_pieces(channels[0])
            whole += pieces.count(1)
            split += len(pieces) - pieces.count(1)
    if damaged == len(looked_at):
        return "unreadable", ()
    if len(met - {0}) <= 1 or met <= {0, 1, 255}:
        return "binary", ()
    if whole >= 4 * split or max(met) > _MOST_CLASSES:
        return "objects", ()
    return "classes", tuple(sorted(met))
