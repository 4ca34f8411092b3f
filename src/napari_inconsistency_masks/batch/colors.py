"""Colors of classes that read on light and dark paper, and on images."""

from __future__ import annotations

COLORS = (
    *("#009e73", "#d55e00", "#0072b2", "#cc79a7", "#e69f00"),
    *("#56b4e9", "#b40f3c", "#7869c3", "#879600", "#a5875a", "#5ab4b4", "#784b78"),
)
"""The first ones are told apart by people with any color vision (Okabe and Ito)."""


def color_of(number: int) -> str:
    """The color of the class with this number, counted from 0."""
    return COLORS[number % len(COLORS)]
