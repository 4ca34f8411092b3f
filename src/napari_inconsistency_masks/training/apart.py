"""Training the networks of one generation on several computers, a network on each.

Members never see each other and everything random is a function of (seed, generation, member,
step), so whoever trains a member for an epoch, it ends with the same weights. Between epochs all
are here: checked, kept if they are the best, and saved, as in `fit`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoint import load_tensors
from ..cluster import Job, Lost, Noted, Refused, Returned, Said, Team
from ..cluster.shared_files import PATIENCE, content_key, look_again
from ..config import TrainConfig
from ..errors import InputError
from ..files.folders import make_folder
from ..files.patience import patiently
from ..inference.listing import STATE
from .events import Event, StepEnd, Warned
from .fit import CheckNetworks, end_epoch, lost_network, refuse_all_lost
from .learner import Learner

if TYPE_CHECKING:
    from distributed import Client

MEMBERS = "members"
"""Folder, in that of the run, where workers leave the networks they trained for an epoch."""

TrainMember = Callable[..., Any]
"""``(desk, folder, state, generation, member, steps)``: see `sessions.on_worker`."""


class Apart:
    """The workers of a cluster that train members.

    Parameters
    ----------
    client
        From `cluster.connected`.
    greeting
        What each worker does first.
    train_member
        What it does for a member and an epoch.
    folder
        The run folder, which all computers see.
    """

    def __init__(
        self, client: Client, greeting: Job, train_member: TrainMember, folder: Path
    ) -> None:
        self._team = Team(client, greeting)
        self._train, self._folder = train_member, folder

    def fit(
        self,
        learner: Learner,
        check: CheckNetworks,
        config: TrainConfig,
        generation: int,
        steps: int,
        save: Callable[[], None],
    ) -> Iterator[Event]:
        """Train to the last epoch, yielding what `fit` does but not every step.

        Parameters
        ----------
        learner, check, config, generation
            As for `fit`.
        steps
            In an epoch.
        save
            Saves the learner to the run folder, where workers read it.
        """
        if config.minutes is not None:
            raise InputError(
                "A training with a time limit (minutes) is done on one computer; leave out the "
                "limit, or the cluster."
            )
        try:
            while learner.epoch < config.epochs:
                began = time.monotonic()
                save()
                yield from self._epoch(learner, generation, steps)
                yield from end_epoch(learner, check, config, generation, time.monotonic() - began)
        finally:
            self._team.stop()
            shutil.rmtree(self._folder / MEMBERS, ignore_errors=True)
        learner.restore_best()

    def _epoch(self, learner: Learner, generation: int, steps: int) -> Iterator[Event]:
        """Let every member that still learns do the rest of an epoch on some worker."""
        state = content_key(self._folder / STATE)
        make_folder(self._folder / MEMBERS)
        jobs = {f"network {member}": member for member in learner.active}
        waiting = [
            Job(name, self._train, (self._folder, state, generation, member, steps))
            for name, member in jobs.items()
        ]
        taken = _Taken(learner, self._folder / MEMBERS)
        begun = learner.epoch * steps
        while waiting or self._team.busy:
            while waiting and self._team.room:
                self._team.give(waiting.pop(0))
            found = self._team.happened()
            for event in found:
                if isinstance(event, Said):
                    taken.follow(jobs[event.job], event.value)
                elif isinstance(event, Returned):
                    taken.keep(jobs[event.job], event.value)
                elif isinstance(event, Refused):
                    raise InputError(f"{event.job}: {event.reason}")
                else:
                    yield Warned(_words(event))
            yield StepEnd(generation, learner.epoch, taken.step - begun, steps, taken.losses)
        lost = taken.load()
        yield from (lost_network(learner, generation, step, m) for m, step in lost.items())
        refuse_all_lost(learner)


class _Taken:
    """The members of an epoch as they come back, until all are there."""

    def __init__(self, learner: Learner, folder: Path) -> None:
        self._learner, self._folder = learner, folder
        self._tensors, self._about = learner.state()
        self._steps = dict.fromkeys(learner.active, learner.step)
        self._losses: list[float | None] = [None] * len(learner.ensemble)
        self._lost: dict[int, int] = {}

    @property
    def step(self) -> int:
        """The step that all have taken."""
        return min(self._steps.values())

    @property
    def losses(self) -> tuple[float | None, ...]:
        """The last that was said of each member."""
        return tuple(self._losses)

    def follow(self, member: int, said: dict[str, Any]) -> None:
        """Take note of the step and the loss of a member."""
        self._steps[member], self._losses[member] = said["step"], said["loss"]

    def keep(self, member: int, returned: dict[str, Any]) -> None:
        """Read what a worker left of a member."""
        path = self._folder / returned["file"]
        end = time.monotonic() + PATIENCE
        while not path.is_file() and time.monotonic() < end:
            look_again(path)
        tensors, about = load_tensors(path, "state")
        patiently(path.unlink)
        self._tensors |= tensors
        for name in ("lost", "loss_sum"):
            self._about[name] = [*self._about[name]]
            self._about[name][member] = about[name][member]
        for name in ("step", "loss_count"):
            self._about[name] = max(self._about[name], about[name])
        self._steps[member] = returned["step"]
        if about["lost"][member]:
            self._lost[member] = about["step"]

    def load(self) -> dict[int, int]:
        """Give the learner all of it; returns which members were lost, and in which step."""
        self._learner.load_state(self._tensors, self._about)
        return self._lost


def _words(event: Lost | Noted) -> str:
    if isinstance(event, Noted):
        return event.message
    return f"Worker {event.worker} ended; the epoch of {event.job} is done again elsewhere."
