"""What a worker of a cluster does for a batch; see `cluster_crew` for the other side."""

from __future__ import annotations

import platform
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..cluster import Desk, NotWantedError, UnfitError, UnseenError, must_have_version
from ..cluster.desk import Now
from ..cluster.shared_files import must_see
from ..devices import choose_device, choose_precision, use_threads
from ..files.atomic import WriteError
from ..files.folders import make_folder
from ..inference.listing import network_files
from ..inference.trained import TrainedEnsemble, load
from .events import BatchEvent, TileDone
from .fingerprint import fingerprint
from .layout import SIDECAR
from .model import Model, checksum, seconds_per_pixel
from .plan import Plan, Unit
from .process import UnitDone, process


@dataclass(frozen=True)
class Order:
    """What all units of a batch have in common.

    Attributes
    ----------
    plan
        Without its images, which may be many.
    sidecar
        The `content_key` of the file in the results folder that says what the batch is.
    device, threads
        What a person chose; ``auto`` and 0 leave it to the worker.
    """

    plan: Plan
    sidecar: str
    device: str
    threads: int


def greet(desk: Desk, expected: str, device: str, wanted_precision: str) -> dict[str, Any]:
    """Say what this worker is, which must have the ``expected`` version of this package."""
    must_have_version(expected)
    place = choose_device(device, desk.turn)
    precision = choose_precision(place, wanted_precision)
    return {
        "host": platform.node(),
        "device": str(place),
        "precision": str(precision).removeprefix("torch."),
    }


def measure(desk: Desk, model: Model, device: str, threads: int) -> float:
    """Seconds per pixel on this worker."""
    return seconds_per_pixel(_ensemble(desk, model, device, threads))


def do_unit(desk: Desk, unit: Unit, files: dict[str, Path], order: Order) -> dict[str, Any]:
    """Do a unit, and tell the seconds and the checksums of its files.

    Raises
    ------
    UnfitError
        If this worker does not see the folder of results, or other networks in their place.
    UnseenError
        If it does not see the image.
    NotWantedError
        After a stop.
    """
    must_see(Path(order.plan.folder) / SIDECAR, order.sidecar)
    if not Path(unit.image.path).exists():
        raise UnseenError(Path(unit.image.path))
    ensemble = _ensemble(desk, order.plan.model, order.device, order.threads)
    try:
        for file in files.values():
            make_folder(file.parent)
        with closing(process(unit, order.plan, ensemble, files)) as events:
            seconds = _follow(desk, events)
        prints = {kind: fingerprint(file)["checksum"] for kind, file in files.items()}
    except WriteError as error:
        return {"not written": str(error)}
    return {"seconds": seconds, "checksums": prints}


def _follow(desk: Desk, events: Generator[BatchEvent | UnitDone, None, None]) -> float:
    """Tell what happens, of tiles now and then; returns the seconds it took."""
    seen, told, asked = 0, Now(), Now()
    image = ""
    for event in events:
        if isinstance(event, TileDone):
            image, seen = event.image, seen + event.pixels
        if seen and (told or isinstance(event, UnitDone)):
            desk.say(TileDone(image, seen).to_json())
            seen = 0
        if isinstance(event, UnitDone):
            return event.seconds
        if not isinstance(event, TileDone):
            desk.say(event.to_json())
        if asked and not desk.wanted():
            raise NotWantedError
    raise AssertionError


@lru_cache(maxsize=1)
def _load(path: str, sha256: str, device: str, precision: str) -> TrainedEnsemble:
    """The networks, once in a process."""
    try:
        files = network_files(Path(path))
    except ValueError:
        raise UnseenError(Path(path)) from None
    if checksum(files) != sha256:
        raise UnfitError(f"sees other networks in {path} than this computer")
    return load(path, device=device, precision=precision)


def _ensemble(desk: Desk, model: Model, device: str, threads: int) -> TrainedEnsemble:
    use_threads(threads or desk.threads)
    place = choose_device(device, desk.turn)
    return _load(model.path, model.sha256, str(place), model.precision)
