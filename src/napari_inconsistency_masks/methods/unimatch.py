"""UniMatch: FixMatch with two strong views, and one with perturbed features (arXiv 2208.09910).

Eq. 4 to 8 of the paper, with the weights of its published code. The partner for CutMix comes from
the same batch, so that all views share one weak prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..data.batches.photometric import Jitter
from ..data.batches.views import Views
from ..losses import Loss
from ..method_config import UniMatchConfig
from ..nets.network import Network
from ..task import LabelScheme
from .base import Losses, Method, Step
from .cutmix import draw_boxes, paste, unimatch_box
from .guess import Guess, confident_cross_entropy
from .load import Load, decoding_again
from .perturbation import drop_channels, keep, streams


@dataclass(frozen=True)
class UniMatch(Method):
    """L = (L_x + L_s1 / 4 + L_s2 / 4 + L_fp / 2) / 2, each L as FixMatch's L_u."""

    loss: Loss
    scheme: LabelScheme
    config: UniMatchConfig

    @property
    def views(self) -> Views:
        """A weak view and two strong ones."""
        return Views(strong=2, change=Jitter())

    def adds(self, network: Network) -> Load:
        """Of each four images, a labeled one and three views, the weak view is decoded twice."""
        return decoding_again(network, 1 / 4)

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        batch, unlabeled, threshold = step.batch, step.unlabeled, self.config.threshold
        many, few = batch.image.shape[1], unlabeled.weak.shape[1]  # B, U
        both = torch.cat((batch.image, unlabeled.weak), 1)  # (E, B + U, C, Y, X)
        plan = streams(
            step.ensemble,
            unlabeled.rngs,
            keep(0, many + few),
            drop_channels(many, few, self.config.dropout),
        )
        logits = step.ensemble(both, plan)  # (E, B + 2U, K, Y, X)
        x, weak, perturbed = logits.split((many, few, few), 1)
        guess = Guess.of(self.scheme.as_softmax(weak), unlabeled.valid)  # (E, U, G, Y, X)
        boxes = [draw_boxes(unlabeled, unimatch_box) for _ in range(2)]  # (E, U, 1, Y, X)
        images = [paste(view, box) for view, box in zip(unlabeled.strong, boxes, strict=True)]
        strong = step.ensemble(torch.cat(images, 1)).chunk(2, 1)  # (E, U, K, Y, X) each

        def guessed(logits: torch.Tensor, guess: Guess) -> torch.Tensor:
            return confident_cross_entropy(self.scheme.as_softmax(logits), guess, threshold)  # (E,)

        parts = {
            "labeled": self.loss(x, batch.target, batch.known),  # (E,)
            "strong 1": guessed(strong[0], guess.mixed(boxes[0])),
            "strong 2": guessed(strong[1], guess.mixed(boxes[1])),
            "features": guessed(perturbed, guess),
        }
        views = parts["strong 1"] / 4 + parts["strong 2"] / 4  # (E,)
        return Losses((parts["labeled"] + views + parts["features"] / 2) / 2, parts)
