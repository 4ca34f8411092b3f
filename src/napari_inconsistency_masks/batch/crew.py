"""Who does the units of a batch: this process, or the workers of a cluster (`cluster_crew`)."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Protocol

from ..errors import InputError
from ..files.atomic import WriteError
from ..inference.trained import TrainedEnsemble
from .events import BatchEvent
from .model import Model, seconds_per_pixel
from .plan import Plan, Unit
from .process import UnitDone, UnitFailed, process

Done = UnitDone | UnitFailed


class Crew(Protocol):
    """Does units, one or several at a time, and decides nothing."""

    @property
    def device(self) -> str:
        """Where it computes, in words."""

    def seconds_per_pixel(self, model: Model) -> float:
        """Measure how long a pixel takes."""

    def begin(self, plan: Plan) -> None:
        """Take over a plan, whose folder has its sidecar."""

    @property
    def room(self) -> bool:
        """Whether another unit can be given."""

    def give(self, unit: Unit, files: dict[str, Path]) -> None:
        """Begin with a unit; there must be `room`."""

    def happened(self) -> list[BatchEvent | Done]:
        """What happened next; may be nothing yet.

        Raises
        ------
        WriteError
            If results cannot be written.
        """

    def stop(self) -> None:
        """Leave what was begun, within one tile; no file of it stays."""


class LocalCrew:
    """The process itself, one unit at a time."""

    def __init__(self, ensemble: TrainedEnsemble) -> None:
        self._ensemble = ensemble
        self._plan: Plan | None = None
        self._unit: Unit | None = None
        self._events: Generator[BatchEvent | UnitDone, None, None] | None = None

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(self._ensemble.networks.device)

    def seconds_per_pixel(self, model: Model) -> float:  # noqa: ARG002  those it has
        """Measure how long a pixel takes."""
        return seconds_per_pixel(self._ensemble)

    def begin(self, plan: Plan) -> None:
        """Take over a plan."""
        self._plan = plan

    @property
    def room(self) -> bool:
        """Whether it does nothing."""
        return self._events is None

    def give(self, unit: Unit, files: dict[str, Path]) -> None:
        """Begin with a unit."""
        assert self._plan is not None
        self._unit = unit
        self._events = process(unit, self._plan, self._ensemble, files)

    def happened(self) -> list[BatchEvent | Done]:
        """The next event."""
        assert self._events is not None
        assert self._unit is not None
        event: BatchEvent | Done
        try:
            event = next(self._events)
        except WriteError:
            raise
        except Exception as error:
            event = UnitFailed(self._unit.key, reason_of(error))
        if isinstance(event, UnitDone | UnitFailed):
            self.stop()
        return [event]

    def stop(self) -> None:
        """Leave the unit."""
        if self._events is not None:
            self._events.close()
        self._events = self._unit = None


def reason_of(error: Exception) -> str:
    """Why a unit has no results, for its row."""
    return str(error) if isinstance(error, InputError) else f"unexpected: {error!r}"
