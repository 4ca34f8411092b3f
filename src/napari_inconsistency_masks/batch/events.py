"""What happens during a batch: plain values that a loop, a log, a window or a test can read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InputError


@dataclass(frozen=True)
class BatchEvent:
    """Base of the events."""

    def to_json(self) -> dict[str, Any]:
        """The fields and, as ``event``, the name of the kind."""
        return {"event": type(self).__name__, **dataclasses.asdict(self)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> BatchEvent:
        """The event of `to_json`; `InputError` if there is no such event."""
        kinds = {kind.__name__: kind for kind in BatchEvent.__subclasses__()}
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        try:
            return kinds[str(fields.pop("event"))](**fields)
        except (KeyError, TypeError) as error:
            raise InputError(f"{str(values)[:200]}: no event of a batch ({error!r}).") from None


@dataclass(frozen=True)
class ImageLooked(BatchEvent):
    """The header of an image was read, before a batch begins.

    ``read_as`` is empty and ``frames`` 0 if it cannot be processed; ``problem`` says why then.
    """

    image: str
    number: int
    total: int
    read_as: str
    frames: int
    problem: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Planned(BatchEvent):
    """All headers were read, and what would be done is decided.

    ``done`` names the images that have all their results, ``others`` files that are no images, and
    ``refusal`` says what would be overwritten unasked, or None. ``megabytes`` and ``seconds`` are
    estimates of what all images need. ``unsearched`` folders inside were not looked into.
    ``removed`` are results of an earlier batch that overwriting would remove.
    """

    folder: str
    images: int
    frames: int
    left_out: int
    done: tuple[str, ...]
    others: tuple[str, ...]
    members: int
    seconds: float | None
    megabytes: float
    refusal: str | None
    unsearched: int = 0
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchStarted(BatchEvent):
    """The batch begins or goes on; ``done`` images were finished before, ``bad`` cannot be read.

    ``pixels`` is the work that is left.
    """

    folder: str
    images: int
    frames: int
    done: int
    bad: int
    pixels: int
    device: str
    precision: str
    members: int


@dataclass(frozen=True)
class ImageStarted(BatchEvent):
    """An image is being read."""

    image: str
    frames: int


@dataclass(frozen=True)
class TileDone(BatchEvent):
    """The networks have seen some more ``pixels``; the batch can be left after each of these."""

    image: str
    pixels: int


@dataclass(frozen=True)
class FrameDone(BatchEvent):
    """A frame is counted: estimates per state, and the share of its area that is inconsistent."""

    image: str
    frame: str
    counts: dict[str, int]
    unclear: int
    inconsistent: float


@dataclass(frozen=True)
class ImageDone(BatchEvent):
    """All results of an image are on disk; ``reused`` if they were there already."""

    image: str
    frames: int
    seconds: float
    reused: bool = False


@dataclass(frozen=True)
class ImageFailed(BatchEvent):
    """An image has no results; the others are not affected."""

    image: str
    reason: str


@dataclass(frozen=True)
class Paused(BatchEvent):
    """Nothing is done until `Resumed`."""


@dataclass(frozen=True)
class Resumed(BatchEvent):
    """The batch goes on."""


@dataclass(frozen=True)
class Summarizing(BatchEvent):
    """The tables and the report are being written."""


@dataclass(frozen=True)
class BatchFinished(BatchEvent):
    """The batch is complete.

    Attributes
    ----------
    folder
        With the results.
    done, failed
        Numbers of images.
    seconds
        In all.
    totals
        The rows of totals.csv about all images together.
    """

    folder: str
    done: int
    failed: int
    seconds: float
    totals: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Warned(BatchEvent):
    """Something that a person should know, and that stops nothing."""

    message: str


@dataclass(frozen=True)
class Waiting(BatchEvent):
    """On a cluster, nothing happened for a second; ``workers`` can be used at the moment."""

    workers: int
