"""Finding the images of a batch: files, folders, patterns, Zarr images and plates."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ..errors import InputError
from ..files.images import IMAGE_SUFFIXES
from ..files.zarr_read import is_zarr, zarr_images

SKIPPED_SHOWN = 20
"""How many names of files that are no images a plan keeps."""


@dataclass(frozen=True)
class Found:
    """An image to process.

    Attributes
    ----------
    path
        Absolute.
    name
        Relative to the folder that was given, with ``/``; what tables call it.
    """

    path: Path
    name: str


@dataclass(frozen=True)
class Inputs:
    """What was asked for: files and folders, absolute, and what to take of folders."""

    paths: tuple[str, ...] = ()
    recursive: bool = False
    glob: str | None = None


NO_INPUTS = Inputs()


@dataclass(frozen=True)
class Listing:
    """The images found, in order, none twice, and the names of files that are none."""

    images: tuple[Found, ...]
    others: tuple[str, ...] = ()
    inputs: Inputs = NO_INPUTS


def list_images(
    paths: Sequence[Path], *, recursive: bool = False, glob: str | None = None, out: Path
) -> Listing:
    """Find images among files and folders.

    Parameters
    ----------
    paths
        Files are taken whatever their extension; of folders the images inside.
    recursive
        Whether folders inside of folders are searched as well.
    glob
        Pattern of names in folders, as ``*_ch1.tif``; else all with an image's extension.
    out
        The folder of the results, which is never searched.

    Raises
    ------
    InputError
        If a path does not exist, or there is no image at all.
    """
    found: dict[Path, Found] = {}
    others: list[str] = []
    avoid = Path(os.path.abspath(out))  # noqa: PTH100  links stay links in the names of images
    for given in paths:
        path = Path(os.path.abspath(given))  # noqa: PTH100
        if not path.exists():
            raise InputError(f"{given}: there is no such file or folder.")
        inside = _inside(path, recursive, avoid) if path.is_dir() else iter([path])
        for file in inside:
            name = file.relative_to(path if path.is_dir() and file != path else path.parent)
            wanted = file == path or _is_wanted(file, glob)
            if wanted:
                found.setdefault(file, Found(file, name.as_posix()))
            else:
                others.append(name.as_posix())
    if not found:
        names = ", ".join(str(path) for path in paths) or "Nothing given"
        pattern = f" of the pattern {glob!r}" if glob else ""
        raise InputError(f"{names}: no images{pattern} here; give TIFF, PNG or Zarr images.")
    absolute = tuple(os.path.abspath(path) for path in paths)  # noqa: PTH100
    inputs = Inputs(absolute, recursive, glob)
    return Listing(_told_apart(list(found.values())), tuple(others), inputs)


def _told_apart(images: list[Found]) -> tuple[Found, ...]:
    """Images of one name from different folders get so much of their path that they differ."""
    by_name: dict[str, list[Path]] = {}
    for image in images:
        by_name.setdefault(image.name, []).append(image.path)
    return tuple(
        image if len(by_name[image.name]) == 1 else _longer(image, by_name[image.name])
        for image in images
    )


def _longer(image: Found, alike: list[Path]) -> Found:
    above = os.path.commonpath(alike)
    return Found(image.path, image.path.relative_to(above).as_posix())


def _inside(folder: Path, recursive: bool, avoid: Path) -> Iterator[Path]:
    """Files and Zarr images in a folder, in order; linked folders are entered once."""
    if is_zarr(folder):
        yield from zarr_images(folder)
        return
    waiting, seen = [folder], set()
    while waiting:
        here = waiting.pop()
        facts = here.stat()
        if here == avoid or (facts.st_dev, facts.st_ino) in seen:
            continue
        seen.add((facts.st_dev, facts.st_ino))
        folders = []
        for entry in sorted(here.iterdir()):
            if entry.is_dir() and is_zarr(entry):
                yield from zarr_images(entry)
            elif entry.is_dir():
                folders.append(entry)
            else:
                yield entry
        if recursive:
            waiting += reversed(folders)


def _is_wanted(file: Path, glob: str | None) -> bool:
    if file.name.startswith("."):
        return False
    if glob is not None:
        return fnmatch(file.name, glob)
    return file.is_dir() or file.suffix.lower() in IMAGE_SUFFIXES
