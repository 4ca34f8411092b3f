"""Inconsistency masks: what the members of an ensemble agree on, and where they do not.

What all predict becomes a label; where they differ, image and label are blanked
(arXiv 2401.14387). Axis letters: E members, C image channels, K network outputs, Y, X.
"""

from .areas import ClassAreas, measure_areas
from .consensus import Consensus, Prediction, disagreement, find_consensus, refine
from .counts import CellCounts, count_cells
from .pseudo_label import MaskedLabel, blank, pseudo_label

__all__ = [
    "CellCounts",
    "ClassAreas",
    "Consensus",
    "MaskedLabel",
    "Prediction",
    "blank",
    "count_cells",
    "disagreement",
    "find_consensus",
    "measure_areas",
    "pseudo_label",
    "refine",
]
