"""Supervised learning: LDT, ALDT, FDT, AFDT, and every student of pseudo-labels."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.loader import Batch
from ..losses import Loss
from ..nets.ensemble import Ensemble
from .base import Losses


@dataclass(frozen=True)
class Supervised:
    """Minimize a loss between prediction and target."""

    loss: Loss

    def losses(self, ensemble: Ensemble, batch: Batch) -> Losses:
        """Compute the loss of each member on its own images."""
        logits = ensemble(batch.image)  # (E, B, K, Y, X)
        return Losses(self.loss(logits, batch.target, batch.known))  # (E,)
