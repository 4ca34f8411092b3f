"""What the scores of a generation's ensemble say about it."""

from __future__ import annotations

from collections.abc import Callable

from ..inference.evaluate import Check
from ..nets.ensemble import Ensemble
from .results import GenerationRecord, GenerationScores


def outcome(
    generation: int, teachers: Check, ranking: tuple[int, ...]
) -> tuple[GenerationRecord, GenerationScores]:
    """The record of a generation and its detailed scores, from the check of its teachers."""
    scores = teachers.ensemble
    record = GenerationRecord(
        generation=generation,
        ranking=ranking,
        count_error=scores.mcce,
        mean_iou=scores.mean_iou or 0.0,
        inconsistent=teachers.inconsistent,
        found=teachers.found,
        accepted=True,
        margin=scores.mcce_margin or 0.0,
    )
    return record, GenerationScores(
        images=scores.images,
        iou=scores.iou,
        recall={name: count.recall for name, count in scores.counts.items()},
        precision={name: count.precision for name, count in scores.counts.items()},
        wrong=None if scores.mcce is None else scores.wrong_counts,
    )


def rank(
    generation: int, ensemble: Ensemble, check: Callable[[Ensemble], Check], teachers: int
) -> tuple[GenerationRecord, GenerationScores]:
    """Order networks by validation scores, and score the ensemble of the best `teachers`."""
    members = check(ensemble)
    ranking = tuple(sorted(range(len(ensemble)), key=members.quality, reverse=True))
    return outcome(generation, check(ensemble.select(ranking[:teachers])), ranking)


def teaches_nothing(record: GenerationRecord, teachers: int) -> str | None:
    """Why the pseudo-labels of a generation's teachers could teach nothing, or None."""
    if record.found == 0:
        return (
            f"The networks of generation {record.generation} find nothing on the validation "
            f"images: their agreement would only teach that there is nothing"
        )
    if record.inconsistent == 0 and teachers > 1:
        return (
            f"The networks of generation {record.generation} agree on every pixel of the "
            f"validation images: inconsistency masks carry no information"
        )
    return None
