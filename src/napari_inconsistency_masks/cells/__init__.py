"""Cell positions from marker masks, markers from positions, and which state each cell is in.

Needs no network: what is counted and how, for predictions and hand-drawn labels alike. Points are
(row, column).
"""

from .discs import (
    draw_discs,
    nearest_distances,
    position_markers,
    pseudo_label_markers,
    redraw_markers,
)
from .find import UNCLEAR, Cells, assign_states, find_cells
from .marker_style import MarkerStyle
from .markers import foreground, marker_positions
from .marks import Marks, find_marks
from .morphology import dilate, erode
from .parting import Parting, part_objects
from .rules import MARK_RULES, OBJECT_SIZES, USUAL_RULE, rules_for, usual_rule
from .words import told_counts

__all__ = [
    "MARK_RULES",
    "OBJECT_SIZES",
    "UNCLEAR",
    "USUAL_RULE",
    "Cells",
    "MarkerStyle",
    "Marks",
    "Parting",
    "assign_states",
    "dilate",
    "draw_discs",
    "erode",
    "find_cells",
    "find_marks",
    "foreground",
    "marker_positions",
    "nearest_distances",
    "part_objects",
    "position_markers",
    "pseudo_label_markers",
    "redraw_markers",
    "rules_for",
    "told_counts",
    "usual_rule",
]
