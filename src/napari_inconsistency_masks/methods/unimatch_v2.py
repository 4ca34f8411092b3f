"""UniMatch v2: a mean teacher, two strong views with complementary channels (arXiv 2410.10777).

As in the paper, levels with equally many channels have one mask; those of a transformer all have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from ..data.batches.photometric import Jitter
from ..data.batches.views import Views
from ..losses import Loss
from ..method_config import UniMatchV2Config
from ..nets.ensemble import Ensemble
from ..task import LabelScheme
from .base import Losses, Step
from .cutmix import draw_boxes, paste, unimatch_box
from .guess import Guess, confident_cross_entropy
from .mean_teacher import MeanTeacher, decay, follow_all, teachers_of
from .perturbation import Factors, streams


@dataclass(frozen=True)
class UniMatchV2(MeanTeacher):
    """L = (L_x + (L_s1 + L_s2) / 2) / 2, labels by the teacher; the teacher is what is kept."""

    loss: Loss
    scheme: LabelScheme
    config: UniMatchV2Config

    @property
    def views(self) -> Views:
        """A weak view and two strong ones."""
        return Views(strong=2, change=Jitter())

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        ensemble, batch, unlabeled = step.ensemble, step.batch, step.unlabeled
        labeled = self.loss(ensemble(batch.image), batch.target, batch.known)  # (E,)
        with torch.no_grad():
            weak = teachers_of(ensemble, step.beside).eval()(unlabeled.weak)  # (E, U, K, Y, X)
        guess = Guess.of(self.scheme.as_softmax(weak), unlabeled.valid)  # (E, U, G, Y, X)
        boxes = [draw_boxes(unlabeled, unimatch_box) for _ in range(2)]  # (E, U, 1, Y, X)
        images = [paste(view, box) for view, box in zip(unlabeled.strong, boxes, strict=True)]
        count = unlabeled.weak.shape[1]  # U
        plan = streams(
            ensemble,
            unlabeled.rngs,
            (0, 2 * count, lambda rng: complementary(rng, count)),
        )
        strong = ensemble(torch.cat(images, 1), plan).chunk(2, 1)  # (E, U, K, Y, X) each
        first, second = (
            confident_cross_entropy(
                self.scheme.as_softmax(logits), guess.mixed(box), self.config.threshold
            )
            for logits, box in zip(strong, boxes, strict=True)
        )  # (E,) each
        parts = {"labeled": labeled, "strong 1": first, "strong 2": second}
        return Losses((labeled + (first + second) / 2) / 2, parts)

    def follow(
        self, ensemble: Ensemble, beside: Sequence[nn.Module], step: int, epoch: int
    ) -> None:
        """Let the teachers follow, running statistics included."""
        del epoch
        follow_all(beside, ensemble, decay(step, self.config.decay))


def complementary(rng: np.random.Generator, count: int) -> Factors:
    """Factors of the channels of two views of U images, ``(2U, channels)``: m, then 2 - m.

    m is 0 or 2, equally likely; it is 1 for half of the images, which keep all channels. It is the
    same for all levels with as many channels.
    """
    whole = rng.permutation(count)[: count // 2]

    @cache
    def draw(channels: int) -> Tensor:
        m = 2.0 * (rng.random((count, channels)) < 0.5)  # (U, channels)
        m[whole] = 1.0
        return torch.from_numpy(np.concatenate((m, 2 - m))).float()  # (2U, channels)

    return draw
