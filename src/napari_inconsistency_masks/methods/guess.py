"""What several methods share: guessed labels of unlabeled images, and losses against them.

Logits here are ``(E, U, G, N, Y, X)``, of G choices between N exclusive classes
(`LabelScheme.as_softmax`), so that every method is written once for all label kinds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy as torch_cross_entropy

from .cutmix import paste


@dataclass(frozen=True)
class Guess:
    """Hard labels of unlabeled images, and how sure they are.

    Attributes
    ----------
    label
        int64 ``(E, U, G, Y, X)``.
    confidence
        The highest probability, ``(E, U, G, Y, X)``.
    valid
        bool ``(E, U, 1, Y, X)``: False outside of the image.
    """

    label: Tensor
    confidence: Tensor
    valid: Tensor

    @classmethod
    def of(cls, logits: Tensor, valid: Tensor) -> Guess:
        """Take the most probable class; no gradient flows through a guess."""
        confidence, label = logits.detach().softmax(3).max(3)  # (E, U, G, Y, X) each
        return cls(label, confidence, valid)

    def mixed(self, box: Tensor, order: Tensor | None = None) -> Guess:
        """Return the guess about images that were mixed in the same way (`cutmix.paste`)."""
        return replace(
            self,
            label=paste(self.label, box, order),
            confidence=paste(self.confidence, box, order),
            valid=paste(self.valid, box, order),
        )

    def of_member(self, member: int) -> Guess:
        """Return what one member guesses, with E = 1."""
        chosen = (each[member, None] for each in (self.label, self.confidence, self.valid))
        return Guess(*chosen)

    def sure(self, threshold: float) -> Tensor:
        """Where the image is valid and the label at least that sure, ``(E, U, G, Y, X)``."""
        return (self.confidence >= threshold) & self.valid


def confident_cross_entropy(logits: Tensor, guess: Guess, threshold: float) -> Tensor:
    """Mean over all valid pixels of the cross-entropy at the sure ones, ``(E,)``.

    Pixels that are not sure count in the mean, with 0, so that little certainty teaches little.
    """
    error = cross_entropy(logits, guess.label)  # (E, U, G, Y, X)
    return mean_where(error * guess.sure(threshold), guess.valid)  # (E,)


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy of each choice, ``(E, U, G, Y, X)``, for labels of that shape."""
    flat = torch_cross_entropy(logits.flatten(0, 2), label.flatten(0, 2), reduction="none")
    error: Tensor = flat.unflatten(0, logits.shape[:3])
    return error


def mean_where(values: Tensor, where: Tensor) -> Tensor:
    """Mean of ``values`` (E, U, G, Y, X) where it counts, 0 if nowhere, ``(E,)``."""
    where = where.expand_as(values)
    total = (values * where).flatten(1).sum(1)  # (E,)
    return total / where.flatten(1).sum(1).clamp(min=1)  # (E,)


def entropy(probability: Tensor) -> Tensor:
    """Entropy of each choice, ``(E, U, G, Y, X)``, of probabilities ``(E, U, G, N, Y, X)``."""
    uncertain: Tensor = -torch.special.xlogy(probability, probability).sum(3)
    return uncertain
