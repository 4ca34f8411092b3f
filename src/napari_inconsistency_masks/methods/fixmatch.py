"""FixMatch: confident labels of a weak view teach a strong view (arXiv 2001.07685, eq. 3 and 4).

As in segmentation: per pixel, with CutMix (the baseline of UniMatch, arXiv 2208.09910, eq. 1 to 4).
The partner for CutMix comes from the same batch, which saves a forward pass. If wanted, a mean
teacher labels the weak view instead of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..data.batches.photometric import Jitter
from ..data.batches.views import Views
from ..losses import Loss
from ..method_config import FixMatchConfig
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from ..task import LabelScheme
from .base import Losses, Method, Step
from .cutmix import draw_boxes, paste, unimatch_box
from .guess import Guess, confident_cross_entropy
from .load import Load, following
from .mean_teacher import Follower, decay, follow_all, teachers_of


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

    def beside(self, ensemble: Ensemble, key: tuple[int, int]) -> list[nn.Module]:
        """Make the teachers, if there are to be some."""
        if not self.config.teacher:
            return super().beside(ensemble, key)
        return [Follower(network) for network in ensemble.networks]

    def adds(self, network: Network) -> Load:
        """A teacher like the network, if there is to be one."""
        return following(network) if self.config.teacher else Load()

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        ensemble, batch, unlabeled = step.ensemble, step.batch, step.unlabeled
        labeled = self.loss(ensemble(batch.image), batch.target, batch.known)  # (E,)
        labels = teachers_of(ensemble, step.beside).eval() if self.config.teacher else ensemble
        with torch.no_grad():
            weak = self.scheme.as_softmax(labels(unlabeled.weak))  # (E, U, G, N, Y, X)
        box = draw_boxes(unlabeled, unimatch_box)  # (E, U, 1, Y, X)
        guess = Guess.of(weak, unlabeled.valid).mixed(box)
        strong = ensemble(paste(unlabeled.strong[0], box))  # (E, U, K, Y, X)
        guessed = confident_cross_entropy(
            self.scheme.as_softmax(strong), guess, self.config.threshold
        )  # (E,)
        total = (labeled + self.config.weight * guessed) / 2  # (E,)
        return Losses(total, {"labeled": labeled, "guessed": guessed})

    def follow(
        self, ensemble: Ensemble, beside: Sequence[nn.Module], step: int, epoch: int
    ) -> None:
        """Let the teachers follow, running statistics included."""
        del epoch
        if self.config.teacher:
            follow_all(beside, ensemble, decay(step, self.config.teacher))

    def judged(self, ensemble: Ensemble, beside: Sequence[nn.Module]) -> Ensemble:
        """Return the teachers, or the networks if there are none."""
        return teachers_of(ensemble, beside) if self.config.teacher else ensemble
