"""A worker of a team, and what it does, as the team knows them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .happenings import Job

if TYPE_CHECKING:
    from distributed import Future


@dataclass
class Worker:
    """One process; ``about`` is what it said when it was greeted, None before."""

    address: str
    host: str
    turn: int
    about: Any = None
    unfit: str = ""
    writer: str | None = None
    task: str | None = None

    @property
    def answered(self) -> bool:
        """Whether it was greeted, with whatever result."""
        return bool(self.unfit) or self.about is not None

    @property
    def free(self) -> bool:
        """Whether it can be given a job."""
        return self.about is not None and not self.unfit and self.task is None


@dataclass
class Task:
    """A job that a worker does.

    ``heard`` is when it was given or last told something, in seconds of `time.monotonic`;
    ``silence_told`` whether a person knows that this is long ago.
    """

    job: Job
    worker: Worker
    future: Future[Any]
    began: bool = False
    heard: float = field(default_factory=time.monotonic)
    silence_told: bool = False
