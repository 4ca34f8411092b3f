"""U2PL: what an unreliable pixel surely is not (arXiv 2203.03884, eq. 1 to 13).

The published code reads lists of all classes with the number of a *present* class; here classes
keep their numbers. Features are the last ones of the decoder, at half resolution. The sure part of
pixels grows with every step, not every epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..data.batches.views import Views
from ..devices import layout
from ..losses import Loss
from ..method_config import U2plConfig
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from ..task import BLANKED, LabelScheme
from .base import Losses, Method, Step
from .contrast import Pixels, contrast, contrast_values
from .cutmix import draw_boxes, paste
from .guess import Guess, cross_entropy, entropy
from .load import Load
from .mean_teacher import decay, follow, teachers_of
from .memory import ClassMemory, memory_load


@dataclass(frozen=True)
class U2pl(Method):
    """L = L_x + L_u + weight * L_c, labels by the teacher; the teacher is what is kept."""

    loss: Loss
    scheme: LabelScheme
    config: U2plConfig

    @property
    def views(self) -> Views:
        """The weak view."""
        return Views()

    @property
    def _classes(self) -> int:
        """Q, the classes of all choices together."""
        return self.scheme.outputs * (1 if self.scheme.exclusive else 2)

    def beside(self, ensemble: Ensemble, key: tuple[int, int]) -> list[nn.Module]:
        """Make the teachers, the heads for features, and the memories."""
        modules, classes = [], self._classes
        for member, network in enumerate(ensemble.networks):
            made = ClassMemory(cast("Network", network), classes, self.config.bank, (*key, member))
            modules.append(made.to(ensemble.device, memory_format=layout(ensemble.device)))  # type: ignore[call-overload]
        return modules

    def adds(self, network: Network) -> Load:
        """A teacher like the network, heads, the memories, and what each class is compared with."""
        compared = contrast_values(self.config, self._classes)
        return memory_load(network, self._classes, self.config.bank) + Load(per_step=compared)

    def losses(self, step: Step) -> Losses:
        """Compute the losses of each member on its own images."""
        ensemble, batch, unlabeled = step.ensemble, step.batch, step.unlabeled
        memories = [cast("ClassMemory", each) for each in step.beside]
        teachers = teachers_of(ensemble, memories)
        with torch.no_grad():
            weak = self.scheme.as_softmax(teachers.eval()(unlabeled.weak))  # (E, U, G, N, Y, X)
            box = draw_boxes(unlabeled, half_box)  # (E, U, 1, Y, X)
            box = box & half_of_the_steps(unlabeled.rngs, weak.device)
            guess = Guess.of(weak, unlabeled.valid).mixed(box)
            images = torch.cat((batch.image, paste(unlabeled.weak, box)), 1)  # (E, B + U, C, Y, X)
            by_teacher, taught = teachers.train().with_heads(
                images, [m.teacher_head for m in memories]
            )
            probability = self.scheme.as_softmax(by_teacher).softmax(3)  # (E, B + U, G, N, Y, X)
        logits, features = ensemble.with_heads(images, [m.head for m in memories])
        half = [side // 2 for side in images.shape[-2:]]  # heads describe what was added, too
        features, taught = (
            [each[..., : half[0], : half[1]] for each in described]  # (B + U, D, Y / 2, X / 2)
            for described in (features, taught)
        )
        many = batch.image.shape[1]  # B
        part = self.config.unreliable * (1 - step.number / step.total)  # the paper's alpha_t, in %
        reliable, unreliable = split_by_entropy(entropy(probability[:, many:]), guess.valid, part)
        labeled = self.loss(logits[:, :many], batch.target, batch.known)  # (E,)
        guessed = self.guessed(logits[:, many:], guess, guess.valid & ~unreliable)  # (E,)
        target = self.scheme.as_choices(batch.target)  # (E, B, G, Y, X)
        known = torch.ones_like(target, dtype=torch.bool)
        known = known if batch.known is None else known & batch.known
        label = torch.cat((target, guess.label), 1)  # (E, B + U, G, Y, X)
        trusted = torch.cat((known, reliable), 1)
        doubted = torch.cat((known, unreliable), 1)
        first = BLANKED + 1 if self.scheme.exclusive else 0
        contrasts = [
            contrast(
                self.config,
                memory,
                Pixels.at_half(probability[e], label[e], trusted[e], doubted[e], many, first),
                features[e],
                taught[e],
                unlabeled.rngs[e],
            )
            for e, memory in enumerate(memories)
        ]
        parts = {"labeled": labeled, "guessed": guessed, "contrast": torch.stack(contrasts)}
        return Losses(labeled + guessed + self.config.contrast * parts["contrast"], parts)

    def guessed(self, logits: Tensor, guess: Guess, kept: Tensor) -> Tensor:
        """Mean cross-entropy of the kept pixels, times all pixels over kept ones, ``(E,)``."""
        error = cross_entropy(self.scheme.as_softmax(logits), guess.label)  # (E, U, G, Y, X)
        number = kept.sum((1, 3, 4)).clamp(min=1)  # (E, G)
        mean = (error * kept).sum((1, 3, 4)) / number  # (E, G)
        return (guess.valid.sum((1, 3, 4)) / number * mean).mean(1)  # (E,)

    def follow(
        self, ensemble: Ensemble, beside: Sequence[nn.Module], step: int, epoch: int
    ) -> None:
        """Let the teachers' weights follow; their running statistics are their own."""
        del epoch
        stays = decay(step, self.config.decay)
        for each, network in zip(beside, ensemble.networks, strict=True):
            memory = cast("ClassMemory", each)
            follow(memory.teacher, network, stays, buffers=False)
            follow(memory.teacher_head, memory.head, stays, buffers=False)

    def judged(self, ensemble: Ensemble, beside: Sequence[nn.Module]) -> Ensemble:
        """Return the teachers."""
        return teachers_of(ensemble, beside)


def split_by_entropy(values: Tensor, valid: Tensor, percent: float) -> tuple[Tensor, Tensor]:
    """Where entropy is among the lowest, and among the highest percent of valid pixels.

    Bool ``(E, U, G, Y, X)`` each, of entropies of that shape; for each member and choice.
    """
    low, high = (
        torch.zeros_like(values, dtype=torch.bool),
        torch.zeros_like(values, dtype=torch.bool),
    )
    for e in range(len(values)):
        for g in range(values.shape[2]):
            each = values[e, :, g]  # (U, Y, X)
            counted = each[valid[e, :, 0]].cpu().numpy()
            if counted.size:
                limits = np.percentile(counted, (percent, 100 - percent))
                low[e, :, g], high[e, :, g] = each <= float(limits[0]), each >= float(limits[1])
    return low & valid, high & valid


def half_box(rng: np.random.Generator, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Draw a box of half the area, its width from half to all of the image's."""
    width = int(rng.integers((shape[1] + 1) // 2, shape[1] + 1))
    height = min(shape[0], round(shape[0] * shape[1] / 2 / width))
    top = int(rng.integers(shape[0] - height + 1))
    left = int(rng.integers(shape[1] - width + 1))
    box = np.zeros(shape, np.bool_)
    box[top : top + height, left : left + width] = True
    return box


def half_of_the_steps(rngs: Sequence[np.random.Generator], device: torch.device) -> Tensor:
    """Whether each member mixes images in this step, bool ``(E, 1, 1, 1, 1)``."""
    mixes = torch.tensor([rng.random() < 0.5 for rng in rngs], device=device)
    return mixes[:, None, None, None, None]
