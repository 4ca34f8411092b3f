"""The run folder: start, go on, and what is written there.

::

    run.json        recipe, settings, data, and each session's device and versions
    events.jsonl    everything that happened but the steps, one JSON object per line
    metrics.csv     one row per generation, epoch and network
    ensemble.json   the networks of the result; see `training.records` for the rest

What needs no torch, such as making and reading ``run.json``, is in `plans`.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout

from .checkpoint import ModelCard
from .config import TrainConfig
from .data.origin import open_data
from .data.sample import SegmentationData
from .devices import choose_device, choose_precision
from .errors import InputError
from .files.atomic import sweep, write_json
from .files.json_files import read_json
from .nets.ensemble import Architecture
from .plans import RunPlan, create, find_recipe, now, read_plan
from .training.events import Event, Failed, Finished, Started, Stopped, Warned
from .training.generations import Generations
from .training.log import RunLog
from .training.preflight import preflight
from .training.recipe import Recipe
from .training.records import Records


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


def _session(plan: RunPlan, data: SegmentationData, folder: Path) -> Iterator[Event]:
    notes = preflight(data, plan.recipe)
    config = plan.config
    device = choose_device(config.device)
    precision = choose_precision(device, config.precision)
    records = Records(folder)
    card = ModelCard(
        scheme=data.scheme,
        architecture=Architecture(
            data.channels,
            data.scheme.outputs,
            config.width,
            config.network,
            config.encoder_weights,
        ),
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
            "started": now(),
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
