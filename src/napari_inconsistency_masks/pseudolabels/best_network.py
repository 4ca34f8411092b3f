"""Selection: of the labels of all networks, the one that a judge likes best (paper, EvalNet)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction
from .base import FromTeachers


@dataclass(frozen=True)
class BestNetwork(FromTeachers):
    """Teach, for each image, what the network says whose label a judge scores highest.

    Images with low scores are left out. What was chosen for an image before stays unless a label
    of a later generation is scored higher.
    """

    chooses = True

    def teachers(self, ranking: tuple[int, ...], most: int) -> tuple[int, ...]:  # noqa: ARG002
        """All networks."""
        return ranking

    def candidates(self, prediction: Prediction) -> tuple[PseudoLabel, ...]:
        """Return the hard labels of each network."""
        return tuple(self.without_mask(hard, prediction.scheme) for hard in prediction.hard())

    def exercise(self, prediction: Prediction, rng: np.random.Generator) -> PseudoLabel:
        """The hard labels of one network."""
        labels = prediction.hard()
        return self.without_mask(labels[int(rng.integers(len(labels)))], prediction.scheme)
