"""Inconsistency masks: agreement becomes a label, disagreement is masked (arXiv 2401.14387)."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import PseudoLabelConfig
from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction, pseudo_label


@dataclass(frozen=True)
class InconsistencyMasks:
    """Make pseudo-labels from what all teachers agree on."""

    config: PseudoLabelConfig

    def label(self, prediction: Prediction) -> PseudoLabel:
        """Return agreement and mask."""
        made = pseudo_label(
            prediction,
            erode=self.config.erode,
            dilate=self.config.dilate,
            blank_label=self.config.blank_label,
            drop_uncertain=self.config.drop_uncertain,
            same_classes=self.config.same_classes,
        )
        return PseudoLabel(made.target, made.mask, made.kept)
