"""How unlabeled images get labels between generations."""

from __future__ import annotations

from typing import Protocol

from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction


class PseudoLabeler(Protocol):
    """Makes a label of what the teachers predict for one image."""

    def label(self, prediction: Prediction) -> PseudoLabel:
        """Return the pseudo-label; its ``keep`` says whether to train on it."""
        ...
