"""Inconsistency masks: agreement becomes a label, disagreement is masked (arXiv 2401.14387)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction, pseudo_label
from .base import FromTeachers

SIDES = (0, 3, 5)
"""Squares that shrink and grow the masks an EvalNet learns from (reference, IM++)."""


@dataclass(frozen=True)
class InconsistencyMasks(FromTeachers):
    """Make pseudo-labels from what all teachers agree on."""

    masks = True
    compares = True

    def candidates(self, prediction: Prediction) -> tuple[PseudoLabel, ...]:
        """Return agreement and mask."""
        made = pseudo_label(
            prediction,
            erode=self.config.erode,
            dilate=self.config.dilate,
            blank_label=self.config.blank_label,
            drop_uncertain=self.config.drop_uncertain,
            same_classes=self.config.same_classes,
            draw_markers=self.draw_markers,
        )
        return (PseudoLabel(made.target, made.mask, made.kept),)

    def exercise(self, prediction: Prediction, rng: np.random.Generator) -> PseudoLabel:
        """Agreement of two or more networks, with a mask that is shrunk and grown at random."""
        erode, dilate = (int(side) for side in rng.choice(SIDES, 2))
        other = replace(self, config=replace(self.config, erode=erode, dilate=dilate))
        return FromTeachers.exercise(other, prediction, rng)
