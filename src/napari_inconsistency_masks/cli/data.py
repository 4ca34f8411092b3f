"""Flags that say which images and labels a command is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..data.origin import PUBLISHED
from ..data.sample import SegmentationData
from ..errors import InputError
from ..plans import read_plan
from ..task import Task
from .console import err

if TYPE_CHECKING:
    from ..checkpoint import ModelCard

AUTO, FOLDER = "auto", "folder"
PANEL = "Images and labels"


def _option(text: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(
        *names, help=text, metavar=metavar, show_default=False, rich_help_panel=PANEL
    )


Data = Annotated[
    Path,
    typer.Argument(
        help="A folder of images with one folder of masks per class, or a published data set "
        "(folder or ZIP).",
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
Layout = Annotated[
    str,
    typer.Option(
        help=f"How the folder with the images is laid out: auto finds out; folder is a folder of "
        f"your own; {', '.join(PUBLISHED)} are published data sets.",
        rich_help_panel=PANEL,
    ),
]
LayoutOption = Annotated[
    Optional[list[str]],  # noqa: UP045
    _option(
        "How a published data set is read, such as size=128; may be given several times "
        "(docs/datasets.md).",
        metavar="NAME=VALUE",
    ),
]
Upright = Annotated[bool, _option("Images have a fixed top: do not turn them.", "--upright")]


def open_data_path(
    path: Path,
    *,
    layout: str = AUTO,
    layout_options: Sequence[str] = (),
    upright: bool = False,
    seed: int | None = None,
    **options: Any,
) -> SegmentationData:
    """Read a data set of any kind; options that are None keep the reader's defaults.

    The splits of a published data set are published: `seed` does not change them.

    Raises
    ------
    InputError
        If there is nothing at the path, or an option does not fit the kind of data.
    """
    from ..data.folders.folder import load_folder
    from ..data.published.layouts import load_published

    given = {name: value for name, value in options.items() if value is not None}
    if "labeled" in given:
        given["labeled"] = _number_or_name(given["labeled"])
    kind = _published(recognized_layout(path, layout))
    if kind is not None:
        if upright:
            given["upright"] = True
        return load_published(kind, path, {**given, **_named_values(layout_options)})
    if layout_options:
        raise InputError(
            f"{path}: --layout-option is for published data sets, and this is a folder of your own."
        )
    if isinstance(given.get("classes"), str):
        given["classes"] = [name.strip() for name in given["classes"].split(",")]
    if seed is not None:
        given["seed"] = seed
    return load_folder(path, free_rotation=not upright, **given)


def recognized_layout(path: Path, layout: str) -> str:
    """The layout; if it is to be found out, what it was found to be, which is told."""
    from ..data.published.layouts import recognize, recognized

    if layout != AUTO:
        return layout
    kind = recognize(path)
    if kind is None:
        return FOLDER
    said = f"{path}: {recognized(kind)} --layout {FOLDER} reads it as any folder."
    err.print(said, markup=False)
    return kind


def open_labels(
    path: Path,
    card: ModelCard,
    run: Path | None = None,
    *,
    layout: str = AUTO,
    layout_options: Sequence[str] = (),
    **options: Any,
) -> SegmentationData:
    """Read a data set with labels of the kind that networks know, scaled as for their training.

    Parameters
    ----------
    path
        The data set.
    card
        Of the networks.
    run
        Where they were trained. A folder of images is read as its own was: by the names of the
        folders of images and masks, if they are there, and by what ids mean that are no class.
    layout, layout_options, options
        As `open_data_path`; they count more than what the run says.

    Raises
    ------
    InputError
        If its labels mean something else, or as `open_data_path`.
    """
    scheme = card.scheme
    layout = recognized_layout(path, layout)
    given = {name: value for name, value in options.items() if value is not None}
    if _published(layout) is None:
        return open_data_path(
            path,
            layout=layout,
            layout_options=layout_options,
            classes=",".join(scheme.classes),
            position=scheme.position,
            task=scheme.task,
            intensity=card.intensity,
            **{**_as_in(run, path), **given},
        )
    data = open_data_path(
        path, layout=layout, layout_options=layout_options, intensity=card.intensity, **given
    )
    if data.scheme != scheme:
        raise InputError(
            f"{path}: labels of {', '.join(data.classes)} ({data.task.value}), and the networks "
            f"know {', '.join(scheme.classes)} ({scheme.task.value}); give other labels."
        )
    return data


def need_data(layout: str, *others: object) -> None:
    """Refuse flags that say how data is laid out, where none was given."""
    if layout != AUTO or any(others):
        raise InputError("--images, --masks, --layout and --layout-option go with --data.")


def place_of_data(run: Path) -> Path | None:
    """The folder of images that a run learned from, and from nothing else; None if it is other."""
    if not (run / "run.json").is_file():
        return None
    origin = read_plan(run).data_now(run) or {}
    return run / str(origin.get("path")) if origin.get("kind") == FOLDER else None


def _as_in(run: Path | None, path: Path) -> dict[str, Any]:
    """How a run reads its folder of images, as far as another can be read so; ids are told."""
    plan = read_plan(run) if run is not None and (run / "run.json").is_file() else None
    origin = (plan and plan.data) or {}
    while origin.get("kind") == "corrected":
        origin = origin["base"]
    if origin.get("kind") != FOLDER:
        return {}
    folders = {name: origin.get(name) for name in ("images", "masks")}
    there = {name: value for name, value in folders.items() if value and (path / value).is_dir()}
    ids = {name: origin.get(name) for name in ("zero_is_unlabeled", "ignore_value")}
    unlabeled = (0 if ids["zero_is_unlabeled"] else None, ids["ignore_value"])
    if told := " or ".join(str(value) for value in unlabeled if value is not None):
        said = f"{path}: the class id {told} means not labeled, as in the run's own data."
        err.print(said, markup=False)
    return {**there, **ids, "upright": not origin.get("free_rotation", True)}


def _published(layout: str) -> str | None:
    if layout != FOLDER and layout not in PUBLISHED:
        raise InputError(f"--layout {layout}: give one of {', '.join((AUTO, FOLDER, *PUBLISHED))}.")
    return None if layout == FOLDER else layout


def _named_values(options: Sequence[str]) -> Mapping[str, str]:
    values = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise InputError(f"--layout-option {option}: give NAME=VALUE, such as size=128.")
        values[name.strip().replace("-", "_")] = value.strip()
    return values


def _number_or_name(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
