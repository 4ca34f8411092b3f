"""Consistency loss: two changed views of an image should look the same to the network.

The paper's CL (study B; the reference's ``train_*_consistency_loss``). There, passes over the
labeled and the unlabeled images alternate, each with optimizer steps of its own, and training goes
on from a network that has learned from the labels. Here both are learned in every step, from new
networks.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..config import AugmentConfig
from ..data.batches.photometric import PaperNoise
from ..data.batches.views import Views
from ..losses import Loss
from ..method_config import ConsistencyConfig
from ..task import LabelScheme
from .base import Losses, Method, Step
from .guess import mean_where

STRENGTHS = {
    "low": AugmentConfig(contrast=0.15, brightness=10, blur=1, noise=10),
    "mid": AugmentConfig(contrast=0.3, brightness=17, blur=2, noise=17),
    "high": AugmentConfig(contrast=0.5, brightness=25, blur=3, noise=25),
}
"""The reference's, for HeLa images."""


@dataclass(frozen=True)
class Consistency(Method):
    """L = L_x + weight * mean (p1 - p2)^2, with gradients through both views."""

    loss: Loss
    scheme: LabelScheme
    config: ConsistencyConfig

    @property
    def views(self) -> Views:
        """Two views of the same flips and turns, changed independently."""
        return Views(strong=2, change=PaperNoise(STRENGTHS[self.config.strength]))

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        batch, unlabeled = step.batch, step.unlabeled
        labeled = self.loss(step.ensemble(batch.image), batch.target, batch.known)  # (E,)
        views = [step.ensemble(view) for view in unlabeled.strong]  # (E, U, K, Y, X) each
        difference = self.difference(views[0], views[1], unlabeled.valid)  # (E,)
        total = labeled + self.config.weight * difference  # (E,)
        return Losses(total, {"labeled": labeled, "consistency": difference})

    def difference(self, one: Tensor, other: Tensor, valid: Tensor) -> Tensor:
        """Mean squared difference of the probabilities, ``(E,)``."""
        first, second = map(self.scheme.probability, (one, other))
        return mean_where((first - second) ** 2, valid)  # (E,)
