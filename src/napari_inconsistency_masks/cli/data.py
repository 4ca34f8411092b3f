"""Flags that say which images and labels a command is about."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from ..data.sample import SegmentationData
from ..errors import InputError
from ..task import Task

PANEL = "Images and labels"


def _option(text: str, *names: str) -> Any:
    return typer.Option(*names, help=text, show_default=False, rich_help_panel=PANEL)


Data = Annotated[
    Path,
    typer.Argument(
        help="A folder of images with one folder of masks per class, or the HeLa set (folder or "
        "ZIP).",
        metavar="DATA",
        show_default=False,
    ),
]
Classes = Annotated[
    Optional[str],  # noqa: UP045  typer
    _option("Names of the classes, separated by commas: alive,dead,position."),
]
Position = Annotated[
    Optional[str],  # noqa: UP045
    _option("The class whose spots mark cell positions."),
]
Kind = Annotated[
    Optional[Task],  # noqa: UP045
    _option("Label kind; found out from the classes if not given.", "--task"),
]
Images = Annotated[
    Optional[str],  # noqa: UP045
    _option("Name of the folder of images."),
]
Masks = Annotated[
    Optional[str],  # noqa: UP045
    _option("Name of the one folder of masks for all classes (class ids)."),
]
Labeled = Annotated[
    Optional[str],  # noqa: UP045
    _option("Images that count as labeled: a number, a share such as 0.1, or a list in splits."),
]
Validation = Annotated[
    Optional[float],  # noqa: UP045
    _option("Share of the labeled images set aside for validation, if no list says which."),
]
Test = Annotated[
    Optional[float],  # noqa: UP045
    _option("Share of the labeled images set aside for testing, if no list says which."),
]
Upright = Annotated[bool, _option("Images have a fixed top: do not turn them.", "--upright")]


def open_data_path(path: Path, *, upright: bool = False, **options: Any) -> SegmentationData:
    """Read a data set of any kind; options that are None keep the reader's defaults.

    Raises
    ------
    InputError
        If there is nothing at the path, or an option does not fit the kind of data.
    """
    from ..data.folder import load_folder
    from ..data.hela import load_hela

    if not path.exists():
        raise InputError(f"{path}: there is no such folder or file.")
    given = {name: value for name, value in options.items() if value is not None}
    if "labeled" in given:
        given["labeled"] = _number_or_name(given["labeled"])
    if not is_hela(path):
        if isinstance(given.get("classes"), str):
            given["classes"] = [name.strip() for name in given["classes"].split(",")]
        return load_folder(path, free_rotation=not upright, **given)
    unfit = sorted(set(given) - {"labeled", "seed"})
    if unfit:
        raise InputError(
            f"{path}: this is the HeLa set, whose classes and splits are fixed; leave "
            f"{', '.join('--' + name for name in unfit)} out."
        )
    return load_hela(path, **given)


def is_hela(path: Path) -> bool:
    """Whether a path is the published HeLa set: its ZIP, or the folder in it."""
    return zipfile.is_zipfile(path) if path.is_file() else (path / "original_data").is_dir()


def _number_or_name(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
