"""iMAS: views as hard as an image is easy (arXiv 2211.11335, eq. 4 to 9).

An image on which student and teacher agree and are sure (gamma near 1) gets strong views and counts
fully; one on which they do not is left almost as it is and counts little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..data.batches.photometric import TwoOperations
from ..data.batches.views import Unlabeled, Views
from ..losses import Loss
from ..method_config import ImasConfig
from ..nets.ensemble import Ensemble
from ..task import LabelScheme
from .base import Losses, Step
from .cutmix import paste
from .guess import Guess, cross_entropy
from .mean_teacher import MeanTeacher, decay, follow_all, teachers_of


@dataclass(frozen=True)
class Imas(MeanTeacher):
    """L = L_x + weight * L_u, labels by the teacher; the teacher is what is kept."""

    loss: Loss
    scheme: LabelScheme
    config: ImasConfig

    @property
    def views(self) -> Views:
        """A weak and a strong view."""
        return Views(strong=1, change=TwoOperations())

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        ensemble, batch, unlabeled = step.ensemble, step.batch, step.unlabeled
        with torch.no_grad():
            teachers = teachers_of(ensemble, step.beside).eval()
            by_teacher = self._guess(teachers, unlabeled)
            by_student = self._guess(ensemble.eval(), unlabeled)
            ensemble.train()
            gamma = self.easiness(by_teacher, by_student)  # (E, U)
            part = gamma[:, :, None, None, None]  # (E, U, 1, 1, 1)
            strong = unlabeled.weak + part * (unlabeled.strong[0] - unlabeled.weak)
            mixing = [e for e, rng in enumerate(unlabeled.rngs) if rng.random() < gamma[e].mean()]
        labeled = self.loss(ensemble(batch.image), batch.target, batch.known)  # (E,)
        intense = self.guessed(ensemble(strong), by_teacher, gamma)  # (E,)
        views = list(intense)  # () each
        for e in mixing:
            views[e] = (views[e] + self._mixed(step, e, by_teacher.of_member(e), gamma[e])) / 2
        guessed = torch.stack(views)  # (E,)
        total = labeled + self.config.weight * guessed  # (E,)
        return Losses(total, {"labeled": labeled, "guessed": guessed, "gamma": gamma.mean(1)})

    def _guess(self, ensemble: Ensemble, unlabeled: Unlabeled) -> Guess:
        return Guess.of(self.scheme.as_softmax(ensemble(unlabeled.weak)), unlabeled.valid)

    def easiness(self, teacher: Guess, student: Guess) -> Tensor:
        """The paper's gamma of each image, ``(E, U)``: 1 is easy.

        (IoU_t r_t + IoU_s r_s) / 2, with r the part of the image that is sure, and IoU between the
        two labels, weighted by how often a class is in the one of the teacher or the student. An
        image on which nothing is found has 0.
        """
        t, s = (self._classes(guess) for guess in (teacher, student))  # (E, U, foreground, Y, X)
        both = (t & s).sum((-2, -1))  # (E, U, foreground)
        either = (t | s).sum((-2, -1)).clamp(min=1)  # (E, U, foreground)
        gamma = torch.zeros(both.shape[:2], device=both.device)  # (E, U)
        for guess, found in ((teacher, t), (student, s)):
            often = found.sum((-2, -1)).float()  # (E, U, foreground)
            weight = often / often.sum(2, keepdim=True).clamp(min=1)  # (E, U, foreground)
            iou = (weight * both / either).sum(2)  # (E, U)
            pixels = guess.valid.expand_as(guess.label).sum((2, 3, 4)).clamp(min=1)  # (E, U)
            sure = guess.sure(self.config.threshold).sum((2, 3, 4)) / pixels  # (E, U)
            gamma += iou * sure / 2
        return gamma

    def _classes(self, guess: Guess) -> Tensor:
        """Where each class but the first of a choice is found, ``(E, U, foreground, Y, X)``."""
        most = self.scheme.outputs if self.scheme.exclusive else 2
        found = [(guess.label == number) & guess.valid for number in range(1, most)]
        return torch.cat(found, 2)

    def _mixed(self, step: Step, member: int, guess: Guess, gamma: Tensor) -> Tensor:
        """Loss of one member on CutMix of easy with hard images, ``()``."""
        weak = step.unlabeled.weak[member, None]  # (1, U, C, Y, X)
        boxes = side_boxes(step.unlabeled.rngs[member], weak.shape[1], weak.shape[-2:])
        box = torch.from_numpy(boxes).to(weak.device)[None, :, None]  # (1, U, 1, Y, X)
        order = opposite(gamma)[None]  # (1, U)
        logits = step.ensemble.select([member])(paste(weak, box, order))  # (1, U, K, Y, X)
        return self.guessed(logits, guess.mixed(box, order), gamma[None])[0]

    def guessed(self, logits: Tensor, guess: Guess, gamma: Tensor) -> Tensor:
        """Mean over the images of gamma times the mean of all pixels, ``(E,)``."""
        error = cross_entropy(self.scheme.as_softmax(logits), guess.label)  # (E, U, G, Y, X)
        error = error * guess.sure(self.config.threshold)
        pixels = guess.valid.expand_as(error).sum((2, 3, 4)).clamp(min=1)  # (E, U)
        return (gamma * error.sum((2, 3, 4)) / pixels).mean(1)  # (E,)

    def follow(
        self, ensemble: Ensemble, beside: Sequence[nn.Module], step: int, epoch: int
    ) -> None:
        """Let the teachers follow, running statistics included; in the first epoch at once."""
        follow_all(beside, ensemble, decay(step, self.config.decay) if epoch else 0.0)


def opposite(gamma: Tensor) -> Tensor:
    """The partner of each image, ``(U,)``: the easiest with the hardest, and so on inwards."""
    rank = gamma.argsort(stable=True)  # (U,)
    return torch.empty_like(rank).scatter_(0, rank, rank.flip(0))


def side_boxes(rng: np.random.Generator, count: int, shape: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Draw a box per image, bool ``(U, Y, X)``: one size for all, 0.1 to 0.9 of the sides.

    Centers are anywhere but in the first sixteenth; what is outside of the image is cut off.
    """
    part = rng.uniform(0.1, 0.9)
    boxes = np.zeros((count, *shape), np.bool_)
    for box in boxes:
        spans = []
        for side in shape:
            half, center = int(side * part) // 2, int(rng.integers(side // 16, side))
            spans.append(slice(max(0, center - half), min(side, center + half)))
        box[tuple(spans)] = True
    return boxes
