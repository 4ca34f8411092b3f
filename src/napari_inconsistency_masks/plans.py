"""What a run is about: recipe, settings and data, in the ``run.json`` of its folder.

Imports no torch, so that a window can make and read run folders.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .config import TrainConfig
from .data.origin import relative_origin
from .data.sample import SegmentationData
from .errors import InputError
from .files.atomic import write_json
from .files.json_files import read_json
from .recipes import PRESETS, RECIPES
from .training.recipe import Recipe

FORMAT = 1


@dataclass(frozen=True)
class RunPlan:
    """What a run folder is about: the content of ``run.json``.

    Attributes
    ----------
    recipe, config
        What is trained and how.
    data
        Description from which `open_data` makes the data again, or None if only the caller can.
    data_name
        Name of the data set.
    """

    recipe: Recipe
    config: TrainConfig
    data: Mapping[str, Any] | None
    data_name: str

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "format": FORMAT,
            "recipe": asdict(self.recipe),
            "config": self.config.to_json(),
            "data": self.data,
            "data_name": self.data_name,
        }


def create(
    folder: str | Path,
    recipe: Recipe | str,
    data: SegmentationData,
    config: TrainConfig | None = None,
) -> Path:
    """Make a run folder without training yet.

    Raises
    ------
    InputError
        If the folder already holds a run, or the recipe is not known.
    """
    folder = Path(folder)
    if (folder / "run.json").exists():
        raise InputError(
            f"{folder}: there is a run in this folder already; resume it, or choose another folder."
        )
    if isinstance(recipe, str):
        recipe = find_recipe(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    origin = data.origin and relative_origin(data.origin, folder, _moved_with(folder, data.origin))
    plan = RunPlan(recipe, config or TrainConfig(), origin, data.name)
    write_json(folder / "run.json", {**plan.to_json(), "created": now(), "sessions": []})
    return folder


def _moved_with(folder: Path, origin: Mapping[str, Any]) -> Path:
    """The folder that is moved as a whole: that of the data if the run is kept in it."""
    path = origin.get("path")
    inside = isinstance(path, str) and Path(os.path.abspath(folder)).is_relative_to(path)  # noqa: PTH100
    return Path(str(path)) if inside else folder


def read_plan(folder: str | Path) -> RunPlan:
    """Read ``run.json``; `InputError` if it is missing, damaged or newer."""
    path = Path(folder) / "run.json"
    if not path.is_file():
        raise InputError(f"{folder}: there is no run in this folder (no run.json).")
    values = read_json(path)
    try:
        if values["format"] > FORMAT:
            raise InputError(
                f"{path}: written by a newer version (format {values['format']}, this program "
                f"knows {FORMAT}); update the program."
            )
        return RunPlan(
            Recipe(**values["recipe"]),
            TrainConfig.from_json(values["config"], source=str(path)),
            values["data"],
            str(values["data_name"]),
        )
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: the description of the run is damaged ({error!r}).") from None


def find_recipe(key: str) -> Recipe:
    """Return the recipe of a key; `InputError` lists them if there is none."""
    if key not in RECIPES:
        raise InputError(f"There is no recipe {key!r}; there are {', '.join(RECIPES)}.")
    return RECIPES[key]


def find_preset(name: str) -> TrainConfig:
    """Return the settings of a preset; `InputError` lists them if there is none."""
    if name not in PRESETS:
        raise InputError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.")
    return PRESETS[name]


def now() -> str:
    """The time for records: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
