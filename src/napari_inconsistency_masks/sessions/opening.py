"""Making of a run folder what trains it, in this process or in one that helps."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from ..checkpoint import STRETCHED, ModelCard
from ..config import TrainConfig
from ..data.held_out import corrections
from ..data.origin import open_data
from ..data.sample import SegmentationData
from ..data.stretching import BOTH, stretched
from ..devices import choose_device, choose_precision
from ..errors import InputError
from ..nets.ensemble import Architecture
from ..plans import RunPlan, read_plan
from ..training.apart import Apart
from ..training.budget import Budget
from ..training.generations import Generations
from ..training.given import refuse_unfit
from ..training.image_names import NAMES, refuse_other_images
from ..training.preflight import MOST_SECONDS, preflight
from ..training.records import Records
from ..training.start import FairTrial


@dataclass(frozen=True)
class Opened:
    """What trains a run, the data as it may be used, and what a person should know."""

    generations: Generations
    fair: FairTrial
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where to compute, and in which precision."""

    device: torch.device
    precision: torch.dtype


def choose_place(config: TrainConfig, turn: int | None = None) -> Place:
    """Where this computer trains; ``turn`` as in `choose_device`."""
    device = choose_device(config.device, turn)
    return Place(device, choose_precision(device, config.precision))


def open_generations(
    folder: Path,
    plan: RunPlan,
    data: SegmentationData,
    place: Place,
    apart: Apart | None = None,
    *,
    seconds: float = MOST_SECONDS,
) -> Opened:
    """Open a run folder for training; nothing is written.

    Before it begins for the first time, unlabeled images are read for so many `seconds`, see
    `preflight`.

    Raises
    ------
    InputError
        If the data does not allow it, its images are others than when the run began, or the
        networks to go on from do not fit.
    """
    config, records = plan.config, Records(folder)
    fair = FairTrial.of(folder, data) if plan.start else FairTrial(data)
    data = fair.data
    refuse_other_images(folder, data, plan.recipe)
    kinds = stretched(data.labeled, data.intensity)
    others = (stretched(each, data.intensity) for each in (data.validation, data.unlabeled))
    mixed = (BOTH,) if len(kinds.union(*others)) > 1 else ()
    begun = (folder / NAMES).exists()
    before = preflight(data, plan.recipe, seconds=0 if begun else seconds)
    notes = (*before, *mixed, *fair.notes)
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
        provenance={
            "program": package_version(),
            **plan.to_json(),
            "data": data.name,
            STRETCHED: next(iter(kinds)) if len(kinds) == 1 else None,
        },
    )
    if plan.start is not None:
        refuse_unfit(records, card)
    generations = Generations(
        recipe=plan.recipe,
        data=data,
        config=config,
        card=card,
        records=records,
        device=place.device,
        precision=place.precision,
        given=plan.start is not None,
        corrected=corrections(data.labeled, fair.before) if config.correction_share else (),
        budget=Budget(config.minutes, folder),
        apart=apart,
    )
    return Opened(generations, fair, notes)


def open_run_data(folder: str | Path, place: str | Path | None = None) -> SegmentationData:
    """Open the data of a run as it is now.

    Parameters
    ----------
    folder
        The run folder.
    place
        Where its images are, if they were moved.

    Raises
    ------
    InputError
        If only Python can make it, or there is nothing where it was.
    """
    origin = read_plan(folder).data_now(folder)
    if origin is None:
        raise InputError(
            f"{folder}: this run was started with data made in Python; give the same data to "
            f"resume(folder, data)."
        )
    images = origin.get("base", origin)  # of corrected data, what was corrected
    if place is not None and "path" in images:
        images["path"] = os.path.abspath(place)  # noqa: PTH100  links stay
    path = images.get("path")
    if isinstance(path, str) and not Path(folder, path).exists():
        raise InputError(
            f"{folder}: the images of this run were in {path}, and there is nothing now; bring "
            f"them back or connect the drive, or say where they are now with --data."
        )
    return open_data(origin, relative_to=folder)


def package_version() -> str:
    """The version of this package."""
    return version("napari-inconsistency-masks")
