"""The images of one folder by name, and what else lies around there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...files.folders import looking_into
from ...files.images import IMAGE_SUFFIXES
from ...files.rois import ROI_SUFFIXES


def _ending(suffixes: Iterable[str]) -> re.Pattern[str]:
    endings = "|".join(map(re.escape, sorted(suffixes)))
    return re.compile(rf"(\.ome)?({endings})$", re.IGNORECASE)


IMAGE_NAME = _ending(IMAGE_SUFFIXES)
"""Matches the extension of an image file's name, of ``a.ome.tif`` both."""

_MASK_NAME = _ending(IMAGE_SUFFIXES | ROI_SUFFIXES)
_MASK_OF_ANOTHER = re.compile(r"[-_. ](cp_)?(masks?|labels?|seg(mentation)?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes
    ----------
    files
        Image files by name: the file name without extension, in composed Unicode (NFC), so that
        names written by different systems meet. Sorted.
    strays
        Names of files and folders that were left out.
    """

    files: dict[str, Path]
    strays: tuple[str, ...]


def list_images(folder: Path, *, strict: bool = True) -> Listing:
    """List the images of a folder, not of its subfolders.

    Left out are hidden files (``.DS_Store``, ``._x.tif``), files that are no images
    (``Thumbs.db``), subfolders, pipes and broken links, and masks that lie beside their image
    (``a_mask.png`` beside ``a.png``).

    Parameters
    ----------
    folder
        An existing folder.
    strict
        Whether two images of one name (``a.png`` and ``a.tif``) are an error; else the first in
        alphabetical order counts.

    Raises
    ------
    InputError
        See `strict`, and if the folder cannot be opened.
    """
    return _list(folder, IMAGE_NAME, strict)


def list_masks(folder: Path, *, strict: bool = True) -> Listing:
    """List the masks of a folder: images, and ImageJ ROIs; else as `list_images`."""
    return _list(folder, _MASK_NAME, strict)


def _list(folder: Path, pattern: re.Pattern[str], strict: bool) -> Listing:
    files: dict[str, Path] = {}
    strays = []
    with looking_into(folder):
        paths = [
            (path, not path.name.startswith(".") and _is_file(path, pattern))
            for path in folder.iterdir()
        ]
    for path, is_meant in sorted(paths, key=lambda found: found[0].name):
        if not is_meant:
            strays.append(path.name)
            continue
        name = unicodedata.normalize("NFC", pattern.sub("", path.name))
        if name in files and strict:
            raise InputError(
                f"{folder.name}: {files[name].name} and {path.name} have the same name; images and "
                f"masks are paired by name, so rename or remove one."
            )
        files.setdefault(name, path)
    masks = [name for name in files if without_mask_ending(name) in files.keys() - {name}]
    strays.extend(files.pop(name).name for name in masks)
    return Listing(files, tuple(strays))


def _is_file(path: Path, pattern: re.Pattern[str]) -> bool:
    return pattern.search(path.name) is not None and path.is_file()


def without_mask_ending(name: str) -> str:
    """The name of the image whose mask would be called so: ``a`` for ``a_mask``."""
    return _MASK_OF_ANOTHER.sub("", name)
