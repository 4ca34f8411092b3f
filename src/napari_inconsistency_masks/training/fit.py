"""Training the networks of one generation: the file to read first.

The loop of the paper (study B): every step learns from a batch, every epoch ends with a look at the
validation images, and each network ends with the weights of its best epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain

import torch

from ..config import TrainConfig
from ..data.batches.ahead import made_ahead
from ..data.batches.batches import Batches, PreparedBatches
from ..errors import InputError
from ..inference.evaluate import Check
from ..methods.base import Method, Step
from ..nets.ensemble import Ensemble
from .budget import Budget, Phase
from .events import Checking, EpochEnd, Event, StepEnd, Warned, finite_or_none
from .learner import Learner
from .memory import prepare_memory

CheckNetworks = Callable[[Ensemble, int], Generator[Checking, None, Check]]
"""Of an ensemble and a generation; see `Setup.check`."""


def fit(
    learner: Learner,
    loader: PreparedBatches,
    method: Method,
    check: CheckNetworks,
    config: TrainConfig,
    *,
    generation: int = 0,
    time_left: Phase | None = None,
) -> Iterator[Event]:
    """Train until the last epoch or the end of the time; the members then have their best weights.

    Parameters
    ----------
    learner
        The networks; goes on from where it is.
    loader
        Makes each step's batch.
    method
        How a step learns.
    check
        Scores the members of a generation on the validation images.
    config
        Epochs, steps and learning rate.
    generation
        For the events.
    time_left
        Its end ends the training, but not before the first step; None for no end. The last
        epoch may then have fewer steps; like all others it ends with a check.

    Yields
    ------
    Event
        `StepEnd`, `Checking`, `EpochEnd`, and `Warned` when a network is lost, or at the start if
        the memory will hardly be enough. Between two of them the learner can be saved, and training
        stops by no longer asking for the next.
    """
    steps = steps_per_epoch(loader, config)
    scarce = prepare_memory(method, learner.ensemble, loader.pixels)
    if scarce is not None:
        yield Warned(scarce)
    left = time_left or Budget().phase("", 1)
    while learner.epoch < config.epochs and (
        learner.amid_epoch or not (learner.step and left.over)
    ):
        epoch, began = learner.epoch, time.monotonic()
        end = (epoch + 1) * steps
        with made_ahead(loader, learner.ensemble.device, end) as batches:
            while learner.step < end and not (learner.step and left.over):
                active = learner.active
                total = left.expected_steps(learner.step, steps * config.epochs)
                loss = train_step(learner, batches, method, total)
                yield StepEnd(generation, epoch, learner.step - epoch * steps, steps, loss)
                for member in set(active).difference(learner.active):
                    yield lost_network(learner, generation, learner.step, member)
        yield from end_epoch(learner, check, config, generation, time.monotonic() - began)
    learner.restore_best()


def steps_per_epoch(loader: Batches, config: TrainConfig) -> int:
    """As a person chose, or so that each image is seen once."""
    return config.steps or max(1, len(loader) // config.batch)


def end_epoch(
    learner: Learner,
    check: CheckNetworks,
    config: TrainConfig,
    generation: int,
    seconds: float,
) -> Iterator[Event]:
    """Check the members, and keep the weights of those that were never better.

    The last step may have left weights that are no numbers, which no later step finds out: such
    members are lost, and those whose validation loss is no number.

    Yields
    ------
    Event
        `Warned` for each member that is lost now, `Checking`, then `EpochEnd`.

    Raises
    ------
    InputError
        If no member is left.
    """
    yield from _lose(learner, learner.diverged, generation, "a weight")
    result, epoch = (yield from check(learner.judged, generation)), learner.epoch
    while unsound := [m for m in learner.active if not math.isfinite(result.loss[m])]:
        yield from _lose(learner, unsound, generation, "the validation loss")
        result = yield from check(learner.judged, generation)
    train_loss = learner.mean_loss
    learner.end_epoch(result.score)
    yield EpochEnd(
        generation=generation,
        epoch=epoch,
        epochs=config.epochs,
        train_loss=train_loss,
        validation_loss=finite_or_none(result.loss),
        score=finite_or_none(result.score),
        count_error=result.count_error,
        mean_iou=result.mean_iou,
        inconsistent=result.inconsistent,
        seconds=seconds,
    )


def lost_network(
    learner: Learner, generation: int, step: int, member: int, what: str = "the loss"
) -> Warned:
    """Say that a network stops learning, since ``what`` of it is no number."""
    then = "goes back to its best epoch and stops learning"
    if member in learner.never_scored:
        then = "stops learning, and is left out, as it has no complete epoch to go back to"
    return Warned(
        f"Generation {generation}, step {step}: {what} of network {member} is no longer a number; "
        f"it {then}."
    )


def _lose(learner: Learner, members: Sequence[int], generation: int, what: str) -> Iterator[Warned]:
    for member in members:
        learner.lose(member)
    yield from (lost_network(learner, generation, learner.step, m, what) for m in members)
    refuse_all_lost(learner)


def refuse_all_lost(learner: Learner) -> None:
    """Refuse to go on when no member learns any more."""
    if not learner.active:
        raise InputError(
            f"After {learner.step} steps the loss of every network is no longer a number; choose a "
            f"lower learning rate, and look for images with extreme values."
        )


def train_step(
    learner: Learner, loader: Batches, method: Method, total_steps: int
) -> tuple[float | None, ...]:
    """Let every member learn from its next batch, and return its loss (None if it is lost).

    Raises
    ------
    InputError
        If no member is left, the memory is not enough, or the images of a step are too few or too
        small to be normalized.
    """
    learner.prepare_step()

    def learn(members: list[int], part: Ensemble) -> list[float]:
        batch = loader.batch(members, learner.step)
        beside = [learner.beside[member] for member in members]
        for module in (part, *beside):  # gradients of an attempt that ran out of memory
            module.zero_grad(set_to_none=True)
        step = Step(part, batch, beside, learner.step, total_steps, learner.epoch)
        total = method.losses(step).total  # (E',)
        total.sum().backward()
        values: list[float] = total.tolist()
        return values

    try:
        found = learner.ensemble.train_parts(learner.active, learn, loader.pixels)
    except torch.OutOfMemoryError:
        raise InputError(
            "The graphics memory is not enough for a training step; choose a smaller batch, a "
            "smaller patch or narrower networks, or close other programs that use it."
        ) from None
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise InputError(
            "Batch 1 with pieces this small leaves one value per channel, which batch "
            "normalization cannot use; choose a batch of 2 or more, or larger images and patches."
        ) from None
    losses: list[float | None] = [None] * len(learner.ensemble)
    for member, value in zip(learner.active, chain.from_iterable(found), strict=True):
        losses[member] = value if math.isfinite(value) else None
    learner.update(losses, total_steps)
    method.follow(learner.ensemble, learner.beside, learner.step - 1, learner.epoch)
    refuse_all_lost(learner)
    return tuple(losses)
