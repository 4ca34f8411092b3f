"""Descriptions in JSON from which a data set is made again, in a resumed run or elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import ValidationError, validate_call

from ..arguments import allowed
from ..errors import InputError
from ..intensity import Intensity
from ..settings import Config
from .sample import SegmentationData

PUBLISHED = {
    "hela": "data.published.hela.load_hela",
    "isic2018": "data.published.isic2018.load_isic2018",
    "suim": "data.published.suim.load_suim",
    "cityscapes": "data.published.cityscapes.load_cityscapes",
}
"""Readers of published data sets; beside each is its ``LAYOUT``. A new data set is one line."""

KINDS = {
    "folder": "data.folders.folder.load_folder",
    **PUBLISHED,
    "project": "projects.training_data.load_project",
    "corrected": "data.corrected.load_corrected",
    "synthetic": "data.synthetic.load_synthetic",
}
"""What makes the data sets of each kind, imported when one is opened; a new kind is one line."""

_PATHS = ("path", "corrections")
"""Arguments that are paths, whatever the kind."""


def open_data(
    origin: Mapping[str, Any], *, relative_to: str | Path | None = None
) -> SegmentationData:
    """Make a data set again.

    Parameters
    ----------
    origin
        A data set's ``origin``: its kind, and the arguments it was made with.
    relative_to
        Folder from which a relative path in it starts; the current one by default.

    Raises
    ------
    InputError
        If the kind or an argument is unknown or of a wrong type, or the data cannot be read.
    """
    options = dict(origin)
    kind = options.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"Data of the kind {kind!r}; known are {', '.join(KINDS)}.")
    for name in _PATHS:
        if isinstance(options.get(name), str):
            options[name] = Path(relative_to or "", options[name])
    if isinstance(options.get("intensity"), Mapping):
        options["intensity"] = Intensity.from_json(options["intensity"], source="data: intensity")
    _, load = find_home(kind)
    try:
        data: SegmentationData = validate_call(load)(**options)
    except ValidationError as error:
        said = _refusal(get_type_hints(load), options, error)
        raise InputError(f"Data of the kind {kind}: {said}") from None
    return data


def _refusal(hints: Mapping[str, Any], options: Mapping[str, Any], error: ValidationError) -> str:
    """Which argument is wrong, what was given, and what is allowed."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    if name not in hints or name not in options:
        return f"{name}: {first['msg']}."
    return f"{name}={options[name]!r}: give {allowed(hints[name])}."


def find_home(kind: str) -> tuple[ModuleType, Callable[..., Any]]:
    """The module and the function in it that make data of a kind; imported now."""
    name, _, function = KINDS[kind].rpartition(".")
    module = import_module(f"..{name}", __package__)
    return module, getattr(module, function)


def describe(kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The origin of a data set made with these arguments; paths become absolute."""
    origin = {name: _to_json(value) for name, value in arguments.items()}
    for name in _PATHS:
        if origin.get(name) is not None:
            origin[name] = os.path.abspath(origin[name])  # noqa: PTH100  links stay
    return {"kind": kind, **origin}


def relative_origin(
    origin: Mapping[str, Any], base: str | Path, root: str | Path
) -> dict[str, Any]:
    """The origin with each path relative to `base`, if both lie in the folder `root`.

    Stored in `base`, it stays true when `root` is moved to another place or computer; open it with
    ``open_data(origin, relative_to=base)``.
    """
    base, root = Path(os.path.abspath(base)), Path(os.path.abspath(root))  # noqa: PTH100
    moved = dict(origin)
    for name in _PATHS:
        path = origin.get(name)
        if isinstance(path, str) and all(Path(item).is_relative_to(root) for item in (path, base)):
            moved[name] = Path(os.path.relpath(path, base)).as_posix()
    return moved


def moved_origin(origin: Mapping[str, Any], before: str | Path, now: str | Path) -> dict[str, Any]:
    """The origin of data that was moved together with a folder, which was `before` elsewhere.

    Of a path where nothing is any more, the place that lies in the same way to the folder `now` is
    taken, if there is something.
    """
    moved = dict(origin)
    if isinstance(origin.get("base"), Mapping):
        moved["base"] = moved_origin(origin["base"], before, now)
    for name in _PATHS:
        path = origin.get(name)
        if isinstance(path, str) and os.path.isabs(path) and not os.path.exists(path):  # noqa: PTH110, PTH117
            with suppress(ValueError):  # on another drive
                there = os.path.abspath(os.path.join(now, os.path.relpath(path, before)))  # noqa: PTH100, PTH118
                moved[name] = there if os.path.exists(there) else path  # noqa: PTH110
    return moved


def _to_json(value: Any) -> Any:
    if isinstance(value, Config):
        return value.to_json()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_to_json(item) for item in value]
    return value
