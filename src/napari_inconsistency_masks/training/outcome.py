"""What the scores of a generation's networks say about it."""

from __future__ import annotations

import math
from collections.abc import Collection, Generator, Sequence

from ..cells import rules_for
from ..count_rule import HALF, CountRule
from ..data.sources import files_of
from ..errors import InputError
from ..inference.confidence import confident_foreground
from ..nets.ensemble import Ensemble
from .collapse import notes_on, signs_of_collapse
from .events import Checking
from .results import GenerationRecord, GenerationScores, Outcome
from .setup import Setup
from .start import learned_before


def outcome(
    setup: Setup,
    generation: int,
    ensemble: Ensemble,
    ranking: tuple[int, ...],
    width: float,
) -> Generator[Checking, None, Outcome]:
    """Score the ensemble of a generation.

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

    Raises
    ------
    InputError
        If what a network of the ensemble says is no number.
    """
    scheme, validation = setup.data.scheme, setup.data.validation
    held_out = not _learned_from_validation(setup)
    rules: Sequence[CountRule] = rules_for(scheme, setup.object_sizes) if held_out else ()
    older = _by_an_older_version(setup, generation)
    if older is not None:
        rules = (CountRule(HALF, older.smallest_mark),)  # the count errors are compared
    teachers = yield from setup.check(ensemble, generation, rules)
    if not all(map(math.isfinite, teachers.loss)):
        raise InputError(
            f"Generation {generation}: what its networks say on the validation images is no "
            f"number; train them again, with a lower learning rate."
        )
    rule, scores = teachers.best_rule, teachers.ensemble
    masks = setup.recipe.pseudo_labels is not None and setup.labeler.masks
    record = GenerationRecord(
        generation=generation,
        ranking=ranking,
        count_error=scores.count_error,
        mean_iou=scores.mean_iou or 0.0,
        inconsistent=teachers.inconsistent,
        found=teachers.found,
        accepted=True,
        margin=scores.count_error_margin or 0.0,
        width=width,
        collapse=signs_of_collapse(teachers.behavior, scheme, masks=masks),
        notes=notes_on(teachers.behavior, scheme, masks=masks),
        confident=(
            confident_foreground(ensemble, setup.data.unlabeled, scheme)
            if setup.recipe.needs_unlabeled
            else None
        ),
        smallest_mark=None if scheme.position is None else rule.smallest_mark,
        mark_threshold=None if older is not None else rule.mark_threshold,
        smallest_objects=rule.smallest_objects,
        waists=rule.waists,
        counts_decide=scores.mcce is not None,
    )
    in_detail = GenerationScores(
        images=scores.images,
        iou=scores.iou,
        recall={name: count.recall for name, count in scores.counts.items()},
        precision={name: count.precision for name, count in scores.counts.items()},
        wrong=scores.wrong_counts,
    )
    counts = scores.complete_rows if held_out else ()
    return Outcome(record, in_detail, counts, files_of(validation))


def _by_an_older_version(setup: Setup, generation: int) -> GenerationRecord | None:
    """The record of the generation before, if a version made it that found no rule out."""
    before = setup.records.load_generation(generation - 1) if generation else None
    return before if before is not None and before.mark_threshold is None else None


def _learned_from_validation(setup: Setup) -> bool:
    """Whether the networks, or those that they go on from, may have learned from these images."""
    if setup.given and learned_before(setup.records.folder) != 0:
        return True
    return setup.data.validation_is_training


def rank(
    setup: Setup, generation: int, ensemble: Ensemble, left_out: Collection[int] = ()
) -> Generator[Checking, None, Outcome]:
    """Order networks by validation scores, and score the ensemble of the best.

    Parameters
    ----------
    setup
        The run.
    generation
        Its number.
    ensemble
        All its networks.
    left_out
        Those that were lost before they learned anything: they are in no ranking, so that there
        may be fewer teachers than the settings want.

    Raises
    ------
    InputError
        If no network is left, or as `outcome`.
    """
    learned = [member for member in range(len(ensemble)) if member not in left_out]
    if not learned:
        raise InputError(
            f"Generation {generation}: all {len(ensemble)} networks were lost before their first "
            f"epoch was complete; choose a lower learning rate, and look for images with extreme "
            f"values."
        )
    members = yield from setup.check(ensemble, generation)
    ranking = tuple(sorted(learned, key=members.quality, reverse=True))
    teachers = ensemble.select(ranking[: setup.config.teachers])
    width = setup.card_of(generation).architecture.width
    return (yield from outcome(setup, generation, teachers, ranking, width))
