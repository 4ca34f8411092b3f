"""Finding the images of a batch: files, folders, patterns, Zarr images and plates."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ..errors import InputError
from ..files.images import IMAGE_SUFFIXES
from ..files.own_folders import is_own_folder
from ..files.zarr_read import is_zarr, zarr_images


@dataclass(frozen=True)
class Found:
    """An image to process.

    Attributes
    ----------
    path
        Absolute.
    name
        Relative to the folder that was given, with ``/``; what tables call it. Bytes that are no
        text are escapes.
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
    """The images found, in order, none twice, and what else there was.

    Attributes
    ----------
    images
        To process.
    others
        Names of files that are no images.
    inputs
        What was asked for.
    unsearched
        Number of folders inside of folders that were not looked into.
    """

    images: tuple[Found, ...]
    others: tuple[str, ...] = ()
    inputs: Inputs = NO_INPUTS
    unsearched: int = 0


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
        The folder of the results, which is never searched. Those of other batches, runs, and saved
        labels are searched only if they are given.

    Raises
    ------
    InputError
        If a path does not exist, a folder cannot be searched, or there is no image at all.
    """
    found: dict[Path, Found] = {}
    others: list[str] = []
    unsearched: set[Path] = set()
    absolute = tuple(os.path.abspath(path) for path in paths)  # noqa: PTH100  links stay links
    for given, path in zip(paths, map(Path, absolute), strict=True):
        if not path.exists():
            raise InputError(f"{given}: there is no such file or folder.")
        for file in _taken(path, recursive, out, unsearched):
            name = file.relative_to(path if path.is_dir() and file != path else path.parent)
            wanted = file == path or _is_wanted(file, glob)
            if wanted:
                found.setdefault(file, Found(file, _text(name)))
            else:
                others.append(_text(name))
    passed = len(unsearched.difference(map(Path, absolute)))
    if not found:
        raise InputError(_nothing(paths, glob, others, passed, out))
    inputs = Inputs(absolute, recursive, glob)
    return Listing(_told_apart(list(found.values())), tuple(others), inputs, passed)


def words_about(unsearched: int, advice: str = "add --recursive") -> str:
    """That folders were not looked into, and what to do."""
    folders = "1 folder inside was" if unsearched == 1 else f"{unsearched:,} folders inside were"
    return f"{folders} not looked into: {advice}"


def _nothing(
    paths: Sequence[Path], glob: str | None, others: Sequence[str], passed: int, out: Path
) -> str:
    if not paths:
        return "No images are given; name files or folders, or a list of them (--list)."
    if out.is_dir() and any(path.is_dir() and _place(path) == _place(out) for path in paths):
        return (
            f"{out}: the folder of the results is never searched for images; choose another folder "
            f"for the results (--out), such as one inside of it."
        )
    names = ", ".join(str(path) for path in paths)
    pattern = f" of the pattern {glob!r}" if glob else ""
    if passed:
        advice = words_about(passed)
    elif glob and others:
        advice = f"there are {len(others):,} files with other names, such as {others[0]}"
    else:
        advice = "give images as TIFF, PNG, JPEG, BMP or Zarr"
    return f"{names}: no images{pattern} here; {advice}."


def _told_apart(images: list[Found]) -> tuple[Found, ...]:
    """Images of one name from different folders get so much of their path that they differ."""
    by_name: dict[str, list[Path]] = {}
    for image in images:
        by_name.setdefault(image.name, []).append(image.path)
    longer = tuple(
        image if len(alike := by_name[image.name]) == 1 else _longer(image, alike)
        for image in images
    )
    if len({image.name for image in longer}) == len(longer):
        return longer
    every = [image.path for image in images]
    return tuple(_longer(image, every) for image in images)


def _longer(image: Found, alike: list[Path]) -> Found:
    path = image.path
    try:
        name = path.relative_to(os.path.commonpath(alike))
    except ValueError:  # they are on several drives
        name = Path(path.drive.strip(":/\\").replace("\\", "/"), *path.parts[1:])
    return Found(path, _text(name))


def _text(name: Path) -> str:
    return name.as_posix().encode("utf-8", "backslashreplace").decode()


def _taken(path: Path, recursive: bool, out: Path, unsearched: set[Path]) -> Iterator[Path]:
    """A file, or what is in a folder."""
    try:
        if not path.is_dir():
            yield path
        elif is_zarr(path):
            yield from _zarr_images(path)
        else:
            yield from _inside(path, recursive, out, unsearched)
    except OSError as error:
        raise InputError(
            f"{error.filename or path}: cannot be looked at ({error.strerror or error}); get the "
            f"permission to read its folder, or give the files and folders beside that."
        ) from None


def _inside(folder: Path, recursive: bool, out: Path, unsearched: set[Path]) -> Iterator[Path]:
    """Files, Zarr images and folders of our own in a folder, in order; links are followed once.

    Folders inside that are not looked into are added to ``unsearched``.
    """
    waiting, seen = [folder], set[tuple[int, int | str]]()
    if out.is_dir():
        seen.add(_place(out))
    while waiting:
        here = waiting.pop()
        if _place(here) in seen:
            continue
        seen.add(_place(here))
        if here != folder and is_own_folder(here):
            yield here
            continue
        folders = []
        for entry in sorted(here.iterdir()):
            if not entry.is_dir():
                yield entry
            elif is_zarr(entry):
                yield from _zarr_images(entry)
            else:
                folders.append(entry)
        if recursive:
            waiting += reversed(folders)
        else:
            unsearched.update(inside for inside in folders if _is_worth_a_look(inside, seen))


def _is_worth_a_look(folder: Path, seen: set[tuple[int, int | str]]) -> bool:
    """Whether a folder is neither hidden nor one of our own."""
    hidden = folder.name.startswith(".")
    return not hidden and _place(folder) not in seen and not is_own_folder(folder)


def _place(folder: Path) -> tuple[int, int | str]:
    """The same for all names of a folder."""
    facts = folder.stat()
    # Some drives on Windows number nothing.
    return facts.st_dev, facts.st_ino or os.path.normcase(os.path.realpath(folder))


def _zarr_images(folder: Path) -> Iterator[Path]:
    """Its images; a damaged one is an image, so that its row says so."""
    try:
        yield from zarr_images(folder)
    except InputError:
        yield folder


def _is_wanted(file: Path, glob: str | None) -> bool:
    if file.name.startswith(".") or is_own_folder(file):
        return False
    if glob is not None:
        return fnmatch(file.name, glob)
    return file.is_dir() or file.suffix.lower() in IMAGE_SUFFIXES
