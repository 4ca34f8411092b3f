"""Cross-width consultation, in the manner of SegKC: an approximation (arXiv 2503.10693).

Of SegKC only the abstract and the introduction could be read: a large and a small network supervise
each other and consult each other both ways. Losses, weights and schedules are not known, and its
consultation of features is left out. What is here: cross pseudo supervision of a wide and a narrow
U-Net, and the Kullback-Leibler divergence of their predictions, both ways. The wide one is the
member that is checked and kept. What they teach each other grows from 0, as none is pretrained.
When the wide ones begin as networks that were trained before, narrow ones begin anew, as none of
these is kept; with a width of 1 they begin as others of the wide ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.batches.views import Views
from ..losses import Loss
from ..method_config import SegkcConfig
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from ..task import LabelScheme
from .base import Losses, Method, Step
from .guess import Guess, confident_cross_entropy, mean_where
from .load import Load
from .partner import let_partners_go_on, make_partners, partner_load, partners_of


@dataclass(frozen=True)
class Consultation(Method):
    """L = L_xw + L_xn + weight * (CE_wn + CE_nw) + consultation * (KL_wn + KL_nw)."""

    loss: Loss
    scheme: LabelScheme
    config: SegkcConfig
    encoder_weights: str | None = None

    @property
    def views(self) -> Views:
        """The weak view."""
        return Views()

    def beside(self, ensemble: Ensemble, key: tuple[int, int]) -> list[nn.Module]:
        """Make the narrow networks."""
        return make_partners(ensemble, self.config.narrow, key, self.encoder_weights)

    def go_on_from(self, beside: Sequence[nn.Module], trained: Sequence[nn.Module]) -> None:
        """Let the narrow networks begin as other trained ones; see `let_partners_go_on`."""
        let_partners_go_on(beside, trained)

    def adds(self, network: Network) -> Load:
        """A narrow network that learns."""
        return partner_load(network, self.config.narrow)

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each pair on its own images."""
        batch, unlabeled = step.batch, step.unlabeled
        wide, narrow = step.ensemble, partners_of(step.ensemble, step.beside)
        labeled = [self.loss(net(batch.image), batch.target, batch.known) for net in (wide, narrow)]
        logits = [
            self.scheme.as_softmax(net(unlabeled.weak)) for net in (wide, narrow)
        ]  # (E, U, G, N, Y, X) each
        crossed, consulted = zip(
            *(self.taught(logits[i], logits[1 - i], unlabeled.valid) for i in range(2)), strict=True
        )  # (E,) each
        total = torch.stack(labeled).sum(0)  # (E,)
        between = self.config.weight * torch.stack(crossed).sum(0)  # (E,)
        between = between + self.config.consultation * torch.stack(consulted).sum(0)
        total = total + step.ramp(self.config.ramp) * between
        parts = {"labeled": labeled[0], "crossed": crossed[0], "consulted": consulted[0]}
        return Losses(total, parts)

    def taught(self, student: Tensor, teacher: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy with the teacher's hard labels, and divergence from it, ``(E,)`` each."""
        guess = Guess.of(teacher, valid)  # (E, U, G, Y, X)
        crossed = confident_cross_entropy(student, guess, 0.0)  # (E,)
        p, q = teacher.detach().log_softmax(3), student.log_softmax(3)  # (E, U, G, N, Y, X)
        divergence = (p.exp() * (p - q)).sum(3)  # (E, U, G, Y, X)
        return crossed, mean_where(divergence, valid)
