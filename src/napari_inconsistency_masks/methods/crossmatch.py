"""CrossMatch: strong views, and distillation into perturbed decoders (arXiv 2405.00354, eq. 1-9).

Features of the unlabeled images are decoded three times: as they are, and with few or many of
their channels left out. The partner for CutMix comes from the same batch. For sigmoid outputs the
Dice loss is of the foreground.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..data.batches.photometric import Jitter
from ..data.batches.views import Views
from ..losses import Loss
from ..method_config import CrossMatchConfig
from ..nets.network import Network
from ..task import LabelScheme
from .base import Losses, Method, Step
from .cutmix import draw_boxes, paste, unimatch_box
from .guess import Guess
from .load import Load, decoding_again
from .perturbation import Stream, drop_channels, keep, streams

SMOOTH = 1e-4


@dataclass(frozen=True)
class CrossMatch(Method):
    """L = (L_x + L_s1 / 4 + L_s2 / 4 + L_kd / 2) / 2."""

    loss: Loss
    scheme: LabelScheme
    config: CrossMatchConfig

    @property
    def views(self) -> Views:
        """A weak view and two strong ones."""
        return Views(strong=2, change=Jitter())

    def adds(self, network: Network) -> Load:
        """Of each four images, a labeled one and three views, two views are decoded three times."""
        return decoding_again(network, 1)

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        ensemble, batch, unlabeled = step.ensemble, step.batch, step.unlabeled
        many, few = batch.image.shape[1], unlabeled.weak.shape[1]  # B, U
        boxes = [draw_boxes(unlabeled, unimatch_box) for _ in range(2)]  # (E, U, 1, Y, X)
        mixed = [paste(view, box) for view, box in zip(unlabeled.strong, boxes, strict=True)]

        def decode(images: Tensor, first: int) -> tuple[Tensor, ...]:
            """Logits of the first images, and of the last U: plain, with fewer channels, few."""
            plan = streams(
                ensemble, unlabeled.rngs, keep(0, first + few), *self._dropped(first, few)
            )
            logits: Tensor = ensemble(images, plan)  # (E, first + 3U, K, Y, X)
            x, plain, less, least = logits.split((first, few, few, few), 1)
            return x, plain, less, least

        x, w, w_weak, w_strong = decode(torch.cat((batch.image, unlabeled.weak), 1), many)
        s1, s2, s2_weak, s2_strong = decode(torch.cat(mixed, 1), few)
        plain, weak, strong = (
            Guess.of(self.scheme.as_softmax(logits), unlabeled.valid)
            for logits in (w, w_weak, w_strong)
        )
        second, eta = plain.mixed(boxes[1]), self.config.eta
        from_plain = self.dice(w_weak, plain) + self.dice(w_strong, plain)  # (E,)
        from_plain += self.dice(s2_weak, second) + self.dice(s2_strong, second)
        from_same = self.dice(s2_weak, weak.mixed(boxes[1]))  # (E,)
        from_same += self.dice(s2_strong, strong.mixed(boxes[1]))
        parts = {
            "labeled": self.loss(x, batch.target, batch.known),  # (E,)
            "strong 1": self.dice(s1, plain.mixed(boxes[0])),
            "strong 2": self.dice(s2, second),
            "distilled": (1 - eta) / 4 * from_plain + eta / 2 * from_same,
        }
        views = parts["strong 1"] / 4 + parts["strong 2"] / 4  # (E,)
        return Losses((parts["labeled"] + views + parts["distilled"] / 2) / 2, parts)

    def _dropped(self, first: int, count: int) -> tuple[Stream, Stream]:
        return (
            drop_channels(first, count, self.config.weak_dropout),
            drop_channels(first, count, self.config.strong_dropout),
        )

    def dice(self, logits: Tensor, guess: Guess) -> Tensor:
        """One minus 2 sum(p t) / (sum p^2 + sum t^2) over the sure pixels, mean of the classes.

        ``(E,)``, with sums over all images of a member.
        """
        p = self.scheme.as_softmax(logits).softmax(3)  # (E, U, G, N, Y, X)
        classes = torch.arange(p.shape[3], device=p.device)[:, None, None]  # (N, 1, 1)
        t = (guess.label.unsqueeze(3) == classes).to(p.dtype)  # (E, U, G, N, Y, X)
        sure = guess.sure(self.config.threshold).unsqueeze(3)  # (E, U, G, 1, Y, X)
        if not self.scheme.exclusive:
            p, t = p[:, :, :, 1:], t[:, :, :, 1:]  # (E, U, G, 1, Y, X)
        p, t = p * sure, t * sure
        overlap = (p * t).sum((1, 4, 5))  # (E, G, N)
        size = (p**2).sum((1, 4, 5)) + (t**2).sum((1, 4, 5))  # (E, G, N)
        return 1 - ((2 * overlap + SMOOTH) / (size + SMOOTH)).mean((1, 2))  # (E,)
