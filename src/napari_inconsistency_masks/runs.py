"""The run folder: start, go on, and what is written there.

::

    run.json        recipe, settings, data, and each session's device and versions
    events.jsonl    everything that happened but the steps, one JSON object per line
    metrics.csv     one row per generation, epoch and network
    ensemble.json   the networks of the result; see `training.records` for the rest

torch is imported only when training starts, so that a window can make and read run folders without.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .config import TrainConfig
from .data.origin import open_data, relative_origin
from .data.sample import SegmentationData
from .devices import choose_device, choose_precision
from .errors import InputError
from .files.atomic import sweep, write_json
from .files.json_files import read_json
from .recipes import RECIPES
from .training.events import Event, Failed, Finished, Started, Stopped, Warned
from .training.log import RunLog
from .training.preflight import preflight
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
    origin = data.origin and relative_origin(data.origin, folder, folder)
    plan = RunPlan(recipe, config or TrainConfig(), origin, data.name)
    write_json(folder / "run.json", {**plan.to_json(), "created": _now(), "sessions": []})
    return folder


def train(
    recipe: Recipe | str,
    data: SegmentationData,
    config: TrainConfig | None = None,
    *,
    folder: str | Path,
) -> Iterator[Event]:
    """Train a recipe, yielding what happens.

    Parameters
    ----------
    recipe
        One of `RECIPES`, or its key.
    data
        What to train on.
    config
        The paper's settings by default.
    folder
        The run folder; it must not hold a run yet.

    Yields
    ------
    Event
        `Started`, then what happens, then `Finished`. Stop asking whenever you like: the state is
        saved, and `resume` goes on from there.

    Raises
    ------
    InputError
        If the data does not allow it, before anything is trained.
    """
    preflight(data, find_recipe(recipe) if isinstance(recipe, str) else recipe)
    yield from resume(create(folder, recipe, data, config), data)


def resume(folder: str | Path, data: SegmentationData | None = None) -> Iterator[Event]:
    """Start or go on with the run of a folder, yielding what happens as `train` does.

    Parameters
    ----------
    folder
        A run folder.
    data
        Only needed if the run's data was not read by one of this package's readers.

    Raises
    ------
    InputError
        If there is no run, another process works on it, or its data is gone or has changed.
    """
    folder = Path(folder)
    plan = read_plan(folder)
    with _only_here(folder):
        log = RunLog(folder)
        sweep(folder)
        if data is None:
            data = _open(plan, folder)
        try:
            for event in _session(plan, data, folder):
                log.write(event)
                yield event
        except GeneratorExit:
            log.write(Stopped())
            raise
        except Exception as error:
            log.write(Failed(str(error)))
            raise


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


def _session(plan: RunPlan, data: SegmentationData, folder: Path) -> Iterator[Event]:
    from .checkpoint import ModelCard
    from .nets.ensemble import Architecture
    from .training.generations import Generations
    from .training.records import Records

    notes = preflight(data, plan.recipe)
    config = plan.config
    device = choose_device(config.device)
    precision = choose_precision(device, config.precision)
    records = Records(folder)
    card = ModelCard(
        scheme=data.scheme,
        architecture=Architecture(data.channels, data.scheme.outputs, config.width),
        intensity=data.intensity,
        provenance={"program": _version(), **plan.to_json(), "data": data.name},
    )
    started = Started(
        recipe=plan.recipe.key,
        device=str(device),
        precision=str(precision).removeprefix("torch."),
        members=config.members,
        generations=config.generations if plan.recipe.pseudo_labels else 0,
        epochs=config.epochs,
        labeled=len(data.labeled),
        unlabeled=len(data.unlabeled) if plan.recipe.pseudo_labels else 0,
        validation=len(data.validation),
        resumed=(folder / "events.jsonl").exists(),
    )
    _note_session(folder, started)
    yield started
    yield from map(Warned, notes)
    yield from Generations(plan.recipe, data, config, card, records, device, precision).run()
    generation = read_json(folder / "ensemble.json")["generation"]
    record = records.load_generation(generation)
    assert record is not None
    yield Finished(generation, record.count_error, record.mean_iou)


def _open(plan: RunPlan, folder: Path) -> SegmentationData:
    if plan.data is None:
        raise InputError(
            f"{folder}: this run was started with data made in Python; give the same data to "
            f"resume(folder, data)."
        )
    return open_data(plan.data, relative_to=folder)


def _only_here(folder: Path) -> FileLock:
    """Hold the run folder for this process; the system lets go of it when the process ends."""
    lock = FileLock(folder / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{folder}: another process is working on this run; wait for it, or stop it."
        ) from None
    return lock


def _note_session(folder: Path, started: Started) -> None:
    """Add this session's device and versions to ``run.json``."""
    values = read_json(folder / "run.json")
    values["sessions"].append(
        {
            "started": _now(),
            "device": started.device,
            "precision": started.precision,
            "versions": {"napari-inconsistency-masks": _version(), "torch": version("torch")},
            "python": platform.python_version(),
            "platform": platform.platform(),
        }
    )
    write_json(folder / "run.json", values)


def _version() -> str:
    return version("napari-inconsistency-masks")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
