"""Input ensemble: one teacher looks at several changed versions of the image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..cells import erode
from ..config import AugmentConfig
from ..data.batches.transforms import Change, draw
from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction
from ..task import Task
from .base import FromTeachers

STRENGTH = AugmentConfig(contrast=0.3, brightness=15, blur=1, noise=15)
"""Of the versions: the reference's for all but binary data, which it changes more strongly."""

LEAST_SIDE = 5
"""A binary image counts only if a square of this side fits into what is found (reference)."""


@dataclass(frozen=True)
class InputEnsemble(FromTeachers):
    """Teach what the best teacher finds in all versions, or if multi-class on average.

    Each version is made of the image itself; in the reference, each of the version before. Flips
    and turns are undone in the answers.
    """

    def teachers(self, ranking: tuple[int, ...], most: int) -> tuple[int, ...]:  # noqa: ARG002
        """The best one."""
        return ranking[:1]

    def views(self, rng: np.random.Generator, *, free_rotation: bool) -> tuple[Change, ...]:
        """Flipped, turned, brightened, blurred and noisy versions."""
        return tuple(
            draw(rng, STRENGTH, free_rotation=free_rotation) for _ in range(self.config.views)
        )

    def candidates(self, prediction: Prediction) -> tuple[PseudoLabel, ...]:
        """Return the answer common to all versions."""
        scheme = prediction.scheme
        if scheme.exclusive:
            return (self.without_mask(scheme.harden(prediction.mean()), scheme),)
        binary = scheme.task is Task.BINARY
        channels = np.logical_and.reduce(prediction.hard(at_least_half=binary))  # (K, Y, X)
        label = self.without_mask(channels, scheme)
        if binary and self.config.drop_uncertain:
            label = replace(label, keep=bool(erode(channels, LEAST_SIDE).any()))
        return (label,)
