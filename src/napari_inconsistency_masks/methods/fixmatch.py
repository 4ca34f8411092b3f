"""FixMatch: confident labels of a weak view teach a strong view (arXiv 2001.07685, eq. 3 and 4).

As in segmentation: per pixel, with CutMix (the baseline of UniMatch, arXiv 2208.09910, eq. 1 to 4).
The partner for CutMix comes from the same batch, which saves a forward pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..data.photometric import Jitter
from ..data.views import Views
from ..losses import Loss
from ..method_config import FixMatchConfig
from ..task import LabelScheme
from .base import Losses, Method, Step
from .cutmix import draw_boxes, paste, unimatch_box
from .guess import Guess, confident_cross_entropy


@dataclass(frozen=True)
class FixMatch(Method):
    """L = (L_x + weight * L_u) / 2, with L_u = mean CE(strong, label of weak) [confident]."""

    loss: Loss
    scheme: LabelScheme
    config: FixMatchConfig

    @property
    def views(self) -> Views:
        """A weak and a strong view."""
        return Views(strong=1, change=Jitter())

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        ensemble, batch, unlabeled = step.ensemble, step.batch, step.unlabeled
        labeled = self.loss(ensemble(batch.image), batch.target, batch.known)  # (E,)
        with torch.no_grad():
            weak = self.scheme.as_softmax(ensemble(unlabeled.weak))  # (E, U, G, N, Y, X)
        box = draw_boxes(unlabeled, unimatch_box)  # (E, U, 1, Y, X)
        guess = Guess.of(weak, unlabeled.valid).mixed(box)
        strong = ensemble(paste(unlabeled.strong[0], box))  # (E, U, K, Y, X)
        guessed = confident_cross_entropy(
            self.scheme.as_softmax(strong), guess, self.config.threshold
        )  # (E,)
        total = (labeled + self.config.weight * guessed) / 2  # (E,)
        return Losses(total, {"labeled": labeled, "guessed": guessed})
