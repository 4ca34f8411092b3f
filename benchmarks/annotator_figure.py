"""Figure of the simulated annotator, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, log2, log10
from pathlib import Path
from typing import Any

import pandas as pd

from annotator_corrections import STRATEGIES
from annotator_table import mean_rows, to_table
from napari_inconsistency_masks.files.atomic import write_text

_COLORS = {"ours": "#0072b2", "regions": "#d55e00", "alike": "#cc79a7", "images": "#009e73"}
_CALLED = {"ours": "ranked"}
_WIDTH, _HEIGHT = 430, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 40, 48
_LEGEND = 20


def draw_figure(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw count error against corrected cells, a panel per data set; bars: one standard error."""
    means = mean_rows(to_table(rows))
    panels = [
        f'<g transform="translate({number * _WIDTH},0)">{_panel(str(name), of_data)}</g>'
        for number, (name, of_data) in enumerate(means.groupby("data"))
    ]
    shown = [name for name in _COLORS if name in set(means["strategy"])]
    legend = [
        _text(
            _LEFT,
            _HEIGHT + _LEGEND * (n + 1) - 6,
            f"{_CALLED.get(name, name)}: {STRATEGIES[name]}",
            color=_COLORS[name],
        )
        for n, name in enumerate(shown)
    ]
    write_text(
        path,
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH * len(panels)}" '
        f'height="{_HEIGHT + _LEGEND * (len(shown) + 1)}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(panels + legend)}</svg>\n',
    )


class _Axes:
    """Where numbers are in a panel: cells double from mark to mark, 0 has a place of its own."""

    def __init__(self, means: pd.DataFrame) -> None:
        cells = means[means["round"] > 0].groupby("round")["cells"].min()
        self.marks = [0, *(2 ** round(log2(number)) for number in cells)]
        error = means["se"].fillna(0)
        self.low = float((means["count_error"] - error).min())
        self.high = float((means["count_error"] + error).max())
        self._first = log2(self.marks[1]) - 1
        self._span = log2(float(means["cells"].max())) - self._first

    def x(self, cells: float) -> float:
        along = 0.0 if cells == 0 else (log2(cells) - self._first) / self._span
        return _LEFT + along * (_WIDTH - _LEFT - _RIGHT)

    def y(self, error: float) -> float:
        along = (self.high - error) / max(self.high - self.low, 1e-6)
        return _TOP + along * (_HEIGHT - _TOP - _BOTTOM)


def _panel(title: str, means: pd.DataFrame) -> str:
    axes = _Axes(means)
    bottom, middle = _HEIGHT - _BOTTOM + 18, (_WIDTH + _LEFT) / 2
    parts = [
        _text(middle, 18, f"{title}: count error per image", "middle"),
        _text(middle, bottom + 16, "corrected cells", "middle"),
    ]
    for error in _round_numbers(axes.low, axes.high):
        parts.append(_text(_LEFT - 8, axes.y(error) + 4, f"{error:g}", "end"))
        parts.append(_line(_LEFT, axes.y(error), _WIDTH - _RIGHT, axes.y(error), "#dddddd"))
    parts += [_text(axes.x(cells), bottom, f"{cells}", "middle") for cells in axes.marks]
    for name, color in _COLORS.items():
        of_strategy = means[means["strategy"] == name].sort_values("round")
        points = [
            (axes.x(row.cells), axes.y(row.count_error), axes.y(row.count_error + row.se))
            for row in of_strategy.itertuples()
        ]
        next_to_each_other = (of_strategy["round"].diff() == 1).tolist()[1:]
        parts += [
            _line(*a[:2], *b[:2], color, 2)
            for (a, b), adjacent in zip(pairwise(points), next_to_each_other, strict=True)
            if adjacent
        ]
        parts += [_line(x, top, x, 2 * y - top, color) for x, y, top in points if top == top]
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y, _ in points]
    return "".join(parts)


def _round_numbers(low: float, high: float) -> list[float]:
    """The multiples of 1, 2 or 5 times a power of ten in a range, three to six."""
    power = 10.0 ** floor(log10(high - low))
    step = next(s * power for s in (0.2, 0.5, 1, 2) if (high - low) / (s * power) <= 6)
    return [round(n * step, 10) for n in range(ceil(low / step), floor(high / step) + 1)]


def _line(x0: float, y0: float, x1: float, y1: float, color: str, width: int = 1) -> str:
    ends = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start", color: str = "black") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{color}">{words}</text>'
