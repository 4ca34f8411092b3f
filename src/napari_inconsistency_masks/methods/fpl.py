"""FPL, fuzzy positive learning: a set of plausible classes per pixel (arXiv 2210.08519, eq. 4-10).

In cross pseudo supervision (CPS): two networks with other first weights teach each other on CutMix
images. With sigmoid outputs there are two classes, so that the set has always one: what is left is
CPS weighted by confidence. The first network of each pair is the member that is checked and kept.
Networks here are not pretrained, so the weight of what they teach each other grows from 0. When
members begin as networks that were trained before, so do the second ones, as others of these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..data.batches.views import Views
from ..losses import Loss
from ..method_config import FplConfig
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from ..task import LabelScheme
from .base import Losses, Method, Step
from .cutmix import draw_boxes, paste
from .guess import Guess, cross_entropy, mean_where
from .load import Load
from .partner import let_partners_go_on, make_partners, partner_load, partners_of

CONSIDERED = 4
"""Most probable classes that are looked at."""

SHARPNESS = 50.0
"""Of the weight's logarithm."""


@dataclass(frozen=True)
class Fpl(Method):
    """L = L_x1 + L_x2 + weight * (L_fpl12 + L_fpl21)."""

    loss: Loss
    scheme: LabelScheme
    config: FplConfig
    encoder_weights: str | None = None

    @property
    def views(self) -> Views:
        """The weak view."""
        return Views()

    def beside(self, ensemble: Ensemble, key: tuple[int, int]) -> list[nn.Module]:
        """Make the second networks."""
        return make_partners(ensemble, 1.0, key, self.encoder_weights)

    def go_on_from(self, beside: Sequence[nn.Module], trained: Sequence[nn.Module]) -> None:
        """Let the second networks begin as other trained ones; see `let_partners_go_on`."""
        let_partners_go_on(beside, trained)

    def adds(self, network: Network) -> Load:
        """A second network that learns."""
        return partner_load(network, 1.0)

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each pair on its own images."""
        batch, unlabeled = step.batch, step.unlabeled
        pair = (step.ensemble, partners_of(step.ensemble, step.beside))
        labeled = [
            self.loss(net(batch.image), batch.target, batch.known) for net in pair
        ]  # (E,) each
        with torch.no_grad():
            weak = [
                self.scheme.as_softmax(net(unlabeled.weak)) for net in pair
            ]  # (E, U, G, N, Y, X) each
        box = draw_boxes(unlabeled, three_boxes)  # (E, U, 1, Y, X)
        image, valid = paste(unlabeled.weak, box), paste(unlabeled.valid, box)
        mixed = [self.scheme.as_softmax(net(image)) for net in pair]  # (E, U, G, N, Y, X) each
        taught = [paste(logits, box.unsqueeze(2)) for logits in weak]  # (E, U, G, N, Y, X) each
        fuzzy = [
            self.fuzzy(mixed[student], taught[1 - student], valid) for student in range(2)
        ]  # (E,) each
        weight = self.config.weight * step.ramp(self.config.ramp)
        total = labeled[0] + labeled[1] + weight * (fuzzy[0] + fuzzy[1])  # (E,)
        return Losses(total, {"labeled": labeled[0], "fuzzy": fuzzy[0]})

    def fuzzy(self, student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
        """The loss against the teacher's plausible classes, ``(E,)``, of logits of both.

        Its value is that of the cross-entropy with the teacher's hard labels, its gradient is its
        own.
        """
        likely, weight = plausible(
            teacher.softmax(3), self.config.threshold
        )  # weight: (E, U, G, Y, X)
        inside = (-student).masked_fill(~likely, -torch.inf).logsumexp(3)  # (E, U, G, Y, X)
        outside = student.masked_fill(likely, -torch.inf).logsumexp(3)  # (E, U, G, Y, X)
        loss = mean_where(weight * softplus(inside + outside), valid)  # (E,)
        hard = Guess.of(teacher, valid)
        plain = mean_where(cross_entropy(student.detach(), hard.label), valid)  # (E,)
        return loss * plain / loss.detach().clamp(min=1e-12)


def plausible(probability: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """The plausible classes of each pixel, and its weight.

    The m most probable classes, m the smallest number for which these and the next hold the
    threshold. The weight is small where the first class left out is as likely as those within.

    Parameters
    ----------
    probability
        ``(E, U, G, N, Y, X)``.
    threshold
        Of their sum.

    Returns
    -------
    likely : bool, like ``probability``
    weight : ``(E, U, G, Y, X)``, 0 to 1
    """
    most = min(CONSIDERED, probability.shape[3])
    p, classes = probability.topk(most, 3)  # (E, U, G, most, Y, X)
    sums = p.cumsum(3)[:, :, :, 1:]  # (E, U, G, most - 1, Y, X): of the first m + 1
    m = (sums < threshold).sum(3, keepdim=True).clamp(max=most - 2)  # m - 1, (E, U, G, 1, Y, X)
    rank = torch.arange(most, device=p.device)[:, None, None]  # (most, 1, 1)
    likely = torch.zeros_like(probability, dtype=torch.bool).scatter_(3, classes, rank <= m)
    mean = sums.gather(3, m) / (m + 2)  # (E, U, G, 1, Y, X)
    left_out = p.gather(3, m + 1)  # (E, U, G, 1, Y, X)
    weight = torch.log1p(SHARPNESS * (mean - left_out)) / torch.log1p(SHARPNESS * mean)
    return likely, weight.clamp(max=1).squeeze(3)


def three_boxes(rng: np.random.Generator, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Draw three boxes, each of a third of a quarter to a half of the area, of random sides."""
    box = np.zeros(shape, np.bool_)
    for part in rng.uniform(0.25, 0.5, 3):
        tall = part ** rng.uniform()  # between the part and all of the height
        height = round(tall * shape[0] / math.sqrt(3))
        width = round(part / tall * shape[1] / math.sqrt(3))
        top = int(rng.integers(shape[0] - height + 1))
        left = int(rng.integers(shape[1] - width + 1))
        box[top : top + height, left : left + width] = True
    return box
