"""How unlabeled images get labels between generations: one file per way, and the list of them."""

from __future__ import annotations

from collections.abc import Callable

from ..config import PseudoLabelConfig
from .base import PseudoLabeler
from .inconsistency_masks import InconsistencyMasks

PSEUDO_LABELERS: dict[str, Callable[[PseudoLabelConfig], PseudoLabeler]] = {
    "inconsistency-masks": InconsistencyMasks,
}
"""Makes a pseudo-labeler from its config, by the name recipes use."""
