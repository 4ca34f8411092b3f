"""What a run is about: recipe, settings and data, in the ``run.json`` of its folder.

Imports no torch, so that a window can make and read run folders.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .arguments import checked
from .config import TrainConfig
from .data.origin import moved_origin, relative_origin
from .data.sample import SegmentationData
from .errors import InputError
from .files.atomic import write_json
from .files.folders import make_folder
from .files.json_files import read_json
from .files.locks import take_lock
from .inference.listing import ENSEMBLE, network_files
from .recipes import PAPER, PRESETS, RECIPES
from .training.recipe import Recipe
from .training.results import complete_generations, read_record, write_result
from .training.start import Shape, Start, copy_start, refuse_other_network

FORMAT = 1
LOCK = "run.lock"

RETRAINING_MINUTES = 5.0
CORRECTION_SHARE = 0.5
"""Of the real labels in a batch, when training goes on with corrections (docs/benchmarks.md)."""


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
    start
        Where the networks come from that it goes on from, or None if it begins from scratch.
    made_in
        The run folder when it was made; empty if an older version made it.
    """

    recipe: Recipe
    config: TrainConfig
    data: Mapping[str, Any] | None
    data_name: str
    start: Start | None = None
    made_in: str = ""

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values, as networks tell it too; without where it was made."""
        return {
            "format": FORMAT,
            "recipe": asdict(self.recipe),
            "config": self.config.to_json(),
            "data": self.data,
            "data_name": self.data_name,
            "start": self.start and asdict(self.start),
        }

    def data_now(self, folder: str | Path) -> dict[str, Any] | None:
        """The description of the data, found again if it was moved together with the run folder."""
        if self.data is None:
            return None
        return moved_origin(self.data, self.made_in or folder, folder)


def create(
    folder: str | Path,
    recipe: Recipe | str,
    data: SegmentationData,
    config: TrainConfig | None = None,
    *,
    start_from: str | Path | None = None,
) -> Path:
    """Make a run folder without training yet.

    Parameters
    ----------
    folder, recipe, data, config
        As `runs.train`.
    start_from
        A run whose networks this one goes on from: they are copied, and become generation 0; see
        `retraining` for settings that suit it.

    Raises
    ------
    InputError
        If the folder already holds a run or networks, the recipe is not known, there are no
        networks to start from, or new ones are to begin as these and are of another kind.
    """
    folder = Path(folder)
    if (folder / "run.json").exists():
        raise InputError(
            f"{folder}: there is a run in this folder already; resume it, or choose another folder."
        )
    if (folder / ENSEMBLE).exists():
        raise InputError(
            f"{folder}: there are networks in this folder already, which would be overwritten; "
            f"choose another folder."
        )
    if isinstance(recipe, str):
        recipe = find_recipe(recipe)
    config = settled(config or TrainConfig())
    if start_from is not None and config.warm_start:
        refuse_other_network(Path(start_from), config.network)
    make_folder(folder)
    origin = data.origin and relative_origin(data.origin, folder, _moved_with(folder, data.origin))
    start = None if start_from is None else copy_start(Path(start_from), folder)
    made_in = os.path.abspath(folder)  # noqa: PTH100  links stay
    plan = RunPlan(recipe, config, origin, data.name, start, made_in)
    here_and_now = {"made_in": made_in, "created": now(), "sessions": []}
    write_json(folder / "run.json", {**plan.to_json(), **here_and_now})
    return folder


def settled(config: TrainConfig) -> TrainConfig:
    """The config with a path that is found from anywhere, as a run may go on in another folder."""
    if config.encoder_weights is None:
        return config
    return replace(config, encoder_weights=os.path.abspath(config.encoder_weights))  # noqa: PTH100


def _moved_with(folder: Path, origin: Mapping[str, Any]) -> Path:
    """The folder that is moved as a whole: that of the data if the run is kept in it."""
    path = origin.get("path")
    inside = isinstance(path, str) and Path(os.path.abspath(folder)).is_relative_to(path)  # noqa: PTH100
    return Path(str(path)) if inside else folder


def keep_place(folder: Path, plan: RunPlan, data: SegmentationData) -> None:
    """Note in ``run.json`` where the run's images are, if they were opened in another place."""
    before = plan.data_now(folder)
    if before is None or data.origin is None:
        return
    images, opened = before.get("base", before), data.origin.get("base", data.origin)
    place = opened.get("path")
    if place is None or os.path.abspath(Path(folder, images.get("path", ""))) == place:  # noqa: PTH100
        return
    images["path"] = place
    values = read_json(folder / "run.json")
    made_in = os.path.abspath(folder)  # noqa: PTH100  links stay
    write_json(folder / "run.json", {**values, "data": before, "made_in": made_in})


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
            Start(**start) if (start := values.get("start")) else None,
            str(values.get("made_in", "")),
        )
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: the description of the run is damaged ({error!r}).") from None


