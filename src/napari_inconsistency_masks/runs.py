"""The run folder: start, go on, and what is written there.

::

    run.json        recipe, settings, data, and each session's device and versions
    names.json      the images it began with
    events.jsonl    everything that happened but the steps, one JSON object per line
    metrics.csv     one row per generation, epoch and network
    ensemble.json   the networks of the result; see `training.records` for the rest

What needs no torch, such as making and reading ``run.json``, is in `plans`.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import checked
from .config import TrainConfig
from .data.sample import SegmentationData
from .errors import InputError
from .files.atomic import write_json
from .files.json_files import read_json
from .files.temporary import sweep
from .inference.listing import ENSEMBLE
from .plans import (
    LOCK,
    RETRAINING_MINUTES,
    RunPlan,
    create,
    find_recipe,
    keep_place,
    now,
    only_here,
    read_plan,
    retraining,
)
from .sessions import choose_place, members_apart, open_generations, open_run_data, package_version
from .training.apart import MEMBERS
from .training.events import Event, Failed, Finished, Started, Stopped, Warned
from .training.image_names import write_names
from .training.log import EVENTS, RunLog
from .training.preflight import MOST_SECONDS, preflight
from .training.recipe import Recipe
from .training.shared_start import HALF

if TYPE_CHECKING:
    from distributed import Client


@checked
def train(
    recipe: Recipe | str,
    data: SegmentationData,
    config: TrainConfig | None = None,
    *,
    folder: str | Path,
    client: Client | None = None,
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
    client
        As in `resume`.

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
    yield from _begin(create(folder, recipe, data, config), data, client)


@checked
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
    yield from _begin(create(folder, recipe, data, config or usual_config, start_from=old), data)


@checked
def resume(
    folder: str | Path, data: SegmentationData | None = None, *, client: Client | None = None
) -> Iterator[Event]:
    """Start or go on with the run of a folder, yielding what happens as `train` does.

    Parameters
    ----------
    folder
        A run folder.
    data
        Only needed if the run's data was not read by one of this package's readers.
    client
        From `cluster.connected`: the networks of a generation learn side by side on its workers.

    Raises
    ------
    InputError
        If there is no run, another process works on it, or its data is gone or has other images
        than when the run began. If what it has cannot be saved at a stop, closing the iterator
        raises, and the record of the run ends with `Failed`.
    """
    yield from _go_on(Path(folder), data, client)


def _begin(
    folder: Path, data: SegmentationData, client: Client | None = None
) -> Generator[Event, None, None]:
    """The first session of a run that was just made; one that is refused leaves its place free."""
    with closing(_go_on(folder, data, client, seconds=0)) as events:
        try:
            started = next(events)
        except InputError:
            for name in ("run.json", EVENTS, LOCK):
                (folder / name).unlink(missing_ok=True)
            with suppress(OSError):  # not empty: it was there before, or has networks to begin with
                folder.rmdir()
            raise
        yield started
        yield from events


def _go_on(
    folder: Path,
    data: SegmentationData | None,
    client: Client | None = None,
    *,
    seconds: float = MOST_SECONDS,
) -> Generator[Event, None, None]:
    """As `resume`, reading unlabeled images for so many `seconds` in advance."""
    plan = read_plan(folder)
    with only_here(folder):
        log = RunLog(folder)
        _sweep(folder)
        if data is None:
            data = open_run_data(folder)
        try:
            with closing(_session(plan, data, folder, client, seconds)) as events:
                for event in events:
                    log.write(event)
                    yield event
        except GeneratorExit:
            if not isinstance(event, Finished):
                log.write(Stopped())
            raise
        except Exception as error:
            log.write(Failed(str(error)))
            raise


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed left anywhere in a run folder, which is only ours."""
    for left in (folder / MEMBERS, *folder.glob(f"{HALF}*")):
        shutil.rmtree(left, ignore_errors=True)
    patterns = ("generation-*", "generation-*/pseudo-labels", "judge")
    inside = [place for pattern in patterns for place in folder.glob(pattern) if place.is_dir()]
    for place in (folder, *inside):
        sweep(place)


def _session(
    plan: RunPlan, data: SegmentationData, folder: Path, client: Client | None, seconds: float
) -> Generator[Event, None, None]:
    place = choose_place(plan.config)
    apart = None if client is None else members_apart(client, folder, place)
    opened = open_generations(folder, plan, data, place, apart, seconds=seconds)
    keep_place(folder, plan, data)
    work, fair, config, data = opened.generations, opened.fair, plan.config, opened.fair.data
    device, precision = work.device, work.precision
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
        resumed=(folder / EVENTS).exists(),
        first=int(work.given),
        corrections=len(work.corrected),
        minutes=config.minutes,
        used=round(work.budget.used, 1),
    )
    write_names(folder, data, plan.recipe)
    _note_session(folder, started)
    yield started
    yield from map(Warned, opened.notes)
    yield from map(Warned, fair.record(folder, plan.recipe))
    yield from work.run()
    generation = read_json(folder / ENSEMBLE)["generation"]
    record = work.records.load_generation(generation)
    assert record is not None
    yield Finished(generation, record.count_error, record.mean_iou)


def _note_session(folder: Path, started: Started) -> None:
    """Add this session's device and versions to ``run.json``."""
    values = read_json(folder / "run.json")
    values.setdefault("sessions", []).append(
        {
            "started": now(),
            "device": started.device,
            "precision": started.precision,
            "versions": {
                "napari-inconsistency-masks": package_version(),
                "torch": version("torch"),
            },
            "python": platform.python_version(),
            "platform": platform.platform(),
        }
    )
    write_json(folder / "run.json", values)
