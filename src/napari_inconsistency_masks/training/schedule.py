"""What grows from one generation to the next: width, noise, blur, brightness, copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..config import AugmentConfig

MOST_COPIES = 5
"""Copies of the best pseudo-labels (reference, IM++)."""

MOST_GROWTH = 1.0
"""Largest difference in width that growing makes: the reference goes from 0.5 to 1.5, or 1 to 2."""


@dataclass(frozen=True)
class Schedule:
    """How the students of a generation, and what they learn from, differ from those before.

    The tables of the reference, which differ per data set, are all the same shares of that data
    set's strongest augmentation; see `strength`. Here the strongest is the config's, reached in
    the last generation, whatever their number.

    Attributes
    ----------
    grows
        Whether pseudo-labeled images are changed (one changed copy each, in place of the image),
        from generation to generation more.
    width_step
        What each generation after the first with pseudo-labels is wider.
    originals
        Whether the unchanged images are trained on as well.
    by_score
        Whether an image has more copies the better its pseudo-label is judged.
    """

    grows: bool = False
    width_step: float = 0.0
    originals: bool = False
    by_score: bool = False

    def width(self, base: float, generation: int) -> float:
        """Width of the networks of a generation; 0 and 1 have the ``base``."""
        return base + min(MOST_GROWTH, self.width_step * max(0, generation - 1))

    def strength(
        self, strongest: AugmentConfig, generation: int, generations: int
    ) -> AugmentConfig | None:
        """How strongly the pseudo-labeled images of a generation are changed, None for not.

        With 5 generations and the paper's strongest values this is its table: noise 5 to 25 or 3
        to 15, brightness 3 to 15, contrast 0.1 0.1 0.2 0.2 0.3 or 0.1 to 0.5, blur 0 1 1 2 3 or
        0 0 0 0 1. (For Cityscapes its first two contrasts are half of these.)

        Parameters
        ----------
        strongest
            In the last generation.
        generation, generations
            Number of this one, beginning with 1, and of the last one.
        """
        if not self.grows:
            return None
        if generation >= generations:
            return strongest
        share = generation / generations
        return AugmentConfig(
            contrast=_tenths(share * strongest.contrast),
            brightness=round(share * strongest.brightness),
            blur=math.floor(share * strongest.blur),
            noise=round(share * strongest.noise),
        )

    def copies(self, scores: Sequence[float | None], low: float, high: float) -> list[int]:
        """How many changed copies each pseudo-labeled image has, from the scores of its label."""
        if not self.by_score:
            return [1] * len(scores)
        return [1 if score is None else copies_for(score, low, high) for score in scores]


SCHEDULES = {
    "constant": Schedule(),
    "growing": Schedule(grows=True, width_step=0.25),
    "growing-with-originals": Schedule(grows=True, width_step=0.25, originals=True),
    "growing-by-score": Schedule(grows=True, width_step=0.25, by_score=True),
    "growing-by-score-with-originals": Schedule(
        grows=True, width_step=0.25, originals=True, by_score=True
    ),
}
"""All schedules, by the name recipes use."""


def copies_for(score: float, low: float, high: float) -> int:
    """Copies of an image whose pseudo-label has a score: 1 up to ``low``, 5 from ``high`` on.

    The reference's rule for IM++; its golden file is reproduced. Where a person chose a ``low``
    that is above ``high``, which may come from the scores, it counts.
    """
    if score <= low:
        return 1
    if score > high:
        return MOST_COPIES
    return min(MOST_COPIES, 1 + int((score - low) / ((high - low) / MOST_COPIES)))


def _tenths(contrast: float) -> float:
    """Rounded as in the table of the reference, but never to none, nor to 1, which is too much."""
    rounded = round(contrast, 1)
    return rounded if 0 < rounded < 1 else contrast