def retraining(
    old: str | Path, data: SegmentationData, *, minutes: float = RETRAINING_MINUTES
) -> tuple[Recipe, TrainConfig]:
    """Recipe and settings for going on from the networks of a run.

    They are the old run's, but that every network of its ensemble learns on, once, from labels of
    which corrections have their share, and that worse networks are refused. Without unlabeled
    images a recipe that needs them gives way to learning from labels alone.

    Parameters
    ----------
    old
        The run folder; of networks without a plan, any folder or file of them.
    data
        What is learned from.
    minutes
        Time it may take.
    """
    old = Path(old)
    recipe, config = RECIPES["im"], PRESETS["quick"]
    if (old / "run.json").is_file():
        plan = read_plan(old)
        recipe, config = plan.recipe, plan.config
    if recipe.needs_unlabeled and not len(data.unlabeled):
        recipe = RECIPES["labeled-aug"]
    networks = network_files(old)
    shape = Shape.read(networks[0])
    config = config.changed({"network": shape.network, "width": shape.width})
    return recipe, replace(
        config,
        members=len(networks),
        teachers=len(networks),
        generations=1,
        warm_start=True,
        refuse_worse=True,
        correction_share=config.correction_share or CORRECTION_SHARE,
        minutes=minutes,
    )


@checked
def choose_generation(folder: str | Path, generation: int) -> None:
    """Make the networks of another generation the result of a run; nothing is lost.

    Raises
    ------
    InputError
        If the generation is not complete, or a process works on the run.
    """
    folder = Path(folder)
    plan = read_plan(folder)
    with only_here(folder):
        record = read_record(folder, generation)
        if record is None:
            there = ", ".join(map(str, complete_generations(folder))) or "none"
            raise InputError(
                f"{folder}: generation {generation} is not complete; there are: {there}."
            )
        given = plan.start is not None and generation == 0
        members = record.ranking[: None if given else plan.config.teachers]
        write_result(folder, generation, members, chosen=True)


@contextmanager
def only_here(folder: Path) -> Iterator[None]:
    """Hold the run folder for this process; the system lets go of it when the process ends.

    Raises
    ------
    InputError
        If it is held already, or may not be written to.
    """
    lock = take_lock(
        folder / LOCK,
        held="another process is working on this run; wait for it, or stop it.",
        instead="work on a copy of it",
    )
    try:
        yield
    finally:
        lock.release()


def find_recipe(key: str) -> Recipe:
    """Return the recipe of a key; `InputError` lists them if there is none."""
    return RECIPES[key]


def find_preset(name: str, data: SegmentationData | None = None) -> TrainConfig:
    """Return the settings of a preset; `InputError` lists them if there is none.

    The preset ``paper`` has those that the paper used for the data set, if this is one of its own.
    """
    return PRESETS[name].changed(data.paper if data is not None and name == PAPER else {})


def now() -> str:
    """The time for records: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
