"""What a worker of a cluster does for a training: one member, one epoch."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..checkpoint import save_tensors
from ..cluster import Desk, Job, NotWantedError, UnfitError, must_have_version
from ..cluster.desk import Now
from ..cluster.shared_files import content_key, must_see
from ..data.batches.ahead import made_ahead
from ..data.batches.batches import PreparedBatches
from ..devices import use_threads
from ..errors import InputError
from ..inference.listing import STATE
from ..nets.ensemble import Ensemble
from ..plans import read_plan
from ..training.apart import MEMBERS, Apart
from ..training.fit import train_step
from ..training.generations import Generations
from ..training.learner import Learner
from .opening import Place, choose_place, open_generations, open_run_data, package_version

if TYPE_CHECKING:
    from distributed import Client


def members_apart(client: Client, folder: Path, place: Place) -> Apart:
    """The workers of a cluster as those that train members, in the precision of this computer."""
    folder = folder.resolve()
    train = partial(_train_member, precision=str(place.precision))
    return Apart(client, Job("greeting", _greet, (package_version(),)), train, folder)


def _greet(desk: Desk, expected: str) -> dict[str, Any]:
    must_have_version(expected)
    return {"threads": desk.threads}


def _train_member(
    desk: Desk,
    folder: Path,
    state: str,
    generation: int,
    member: int,
    steps: int,
    *,
    precision: str,
) -> dict[str, Any]:
    """Train a member for the rest of the epoch that the state of the run folder is in.

    Returns
    -------
    dict
        ``file`` of its weights and all that it needs to go on, in `MEMBERS`; ``step`` reached.

    Raises
    ------
    UnfitError
        If this worker does not see the run folder.
    NotWantedError
        After a stop.
    """
    must_see(folder / STATE, state)
    use_threads(desk.threads)
    session = (str(folder), content_key(folder / "run.json"))
    opened = _open(session, generation, desk.turn, precision)
    learner = opened.learner(member)
    _learn(desk, opened, learner, member, steps)
    tensors, about = learner.state()
    mine = {name: value for name, value in tensors.items() if name.startswith(f"{member}/")}
    file = f"{member}-{uuid.uuid4().hex}.safetensors"
    save_tensors(folder / MEMBERS / file, mine, "state", about)
    return {"file": file, "step": (learner.epoch + 1) * steps}


def _learn(desk: Desk, opened: _Opened, learner: Learner, member: int, steps: int) -> None:
    """Take the steps that are left of an epoch, or as many as the loss is a number for."""
    method, config = opened.generations.method(opened.generation), opened.generations.config
    told, end = Now(), (learner.epoch + 1) * steps
    with made_ahead(opened.batches, learner.ensemble.device, end) as batches:
        while learner.step < end and learner.active:
            try:
                loss = train_step(learner, batches, method, steps * config.epochs)[member]
            except InputError:
                if learner.active:
                    raise
                return  # lost: the others may still learn
            if told:
                desk.say({"step": learner.step, "loss": loss})
                if not desk.wanted():
                    raise NotWantedError


@dataclass(frozen=True)
class _Opened:
    """A generation of a run folder, ready to learn."""

    generations: Generations
    generation: int
    batches: PreparedBatches

    def learner(self, member: int) -> Learner:
        """All members as they were saved, but one alone learns."""
        work = self.generations
        networks = Ensemble.create(
            work.card_of(self.generation).architecture,
            work.config.members,
            seed=work.config.seed,
            generation=self.generation,
        )
        learner = work.learner(self.generation, networks.place(work.device, work.precision))
        if not work.records.load_state(self.generation, learner):
            raise UnfitError(f"sees another state of the run in {work.records.folder}")
        learner.lost = [lost or m != member for m, lost in enumerate(learner.lost)]
        return learner


@lru_cache(maxsize=1)
def _open(session: tuple[str, str | None], generation: int, turn: int, precision: str) -> _Opened:
    """Once in a process for each session of a run: its folder, and the key of its ``run.json``."""
    folder, _ = session
    plan = read_plan(folder)
    place = Place(choose_place(plan.config, turn).device, _PRECISIONS[precision])
    data = open_run_data(folder)
    work = open_generations(Path(folder), plan, data, place).generations
    return _Opened(work, generation, work.batches(generation, work.learned_apart(generation)))


_PRECISIONS = {str(dtype): dtype for dtype in (torch.float32, torch.bfloat16)}
