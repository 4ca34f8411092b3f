"""How unlabeled images get labels between generations: one file per way, and the list of them."""

from __future__ import annotations

from collections.abc import Callable

from ..config import PseudoLabelConfig
from .base import PseudoLabeler
from .best_network import BestNetwork
from .inconsistency_masks import InconsistencyMasks
from .input_ensemble import InputEnsemble
from .model_ensemble import ModelEnsemble
from .single_teacher import SingleTeacher

__all__ = [
    "PSEUDO_LABELERS",
    "BestNetwork",
    "InconsistencyMasks",
    "InputEnsemble",
    "ModelEnsemble",
    "PseudoLabeler",
    "SingleTeacher",
]

PSEUDO_LABELERS: dict[str, Callable[[PseudoLabelConfig], PseudoLabeler]] = {
    "inconsistency-masks": InconsistencyMasks,
    "model-ensemble": ModelEnsemble,
    "input-ensemble": InputEnsemble,
    "single-teacher": SingleTeacher,
    "best-network": BestNetwork,
}
"""Makes a pseudo-labeler from its config, by the name recipes use."""
