"""Splits that come with the data: text files with one file name per line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...files.folders import looking_into
from ...files.guard import read_bytes
from ...files.names import about, listed
from ...files.text_lines import lines_of
from .listing import IMAGE_NAME

FOLDER = "splits"
_MAX_BYTES = 64 * 2**20
_KINDS = {
    "train": re.compile(r"train(ing)?"),
    "validation": re.compile(r"val(idation)?"),
    "test": re.compile(r"test(ing)?"),
    "labeled": re.compile(r"labell?ed.*"),
    "unlabeled": re.compile(r"unlabell?ed.*"),
}


@dataclass(frozen=True)
class SplitLists:
    """Names by what they are for; None where there is no list.

    ``labeled`` and ``unlabeled`` are subsets of the images for training.
    """

    train: frozenset[str] | None = None
    validation: frozenset[str] | None = None
    test: frozenset[str] | None = None
    labeled: frozenset[str] | None = None
    unlabeled: frozenset[str] | None = None


def find_split_lists(folder: Path) -> dict[str, tuple[Path, ...]]:
    """The lists in the folder ``splits`` of a data set, by what they are for.

    Raises
    ------
    InputError
        If that folder cannot be opened.
    """
    found: dict[str, list[Path]] = {}
    lists = folder / FOLDER
    with looking_into(lists):
        paths = sorted(lists.iterdir()) if lists.is_dir() else []
    for path in paths:
        for kind, pattern in _KINDS.items():
            if path.suffix.lower() == ".txt" and pattern.fullmatch(path.stem.lower()):
                found.setdefault(kind, []).append(path)
    return {kind: tuple(paths) for kind, paths in found.items()}


def read_split_lists(
    folder: Path, names: Collection[str], *, labeled: str | None = None
) -> SplitLists | None:
    """Read the lists that come with a data set.

    Parameters
    ----------
    folder
        Of the data set; the lists are ``splits/train.txt``, ``val.txt`` or ``validation.txt``,
        ``test.txt``, ``labeled*.txt`` or ``labelled*.txt``, and ``unlabeled*.txt`` or
        ``unlabelled*.txt``.
    names
        Of all images, without extension.
    labeled
        Which of several lists of labeled images counts, such as ``"labelled_10pct.txt"``.

    Returns
    -------
    SplitLists or None
        None if there are no lists.

    Raises
    ------
    InputError
        If a list names an unknown image, two lists that exclude each other share one, or several
        lists say the same thing and `labeled` does not choose.
    """
    found = find_split_lists(folder)
    if not found:
        return None
    if labeled is not None:
        found["labeled"] = _chosen(folder, found, labeled)
        found.pop("unlabeled", None)
    lookup = {_key(name): name for name in names}
    read: dict[str, frozenset[str]] = {}
    for kind, paths in found.items():
        if len(paths) > 1:
            raise InputError(
                f"{FOLDER}: {listed([path.name for path in paths])} all say what is {kind}; keep "
                f"one, or name the labeled one."
            )
        read[kind] = _read_list(paths[0], lookup)
    for one, other in (
        ("train", "validation"),
        ("train", "test"),
        ("validation", "test"),
        ("labeled", "unlabeled"),
        ("labeled", "validation"),
        ("labeled", "test"),
        ("unlabeled", "validation"),
        ("unlabeled", "test"),
    ):
        _check_apart(read, one, other)
    return SplitLists(**read)


def _chosen(folder: Path, found: Mapping[str, tuple[Path, ...]], name: str) -> tuple[Path]:
    for path in found.get("labeled", ()):
        if name in (path.name, path.stem):
            return (path,)
    raise InputError(
        f"labeled {name!r}: there is no such list of labeled images in {folder.name}/{FOLDER}."
    )


def _check_apart(read: Mapping[str, frozenset[str]], one: str, other: str) -> None:
    shared = read.get(one, frozenset()) & read.get(other, frozenset())
    if shared:
        raise InputError(
            f"{FOLDER}: {listed(sorted(shared))} would be in both {one} and {other}; "
            f"keep each in one list."
        )


def _read_list(path: Path, lookup: Mapping[str, str]) -> frozenset[str]:
    """Names of a list, with or without extension, matched to the images."""
    found, unknown = set(), []
    for line in filter(None, map(str.strip, lines_of(read_bytes(path, _MAX_BYTES), path))):
        key = _key(line)
        name = lookup.get(key) or lookup.get(IMAGE_NAME.sub("", key))
        if name is None:
            unknown.append(line)
        else:
            found.add(name)
    if unknown:
        raise InputError(about(path, f"there is no image named {listed(unknown)}."))
    return frozenset(found)


def _key(line: str) -> str:
    return unicodedata.normalize("NFC", line.replace("\\", "/").rpartition("/")[2])
