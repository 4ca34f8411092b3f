"""The workers of a cluster as the crew of a batch.

They write the results themselves, so all must see the same files under the same paths. The journal
is written here alone, once the files of a unit are seen here as the worker wrote them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cluster import Job, Lost, Noted, Refused, Returned, Said, Team
from ..cluster.shared_files import PATIENCE, content_key, look_again
from ..errors import InputError
from ..files.atomic import WriteError
from ..files.temporary import sweep
from . import events as kinds
from .crew import Done
from .events import BatchEvent, Waiting, Warned
from .fingerprint import fingerprint
from .layout import SIDECAR
from .model import Model
from .on_worker import Order, do_unit, greet, measure
from .plan import Plan, Unit
from .process import UnitDone, UnitFailed

if TYPE_CHECKING:
    from distributed import Client

_KINDS = {kind.__name__: kind for kind in (kinds.TileDone, kinds.FrameDone)}


class ClusterCrew:
    """All workers of a cluster, one unit at a time each.

    Parameters
    ----------
    client
        From `cluster.connected`.
    device, precision
        As in `load`; every worker chooses for itself.
    threads
        Processor cores for each worker; 0 for those it was started with.
    """

    def __init__(
        self, client: Client, *, device: str = "auto", precision: str = "auto", threads: int = 0
    ) -> None:
        arguments = (version("napari-inconsistency-masks"), device, precision)
        self._team = Team(client, Job("greeting", greet, arguments))
        self._chosen, self._threads = device, threads
        self._order: Order | None = None
        self._files: dict[str, dict[str, Path]] = {}

    def gather(self) -> Iterator[BatchEvent]:
        """Wait until there are workers, and those that are there have said what they are."""
        first = None
        while not self._team.ready or self._team.greeting:
            for event in self._team.happened():
                if isinstance(event, Noted):
                    yield Warned(event.message)
            if self._team.ready and first is None:
                first = time.monotonic()
            if first is not None and time.monotonic() > first + PATIENCE:
                break
            yield Waiting(len(self._team.ready))

    @property
    def precision(self) -> str:
        """In which all workers can compute: what they choose, or float32 if they differ."""
        chosen = {about["precision"] for about in self._team.ready}
        return chosen.pop() if len(chosen) == 1 else "float32"

    @property
    def device(self) -> str:
        """How many workers there are, and where they compute."""
        places = Counter(about["device"].partition(":")[0] for about in self._team.ready)
        words = ", ".join(f"{number} on {place}" for place, number in sorted(places.items()))
        return f"a cluster ({words or 'no workers yet'})"

    def seconds_per_pixel(self, model: Model) -> float:
        """Measure how long a pixel takes when all workers that are there now work."""
        rates: list[float] = []
        while not self._team.room:
            self._team.happened()
        while self._team.room:
            self._team.give(Job("measurement", measure, (model, self._chosen, self._threads)))
        while self._team.busy:
            for event in self._team.happened():
                if isinstance(event, Returned):
                    rates.append(1 / event.value)
                elif isinstance(event, Refused):
                    raise InputError(event.reason)
        return 1 / sum(rates)

    def begin(self, plan: Plan) -> None:
        """Take over a plan, whose folder has its sidecar."""
        sidecar = content_key(Path(plan.folder) / SIDECAR)
        assert sidecar is not None
        self._order = Order(replace(plan, images=()), sidecar, self._chosen, self._threads)

    @property
    def room(self) -> bool:
        """Whether a worker is free."""
        return self._team.room

    def give(self, unit: Unit, files: dict[str, Path]) -> None:
        """Let a worker begin with a unit."""
        self._files[unit.key] = files
        self._team.give(Job(unit.key, do_unit, (unit, files, self._order)))

    def happened(self) -> list[BatchEvent | Done]:
        """What the workers told meanwhile."""
        found: list[BatchEvent | Done] = []
        for event in self._team.happened():
            if isinstance(event, Said):
                values = dict(event.value)
                found.append(_KINDS[values.pop("event")](**values))
            elif isinstance(event, Noted):
                found.append(Warned(event.message))
            elif isinstance(event, Lost):
                found.append(self._lost(event))
            elif isinstance(event, Refused):
                found.append(UnitFailed(event.job, event.reason))
            else:
                found.append(self._returned(event))
        return found or [Waiting(len(self._team.ready))]

    def stop(self) -> None:
        """Leave what was begun."""
        self._team.stop()

    def _lost(self, lost: Lost) -> Warned:
        """Remove what the worker left, also so that it cannot put it in place if it lives."""
        for folder in {file.parent for file in self._files[lost.job].values()}:
            if lost.writer is not None and folder.is_dir():
                sweep(folder, [lost.writer])
        return Warned(f"Worker {lost.worker} ended; what it did not finish is done again.")

    def _returned(self, event: Returned) -> Done:
        value: dict[str, Any] = event.value
        if "not written" in value:
            raise WriteError(f"{value['not written']} (Worker {event.worker} said so.)")
        for kind, file in self._files.pop(event.job).items():
            if not _arrived(file, value["checksums"][kind]):
                return UnitFailed(
                    event.job,
                    f"{file}: is not what worker {event.worker} wrote; the drive does not show all "
                    f"computers the same files.",
                )
        return UnitDone(event.job, value["seconds"])


def _arrived(file: Path, checksum: str | None) -> bool:
    """Whether a file is there as it was written; a network drive may need a moment to show it."""
    end = time.monotonic() + PATIENCE
    while not file.exists() or fingerprint(file)["checksum"] != checksum:
        if time.monotonic() > end:
            return False
        look_again(file)
    return True
