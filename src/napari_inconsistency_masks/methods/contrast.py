"""U2PL's contrast between classes: pixels of one class look alike, and unlike the others'.

Eq. 5 to 13 of arXiv 2203.03884, for one member. Classes are numbered through all choices: class n
of choice g is number g N + n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, cosine_similarity, cross_entropy

from ..method_config import U2plConfig
from .memory import DIMENSIONS, ClassMemory

RANKS = (3, 20)
"""A class that is not among the three most likely ones of a pixel, but is among the twenty."""

ANCHOR = 0.3
"""Probability above which a pixel of a class stands for it."""


@dataclass(frozen=True)
class Pixels:
    """What is known of the pixels of a step, at half resolution, in the order of the features.

    Attributes
    ----------
    probability
        By the teacher, ``(P, G, N)``.
    label
        int64 ``(P, G)``, true or guessed.
    trusted
        bool ``(P, G)``: labeled, or guessed reliably.
    doubted
        bool ``(P, G)``: labeled, or guessed unreliably.
    labeled
        bool ``(P, 1)``: of labeled images.
    first
        The first class that something can be of: 1 if class 0 is that of blanked pixels.
    """

    probability: Tensor
    label: Tensor
    trusted: Tensor
    doubted: Tensor
    labeled: Tensor
    first: int = 0

    @classmethod
    def at_half(
        cls,
        probability: Tensor,
        label: Tensor,
        trusted: Tensor,
        doubted: Tensor,
        many: int,
        first: int = 0,
    ) -> Pixels:
        """From full resolution, ``(B, G, N, Y, X)`` and ``(B, G, Y, X)``; ``many`` are labeled."""
        pooled = avg_pool2d(probability.flatten(0, 1), 2)  # (B G, N, Y / 2, X / 2)
        pooled = pooled.unflatten(0, label.shape[:2])  # (B, G, N, Y / 2, X / 2)
        labeled = torch.arange(len(label), device=label.device) < many  # (B,)
        labeled = labeled[:, None, None, None]  # (B, 1, 1, 1)
        labeled = labeled.expand(-1, 1, *pooled.shape[-2:])  # (B, 1, Y / 2, X / 2)
        label, trusted, doubted = (_half(each) for each in (label, trusted, doubted))  # (P, G)
        return cls(
            probability=pooled.permute(0, 3, 4, 1, 2).flatten(0, 2),  # (P, G, N)
            label=label,
            trusted=trusted,
            doubted=doubted,
            labeled=labeled.movedim(1, -1).flatten(0, 2),  # (P, 1)
            first=first,
        )

    @property
    def classes(self) -> range:
        """The classes that something can be of, in the order of N."""
        return range(self.first, self.probability.shape[2])

    def negatives(self, g: int, n: int) -> Tensor:
        """Where the teacher is unsure, but sure that it is not class n of choice g, ``(P,)``.

        Unlabeled pixels for which the class is unlikely by its rank, and labeled ones of another
        class although it is likely. With two classes, the less likely one of an unsure pixel. Only
        the `classes` have ranks: that a pixel was blanked says nothing of what it is not.
        """
        many = len(self.classes)
        low, high = min(RANKS[0], max(1, many - 1)), min(RANKS[1], many)
        p = self.probability[:, g, self.first :]  # (P, classes)
        own, before = p[:, n - self.first, None], p[:, : n - self.first]  # (P, 1), (P, earlier)
        rank = (p > own).sum(1) + (before == own).sum(1)  # (P,)
        label = self.label[:, g]  # (P,)
        unlikely = ~self.labeled[:, 0] & (rank >= low) & (rank < high)
        mistaken = self.labeled[:, 0] & (label != n) & (label >= self.first) & (rank < low)
        return self.doubted[:, g] & (unlikely | mistaken)


def _half(values: Tensor) -> Tensor:
    """Every other row and column, ``(P, G)``, of values ``(B, G, Y, X)``."""
    rows, columns = (side // 2 * 2 for side in values.shape[-2:])
    return values[..., :rows:2, :columns:2].movedim(1, -1).flatten(0, 2)


def contrast(
    config: U2plConfig,
    memory: ClassMemory,
    pixels: Pixels,
    features: Tensor,
    taught: Tensor,
    rng: np.random.Generator,
) -> Tensor:
    """Mean InfoNCE of the classes that are present, ``()``, and remember what classes are not.

    Parameters
    ----------
    config
        Numbers of anchors and negatives, temperature.
    memory
        Is changed.
    pixels
        Labels and the teacher's probabilities.
    features, taught
        The student's and the teacher's, ``(B, D, Y / 2, X / 2)``.
    rng
        Draws anchors and negatives.
    """
    mine, other = (each.movedim(1, -1).flatten(0, 2) for each in (features, taught))  # (P, D)
    choices, outputs = pixels.probability.shape[1:]
    losses = []
    for g in range(choices):
        for n in pixels.classes:
            number = g * outputs + n
            memory.remember(number, other[pixels.negatives(g, n)], rng)
            of_class = (pixels.label[:, g] == n) & pixels.trusted[:, g]  # (P,)
            if not of_class.any():
                continue
            anchors = (of_class & (pixels.probability[:, g, n] > ANCHOR)).nonzero()[:, 0]
            if not len(anchors) or not memory.count[number]:
                losses.append(features.new_zeros((), dtype=torch.float32))
                continue
            drawn = rng.integers(len(anchors), size=config.anchors)
            anchor = mine[anchors[torch.from_numpy(drawn).to(anchors.device)]].float()  # (A, D)
            positive = other[of_class].float().mean(0, keepdim=True)  # (1, D)
            negative = memory.recall(number, config.anchors * config.negatives, rng)
            negative = negative.unflatten(0, (config.anchors, config.negatives))  # (A, M, D)
            losses.append(info_nce(anchor, positive, negative, config.temperature))
    return torch.stack(losses).mean() if losses else features.new_zeros((), dtype=torch.float32)


def contrast_values(config: U2plConfig, classes: int) -> int:
    """About how many numbers `contrast` keeps for its gradients: twice all that is compared."""
    return 2 * classes * config.anchors * (1 + config.negatives) * DIMENSIONS


def info_nce(anchor: Tensor, positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
    """Mean of -log of the softmax of the positive's cosine similarity among the negatives', ``()``.

    Anchors ``(A, D)``, one positive ``(1, D)``, negatives ``(A, M, D)``.
    """
    candidates = torch.cat((positive.expand(len(anchor), 1, -1), negative), 1)  # (A, 1 + M, D)
    similarity = cosine_similarity(anchor[:, None], candidates, dim=2)  # (A, 1 + M)
    first = torch.zeros(len(anchor), dtype=torch.int64, device=anchor.device)
    return cross_entropy(similarity / temperature, first)
