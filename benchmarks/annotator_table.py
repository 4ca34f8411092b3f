"""Table and figure of the simulated annotator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from napari_inconsistency_masks.files.atomic import write_text

_COLORS = {"ours": "#0072b2", "regions": "#d55e00", "images": "#009e73", "none": "#777777"}
_WIDTH, _HEIGHT, _MARGIN = 420, 260, 48


def mean_rows(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Mean and standard error over the seeds, per data set, strategy and round."""
    table = pd.DataFrame(rows).drop(columns="corrections")
    start = table[(table["strategy"] == "none") & (table["round"] == 0)]
    others = [name for name in table["strategy"].unique() if name != "none"]
    table = pd.concat([table, *(start.assign(strategy=name) for name in others)])
    groups = table.groupby(["data", "strategy", "round"])
    means = groups.mean(numeric_only=True).drop(columns="seed")
    means["seeds"] = groups.size()
    means["error of mean"] = groups["count_error"].sem()
    return means.reset_index()


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print the means as a Markdown table."""
    means = mean_rows(rows).dropna(axis="columns", how="all")
    say = Console(width=250, highlight=False).print
    say("| " + " | ".join(means.columns) + " |", markup=False)
    say("|---" * len(means.columns) + "|", markup=False)
    for row in means.itertuples(index=False):
        cells = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in row]
        say("| " + " | ".join(cells) + " |", markup=False)


def draw_figure(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw count error against corrected cells, one panel per data set, as SVG."""
    means = mean_rows(rows)
    panels = [
        f'<g transform="translate({number * _WIDTH},0)">{_panel(str(name), of_data)}</g>'
        for number, (name, of_data) in enumerate(means.groupby("data"))
    ]
    write_text(
        path,
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH * len(panels)}" '
        f'height="{_HEIGHT}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(panels)}</svg>\n',
    )


def _panel(title: str, means: pd.DataFrame) -> str:
    most = max(1.0, float(means["cells"].max()))
    low, high = float(means["count_error"].min()), float(means["count_error"].max())
    span = max(high - low, 1e-6)

    def place(cells: float, error: float) -> tuple[float, float]:
        x = _MARGIN + cells / most * (_WIDTH - 2 * _MARGIN)
        return x, _MARGIN + (high - error) / span * (_HEIGHT - 2 * _MARGIN)

    parts = [
        _text(_WIDTH / 2, 18, f"{title}: count error per test image", "middle"),
        _text(_WIDTH / 2, _HEIGHT - 10, "corrected cells", "middle"),
    ]
    parts += [_text(_MARGIN - 6, place(0, e)[1] + 4, f"{e:.2f}", "end") for e in (low, high)]
    for cells in (0, most / 2, most):
        parts.append(_text(place(cells, low)[0], _HEIGHT - 28, f"{cells:.0f}", "middle"))
    for number, (name, of_strategy) in enumerate(means.groupby("strategy")):
        if name == "none":  # drawn at the cells of the others: it has none of its own
            continue
        ordered = of_strategy.sort_values("cells")
        points = [
            place(c, e) for c, e in zip(ordered["cells"], ordered["count_error"], strict=True)
        ]
        color = _COLORS.get(str(name), "black")
        for (x0, y0), (x1, y1) in pairwise(points):
            ends = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"'
            parts.append(f'<line {ends} stroke="{color}" stroke-width="2"/>')
        parts.append(_text(_WIDTH - 6, 40 + 15 * number, str(name), "end", color))
    return "".join(parts)


def _text(x: float, y: float, words: str, anchor: str, color: str = "black") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{color}">{words}</text>'
