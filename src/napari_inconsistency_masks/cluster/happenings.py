"""What a team is given to do, and what happens then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """``function(desk, *arguments)``, which a worker can import; the name is for people."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Said:
    """A job told something."""

    job: str
    value: Any


@dataclass(frozen=True)
class Returned:
    """A job is done; what its function returned, as JSON values."""

    job: str
    value: Any
    worker: str


@dataclass(frozen=True)
class Refused:
    """A job cannot be done, for a reason; it is not tried again."""

    job: str
    reason: str


@dataclass(frozen=True)
class Lost:
    """A worker ended while it did a job, which is done again elsewhere.

    ``writer`` is part of the names of temporary files that it may have left.
    """

    job: str
    worker: str
    writer: str | None


@dataclass(frozen=True)
class Noted:
    """Something a person should know."""

    message: str


Happening = Said | Returned | Refused | Lost | Noted
