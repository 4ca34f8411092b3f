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

from .checkpoint import ModelCard
from .config import TrainConfig
from .data.held_out import corrections
from .data.origin import open_data
from .data.sample import SegmentationData
from .devices import choose_device, choose_precision
from .errors import InputError
from .files.atomic import sweep, write_json
from .files.json_files import read_json
from .inference.listing import ENSEMBLE
from .nets.ensemble import Architecture
from .plans import (
    RETRAINING_MINUTES,
    RunPlan,
    create,
    find_recipe,
    now,
    only_here,
    read_plan,
    retraining,
)
from .training.budget import Budget
from .training.events import Event, Failed, Finished, Started, Stopped, Warned
from .training.generations import Generations
from .training.given import refuse_unfit
from .training.log import RunLog
from .training.preflight import preflight
from .training.recipe import Recipe
from .training.records import Records
from .training.start import FairTrial


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


def retrain(
    old: str | Path,
    data: SegmentationData | None = None,
    config: TrainConfig | None = None,
    *,
    folder: str | Path,
    minutes: float = RETRAINING_MINUTES,
    recipe: Recipe | str | None = None,
) -> Iterator[Event]:
    """Go on from the networks of a run with new labels, yielding what happens as `train` does.

    The old networks are copied and become generation 0 of the new run; the old run is not changed.
    Corrections count more than other labels. Old and new networks are compared on the same images,
    none of which the old ones learned from if that can be avoided; `choose_generation` goes back
    to the old ones, or to the new ones.

    Parameters
    ----------
    old
        The folder of the run to go on from.
    data
        What to learn from; by default the old run's data, as it is now.
    config, recipe
        By default what `plans.retraining` makes of the old run's. With a config, `minutes` is
        what it says.
    folder
        The new run folder; it must not hold a run yet.
    minutes
        Time it may take. How many steps that is depends on the machine.

    Raises
    ------
    InputError
        If there are no networks, or they do not fit the data; before anything is trained.
    """
    data = data or open_run_data(old)
    usual_recipe, usual_config = retraining(old, data, minutes=minutes)
    recipe = recipe or usual_recipe
    preflight(data, find_recipe(recipe) if isinstance(recipe, str) else recipe)
    create(folder, recipe, data, config or usual_config, start_from=old)
    yield from resume(folder, data)


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
    with only_here(folder):
        log = RunLog(folder)
        sweep(folder)
        if data is None:
            data = open_run_data(folder)
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
    config, records = plan.config, Records(folder)
    fair = FairTrial.of(folder, data) if plan.start else FairTrial(data)
    data = fair.data
    notes = [*preflight(data, plan.recipe), *fair.notes]
    device = choose_device(config.device)
    precision = choose_precision(device, config.precision)
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
    if plan.start is not None:
        refuse_unfit(records, card)
    budget = Budget(config.minutes, folder)
    work = Generations(
        recipe=plan.recipe,
        data=data,
        config=config,
        card=card,
        records=records,
        device=device,
        precision=precision,
        given=plan.start is not None,
        corrected=corrections(data.labeled, fair.before) if config.correction_share else (),
        budget=budget,
    )
    started = Started(
        recipe=plan.recipe.key,
        device=str(device),
        precision=str(precision).removeprefix("torch."),
        members=config.members,
        generations=work.last,
        epochs=config.epochs,
        labeled=len(data.labeled),
        unlabeled=len(data.unlabeled) if plan.recipe.needs_unlabeled else 0,
        validation=len(data.validation),
        resumed=(folder / "events.jsonl").exists(),
        first=int(work.given),
        corrections=len(work.corrected),
        minutes=config.minutes,
        used=round(budget.used, 1),
    )
    _note_session(folder, started)
    fair.record(folder, full=plan.recipe.data == "full")
    yield started
    yield from map(Warned, notes)
    yield from work.run()
    generation = read_json(folder / ENSEMBLE)["generation"]
    record = records.load_generation(generation)
    assert record is not None
    yield Finished(generation, record.count_error, record.mean_iou)


def open_run_data(folder: str | Path) -> SegmentationData:
    """Open the data of a run as it is now; `InputError` if only Python can make it."""
    plan = read_plan(folder)
    if plan.data is None:
        raise InputError(
            f"{folder}: this run was started with data made in Python; give the same data to "
            f"resume(folder, data)."
        )
    return open_data(plan.data, relative_to=folder)


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
