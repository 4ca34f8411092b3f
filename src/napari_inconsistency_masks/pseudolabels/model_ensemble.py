"""Model ensemble: the teachers' common answer for every pixel, nothing left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction
from ..task import Task
from .base import FromTeachers


@dataclass(frozen=True)
class ModelEnsemble(FromTeachers):
    """Teach what the teachers say together.

    As in the reference: what all of them find if binary, else the mean of their probabilities.
    """

    def candidates(self, prediction: Prediction) -> tuple[PseudoLabel, ...]:
        """Return the common answer."""
        scheme = prediction.scheme
        if scheme.task is Task.BINARY:
            channels = np.logical_and.reduce(prediction.hard())  # (1, Y, X)
        else:
            channels = scheme.harden(prediction.mean())  # (K, Y, X)
        return (self.without_mask(channels, scheme),)
