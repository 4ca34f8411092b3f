"""Supervised learning: LDT, ALDT, FDT, AFDT, and every student of pseudo-labels."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses import Loss
from .base import Losses, Method, Step


@dataclass(frozen=True)
class Supervised(Method):
    """Minimize a loss between prediction and target."""

    loss: Loss

    def losses(self, step: Step) -> Losses:
        """Compute the loss of each member on its own images."""
        logits = step.ensemble(step.batch.image)  # (E, B, K, Y, X)
        return Losses(self.loss(logits, step.batch.target, step.batch.known))  # (E,)
