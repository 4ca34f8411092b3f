"""What happens during a run: plain values that a loop, a log, a window or a test can read."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import InputError
from .results import GenerationRecord


def finite_or_none(values: Iterable[float]) -> tuple[float | None, ...]:
    """None for what is no number, as JSON has none for it."""
    return tuple(value if math.isfinite(value) else None for value in values)


@dataclass(frozen=True)
class Event:
    """Base of the events. Numbers are per member where a field is a tuple."""

    kinds: ClassVar[dict[str, type[Event]]] = {}

    @property
    def passing(self) -> bool:
        """Whether it tells no more than how far something is: logs leave it out."""
        return False

    def __init_subclass__(cls) -> None:
        Event.kinds[cls.__name__] = cls

    def to_json(self) -> dict[str, Any]:
        """The fields and, as ``event``, the name of the kind."""
        return {"event": type(self).__name__, **dataclasses.asdict(self)}

    @staticmethod
    def from_json(values: dict[str, Any]) -> Event:
        """Inverse of `to_json`; an unknown kind or field is refused, and one that is missing.

        Fields with defaults may be missing: runs from before they were recorded stay readable.
        """
        fields = dict(values)
        name = fields.pop("event", None)
        kind = Event.kinds.get(str(name))
        known = {} if kind is None else {f.name: f.default for f in dataclasses.fields(kind)}
        needed = {field for field, default in known.items() if default is dataclasses.MISSING}
        if kind is None or not needed <= set(fields) <= set(known):
            raise InputError(
                f"Event {name!r} with {', '.join(fields)} is not one of "
                f"{', '.join(sorted(Event.kinds))}; was it written by another version?"
            )
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


@dataclass(frozen=True)
class Started(Event):
    """The run begins or goes on.

    ``first`` is the first generation that is trained (1 if generation 0 is networks of another
    run), ``corrections`` of the ``labeled`` images count more, and ``used`` of the ``minutes``
    that the run may take have gone, in seconds.
    """

    recipe: str
    device: str
    precision: str
    members: int
    generations: int
    epochs: int
    labeled: int
    unlabeled: int
    validation: int
    resumed: bool
    first: int = 0
    corrections: int = 0
    minutes: float | None = None
    used: float = 0.0


@dataclass(frozen=True)
class Labeling(Event):
    """``done`` of ``total`` unlabeled images have pseudo-labels; ``kept`` are trained on.

    ``inconsistent`` is the mean inconsistent share of their area, 0 to 1.
    """

    generation: int
    done: int
    total: int
    kept: int
    inconsistent: float

    @property
    def passing(self) -> bool:
        """All but the last."""
        return self.done < self.total


@dataclass(frozen=True)
class Judging(Event):
    """The networks that score pseudo-labels learn: step ``step`` of ``steps`` in an epoch is done.

    ``error`` is None but at the end of an epoch: then it is each network's mean absolute error of
    the IoU it predicts for labels of the validation images.
    """

    generation: int
    epoch: int
    epochs: int
    step: int
    steps: int
    error: tuple[float | None, ...] | None = None

    @property
    def passing(self) -> bool:
        """But at the end of an epoch."""
        return self.error is None


@dataclass(frozen=True)
class StepEnd(Event):
    """Step ``step`` of ``steps`` in an epoch is done; the loss of a lost network is None."""

    generation: int
    epoch: int
    step: int
    steps: int
    loss: tuple[float | None, ...]

    @property
    def passing(self) -> bool:
        """Always: `EpochEnd` has the mean loss."""
        return True


@dataclass(frozen=True)
class Checking(Event):
    """``done`` of ``total`` validation images are checked; only told of checks that take long."""

    generation: int
    done: int
    total: int

    @property
    def passing(self) -> bool:
        """Always: what was found follows in another event."""
        return True


@dataclass(frozen=True)
class EpochEnd(Event):
    """An epoch is done and the networks were checked on the validation images.

    ``train_loss`` and ``validation_loss`` are means, ``score`` is what picks the epoch (higher is
    better), ``count_error`` the wrong counts per image (in older runs None without positions),
    ``mean_iou`` of the classes, and ``inconsistent`` the share of the validation images' area on
    which the members disagree. The training loss of a lost network is None, and a validation loss
    or score that is no number.
    """

    generation: int
    epoch: int
    epochs: int
    train_loss: tuple[float | None, ...]
    validation_loss: tuple[float | None, ...]
    score: tuple[float | None, ...]
    count_error: tuple[float, ...] | None
    mean_iou: tuple[float, ...]
    inconsistent: float
    seconds: float


@dataclass(frozen=True)
class GenerationEnd(GenerationRecord, Event):
    """A generation is trained: its networks, best first, and the ensemble of the best ones."""


@dataclass(frozen=True)
class Warned(Event):
    """Something a person should know; the run goes on."""

    message: str


@dataclass(frozen=True)
class Stopped(Event):
    """The run was stopped on request; what it has is saved, and it can be resumed."""


@dataclass(frozen=True)
class Finished(Event):
    """The run is complete; ``generation`` is the one its ensemble comes from."""

    generation: int
    count_error: float | None
    mean_iou: float


@dataclass(frozen=True)
class Failed(Event):
    """The run ended with an error; what was saved before is kept."""

    message: str
