"""Colors that people with any color vision tell apart, also on gray images.

The first classes: Okabe and Ito (2008), from those easiest to see on gray. Further ones: each the
color that differs most (CIEDE2000) from all before it. The inconsistency mask has a color of its
own that no class gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

CLASS_COLORS = (
    *("#56B4E9", "#E69F00", "#F0E442", "#009E73", "#D55E00", "#0072B2", "#FFFFFF"),
    *("#B40F3C", "#7800F0", "#695A00", "#00FF69", "#00FFFF", "#FF8787", "#879600", "#00690F"),
    *("#B4A5FF", "#006969", "#784B78", "#FFC3E1", "#C3E1B4", "#874B2D", "#FFD2B4", "#7869C3"),
)
MASK_COLOR = "#FF33CC"
UNCLEAR_COLOR = "#BBBBBB"

SYMBOLS = ("disc", "cross", "diamond", "triangle_up", "square", "star", "hbar")
"""Of cells per state, so that color is not the only difference; `UNCLEAR_SYMBOL` for the rest."""

UNCLEAR_SYMBOL = "ring"


def class_color(index: int) -> str:
    """The color of the class with this number, counted from 0."""
    return CLASS_COLORS[index % len(CLASS_COLORS)]


def class_colors(names: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """A color per class: the one a person chose for that name, else the one of its number."""
    return {name: chosen.get(name, class_color(number)) for number, name in enumerate(names)}


def state_symbol(index: int) -> str:
    """The napari symbol of cells in the state with this number; those below 0 are unclear."""
    return UNCLEAR_SYMBOL if index < 0 else SYMBOLS[index % len(SYMBOLS)]
