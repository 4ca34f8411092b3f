"""What the scores of a generation's networks say about it."""

from __future__ import annotations

from ..inference.confidence import confident_foreground
from ..nets.ensemble import Ensemble
from .collapse import notes_on, signs_of_collapse
from .results import GenerationRecord, GenerationScores
from .setup import Setup


def outcome(
    setup: Setup,
    generation: int,
    ensemble: Ensemble,
    ranking: tuple[int, ...],
    width: float,
) -> tuple[GenerationRecord, GenerationScores]:
    """Score the ensemble of a generation: its record, and the scores in detail.

    Parameters
    ----------
    setup
        The run.
    generation
        Its number.
    ensemble
        The networks that make its ensemble, and would label the next one's images.
    ranking
        All its networks, best first.
    width
        Of its networks.
    """
    teachers, scheme = setup.check(ensemble), setup.data.scheme
    scores = teachers.ensemble
    masks = setup.recipe.pseudo_labels is not None and setup.labeler.masks
    record = GenerationRecord(
        generation=generation,
        ranking=ranking,
        count_error=scores.mcce,
        mean_iou=scores.mean_iou or 0.0,
        inconsistent=teachers.inconsistent,
        found=teachers.found,
        accepted=True,
        margin=scores.mcce_margin or 0.0,
        width=width,
        collapse=signs_of_collapse(teachers.behavior, scheme, masks=masks),
        notes=notes_on(teachers.behavior, scheme, masks=masks),
        confident=(
            confident_foreground(ensemble, setup.data.unlabeled, scheme)
            if setup.recipe.needs_unlabeled
            else None
        ),
    )
    return record, GenerationScores(
        images=scores.images,
        iou=scores.iou,
        recall={name: count.recall for name, count in scores.counts.items()},
        precision={name: count.precision for name, count in scores.counts.items()},
        wrong=None if scores.mcce is None else scores.wrong_counts,
    )


def rank(
    setup: Setup, generation: int, ensemble: Ensemble
) -> tuple[GenerationRecord, GenerationScores]:
    """Order networks by validation scores, and score the ensemble of the best."""
    members = setup.check(ensemble)
    ranking = tuple(sorted(range(len(ensemble)), key=members.quality, reverse=True))
    teachers = ensemble.select(ranking[: setup.config.teachers])
    width = setup.card_of(generation).architecture.width
    return outcome(setup, generation, teachers, ranking, width)
