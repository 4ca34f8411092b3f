"""How unlabeled images get labels between generations: one file per way, and the list of them."""

from __future__ import annotations

from collections.abc import Callable

from ..config import PseudoLabelConfig
from .base import DrawMarkers, PseudoLabeler
from .best_network import BestNetwork
from .inconsistency_masks import InconsistencyMasks
from .input_ensemble import InputEnsemble
from .markers import choose_markers
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
    "choose_markers",
]

PSEUDO_LABELERS: dict[str, Callable[[PseudoLabelConfig, DrawMarkers], PseudoLabeler]] = {
    "inconsistency-masks": InconsistencyMasks,
    "model-ensemble": ModelEnsemble,
    "input-ensemble": InputEnsemble,
    "single-teacher": SingleTeacher,
    "best-network": BestNetwork,
}
"""Makes a pseudo-labeler from its config and `choose_markers`, by the name recipes use."""
