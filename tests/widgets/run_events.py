"""Events of a run as the program that trains prints them."""

from __future__ import annotations

import json
from typing import Any

from napari_inconsistency_masks.training.events import (
    EpochEnd,
    Event,
    Finished,
    GenerationEnd,
    Labeling,
    Started,
    StepEnd,
)

MEMBERS, EPOCHS, STEPS = 2, 3, 4


def line(event: Event) -> dict[str, Any]:
    """An event after its way through a pipe."""
    return json.loads(json.dumps(event.to_json()))


def started(**changes: Any) -> Started:
    values = {
        "recipe": "im", "device": "cpu", "precision": "float32", "members": MEMBERS,
        "generations": 1, "epochs": EPOCHS, "labeled": 3, "unlabeled": 4, "validation": 1,
        "resumed": False,
    }  # fmt: skip
    return Started(**{**values, **changes})


def step(
    generation: int, epoch: int, number: int, loss: tuple[float | None, ...] = (0.5, 0.6)
) -> StepEnd:
    return StepEnd(generation, epoch, number, STEPS, loss)


def epoch_end(generation: int, epoch: int, *, counts: bool = True, first: float = 1.0) -> EpochEnd:
    """Losses that fall from epoch to epoch; the second network is worse by 0.5."""
    loss = first / (epoch + 1)
    return EpochEnd(
        generation=generation,
        epoch=epoch,
        epochs=EPOCHS,
        train_loss=(loss, loss + 0.5),
        validation_loss=(2 * loss, 2 * loss + 0.5),
        score=(0.4, 0.3),
        count_error=(4 * loss, 5 * loss) if counts else None,
        mean_iou=(0.5, 0.4),
        inconsistent=0.1,
        seconds=1.5,
    )


def whole_run() -> list[Event]:
    """All events of a run of two generations."""
    events: list[Event] = [started()]
    for generation in range(2):
        if generation:
            events += [Labeling(generation, done, 4, done, 0.2) for done in range(1, 5)]
        for epoch in range(EPOCHS):
            events += [step(generation, epoch, number + 1) for number in range(STEPS)]
            events.append(epoch_end(generation, epoch))
        events.append(GenerationEnd(generation, (1, 0), 2.5, 0.5, 0.1, 0.3, True))
    return [*events, Finished(1, 2.0, 0.55)]
