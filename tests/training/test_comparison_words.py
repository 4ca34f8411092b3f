"""What is said of old and new networks, where chance may have made the difference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_inconsistency_masks.training.comparison import NEW, OLD, Comparison, Side
from napari_inconsistency_masks.training.results import GenerationRecord, GenerationScores

SCORES = GenerationScores(images=2, iou=(0.5,), recall=(None,), precision=(None,), wrong=None)
BEFORE = GenerationRecord(0, (0, 1), 1.0, 0.50, 0.1, 0.3, accepted=True, margin=0.25)


def test_of_objects_the_count_error_is_told_and_the_iou_decides() -> None:
    old = replace(BEFORE, counts_decide=False)
    new = replace(old, generation=1, count_error=9.0, mean_iou=0.6)
    sides = Side(old, replace(SCORES, wrong={"a": 1})), Side(new, replace(SCORES, wrong={"a": 9}))
    comparison = Comparison(*sides, NEW, chosen=False, learned_from=0)
    assert comparison.rows()[0] == ("Count error (MCCE)", "1.00 ± 0.25", "9.00 ± 0.25")
    assert comparison.verdict == "The new networks are at least as good: they are used now."
    assert comparison.difference == 8


@pytest.mark.parametrize(
    ("error", "iou", "how"),
    [
        (0.5, 0.4, "better"),
        (1.5, 0.6, "worse"),
        (0.9, 0.6, "at least as good"),
        (1.2, 0.6, "at least as good"),
        (1.0, 0.4, "not better"),
        (None, 0.6, "at least as good"),
        (None, 0.4, "not better"),
    ],
)
def test_what_chance_may_have_done_is_not_called_better(
    error: float | None, iou: float, how: str
) -> None:
    old = replace(BEFORE, count_error=None, margin=0.0) if error is None else BEFORE
    new = replace(old, generation=1, count_error=error, mean_iou=iou)
    new = replace(new, accepted=not new.is_worse_than(old))
    kept = NEW if new.accepted else OLD
    comparison = Comparison(
        Side(old, SCORES), Side(new, SCORES), kept, chosen=False, learned_from=0
    )
    used = "they are used now" if new.accepted else "the old ones are still used"
    assert comparison.verdict == f"The new networks are {how}: {used}."
    other = replace(comparison, kept=OLD if kept == NEW else NEW, chosen=True)
    assert other.verdict.startswith(f"The new networks are {how}, but ")
