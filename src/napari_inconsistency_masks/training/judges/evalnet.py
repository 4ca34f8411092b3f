"""EvalNets: networks that learn how good labels are, and then score pseudo-labels (paper, IM++).

They learn once, from labels that the networks of generation 0 make of the labeled images, and are
chosen on the validation images::

    judge/network-0.safetensors ...   the best weights of each, with their card
    judge/judge.json                  ranking and errors: written last, so its presence says that
                                      they are complete
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from ...checkpoint import ModelCard
from ...data.batches.pieces import piece_shape
from ...errors import InputError
from ..events import Event, Judging, Warned, finite_or_none
from ..learner import Learning
from ..setup import Setup
from .evalnets import EvalNetJudge, EvalNets
from .files import JudgeFiles, JudgeRecord
from .lessons import Lesson, Lessons
from .targets import has_two_heads

WIDER = 2
"""An EvalNet is so many times as wide as the U-Nets (reference: 1 and 0.5, 2 and 1)."""

WIDEST = 8.0
"""Width of an EvalNet at the most."""

PASSES = 10
"""Labels that are drawn for each labeled image and epoch, if the config does not count steps."""

EXAMINATIONS = 3
"""Labels that are drawn for each validation image."""

MOST_EXAMINED = 300
"""Labels of validation images in all."""

ORDER, LESSON, EXAM = 4, 5, 6
"""Mark the random numbers."""

STAGE = "judge"

LOST = (
    "After {} steps the loss of every network that scores pseudo-labels is no longer a number; "
    "choose a lower learning rate."
)

USELESS = (
    "The networks that score pseudo-labels are wrong by {:.3f} on the validation images, and "
    "always saying the same would be wrong by {:.3f}: their scores mean nothing. Label more "
    "images, or take the recipe without a judge."
)


def appoint_evalnet(setup: Setup) -> Generator[Event, None, EvalNetJudge]:
    """Train the EvalNets of a run, or go on with it, or read them; return the best of them."""
    files = JudgeFiles(setup.records.folder / "judge")
    record = files.load_record()
    if record is None:
        record = yield from _train(setup, files)
    networks = files.load(record.ranking[: setup.config.teachers])
    return EvalNetJudge(
        networks.place(setup.device, setup.precision).eval(),
        setup.data.scheme,
        _shape(setup),
        blanks=setup.config.pseudo_labels.blank_image,
    )


def _train(setup: Setup, files: JudgeFiles) -> Generator[Event, None, JudgeRecord]:
    config, card = setup.config, _card(setup)
    lessons, exam = _material(setup)
    networks = EvalNets.create(card.architecture, card.scheme, config.members, config.seed)
    learner = Learning(networks.place(setup.device, setup.precision), config)
    setup.records.load_state(STAGE, learner)
    try:
        yield from _fit(setup, learner, lessons, exam)
    except GeneratorExit:
        _save(setup, learner)
        raise
    learner.restore_best()
    _, errors = _examine(networks, exam)
    record = JudgeRecord(
        ranking=tuple(sorted(_learned(learner), key=lambda member: errors[member])),
        errors=errors,
        constant_error=_constant_error(exam),
    )
    if record.error >= record.constant_error:
        yield Warned(USELESS.format(record.error, record.constant_error))
    files.save(record, networks, card)  # once all is told of them
    setup.records.drop_state()
    return record


def _learned(learner: Learning[EvalNets]) -> list[int]:
    """The networks that some epoch gave a score: others are as they began."""
    learned = [m for m in range(len(learner.ensemble)) if m not in learner.never_scored]
    if not learned:
        raise InputError(
            "All networks that score pseudo-labels were lost before their first epoch was "
            "complete; choose a lower learning rate."
        )
    return learned


def _card(setup: Setup) -> ModelCard:
    unet = setup.card.architecture
    return replace(setup.card, architecture=replace(unet, width=min(WIDEST, WIDER * unet.width)))


def _shape(setup: Setup) -> tuple[int, int]:
    """Height and width of the pieces, as the U-Nets have them."""
    data = setup.data
    return piece_shape(data.labeled, setup.config.patch, square=data.free_rotation)


def _material(setup: Setup) -> tuple[Lessons, list[Lesson]]:
    """What to learn from, and what to be examined on."""
    config, data = setup.config, setup.data
    first = setup.records.load_generation(0)
    assert first is not None
    networks = setup.load(first, first.ranking)
    lessons = Lessons(setup, networks, data.labeled, _shape(setup), changed=True)
    questions = Lessons(setup, networks, data.validation, _shape(setup), changed=False)
    count = min(MOST_EXAMINED, EXAMINATIONS * len(questions))
    drawn = [
        (number % len(questions), np.random.default_rng((config.seed, EXAM, number)))
        for number in range(count)
    ]
    batches = range(0, count, config.batch)
    return lessons, [questions.make(drawn[start : start + config.batch]) for start in batches]


def _fit(
    setup: Setup, learner: Learning[EvalNets], lessons: Lessons, exam: Sequence[Lesson]
) -> Iterator[Event]:
    config = setup.config
    steps = config.steps or max(1, PASSES * len(lessons) // config.batch)
    left = setup.budget.phase(STAGE, 3 * max(1, setup.last))  # as labels get of a generation
    while learner.epoch < config.epochs and (
        learner.amid_epoch or not (learner.step and left.over)
    ):
        epoch = learner.epoch
        while learner.step < (epoch + 1) * steps and not (learner.step and left.over):
            lesson = lessons.make(_drawn(setup, len(lessons), learner.step))
            _learn(learner, lesson, left.expected_steps(learner.step, steps * config.epochs))
            yield Judging(1, epoch, config.epochs, learner.step - epoch * steps, steps)
        yield from _lose(learner, learner.diverged, "a weight")
        losses, errors = _examine(learner.ensemble, exam)
        while unsound := [m for m in learner.active if not math.isfinite(losses[m] + errors[m])]:
            yield from _lose(learner, unsound, "the validation loss")
            losses, errors = _examine(learner.ensemble, exam)
        bad = losses if has_two_heads(setup.data.scheme) else errors  # as in the reference
        learner.end_epoch(tuple(-value for value in bad))
        yield Judging(1, epoch, config.epochs, steps, steps, finite_or_none(errors))
        _save(setup, learner)  # what was told


def _save(setup: Setup, learner: Learning[EvalNets]) -> None:
    setup.records.save_state(STAGE, learner)
    setup.budget.save()


def _drawn(setup: Setup, count: int, step: int) -> Iterator[tuple[int, np.random.Generator]]:
    """The images of a step: every one once, in a new order, before one comes again."""
    seed, batch = setup.config.seed, setup.config.batch
    for place in range(step * batch, (step + 1) * batch):
        turn, index = divmod(place, count)
        order = np.random.default_rng((seed, ORDER, turn)).permutation(count)
        yield int(order[index]), np.random.default_rng((seed, LESSON, place))


def _learn(learner: Learning[EvalNets], lesson: Lesson, total_steps: int) -> None:
    """Let every network learn from the lesson."""
    learner.prepare_step()
    losses: list[float | None] = [None] * len(learner.ensemble)
    for member in learner.active:
        loss, _ = learner.ensemble.loss(member, lesson)
        loss.backward()
        losses[member] = loss.item() if math.isfinite(loss.item()) else None
    learner.update(losses, total_steps)
    if not learner.active:
        raise InputError(LOST.format(learner.step))


def _lose(learner: Learning[EvalNets], members: Sequence[int], what: str) -> Iterator[Warned]:
    """Let members go of which ``what`` is no number, which no later step finds out."""
    for member in members:
        learner.lose(member)
    for member in members:
        yield Warned(
            f"Step {learner.step}: {what} of network {member} that scores pseudo-labels is no "
            f"longer a number; it stops learning."
        )
    if not learner.active:
        raise InputError(LOST.format(learner.step))


@torch.inference_mode()
def _examine(
    networks: EvalNets, exam: Sequence[Lesson]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean loss and mean absolute error of each network."""
    networks.eval()
    counts = [len(lesson.image) for lesson in exam]
    found = [
        [[value.item() for value in networks.loss(member, lesson)] for lesson in exam]
        for member in range(len(networks))
    ]
    means = np.average(found, axis=1, weights=counts)  # (n, 2)
    return tuple(means[:, 0].tolist()), tuple(means[:, 1].tolist())


def _constant_error(exam: Sequence[Lesson]) -> float:
    """Mean absolute error of the best answer that is always the same."""
    overlap = torch.cat([lesson.overlap for lesson in exam]).numpy()  # (N, K)
    return float(np.abs(overlap - np.median(overlap, axis=0)).mean())
