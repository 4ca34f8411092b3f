"""The figures of a comparison, drawn if matplotlib is there (the extra ``figures``)."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from ..files.atomic import write_bytes
from ..recipes import RECIPES
from .summary import LOWER_IS_BETTER, Scored

_LEVELS = ("labeled", "labeled-aug", "full", "full-aug")
"""Recipes without generations that are drawn as horizontal lines, as in the paper."""

_ALWAYS = ("labeled", "labeled-aug", "im", "im+")
"""Recipes that the figure over labels shows in any case; of many others, only the best."""

_MOST = 6
"""Recipes that one panel shows well."""

_TITLES = {"count_error": "count error per test image", "mean_iou": "mean IoU of the test images"}


def draw_figures(folder: Path, scored: Sequence[Scored]) -> list[Path]:
    """Draw what there is to draw; the files, or none without matplotlib."""
    if find_spec("matplotlib") is None:
        return []
    files = []
    budgets = sorted({each.trial.labeled for each in scored if each.trial.labeled is not None})
    figure = _over_generations(scored, budgets)
    if figure is not None:
        files.append(_save(figure, folder / "generations.svg"))
    if len(budgets) > 1:
        files.append(_save(_over_labels(scored, budgets), folder / "labels.svg"))
    return files


def _over_generations(scored: Sequence[Scored], budgets: Sequence[int]) -> Any:
    """Metrics of the ensemble against the generation, a row of panels per number of labels."""
    growing = [each for each in scored if each.generations]
    if not growing:
        return None
    figure, panels = _panels(len(budgets), len(_TITLES))
    for row, labeled in enumerate(budgets):
        for panel, metric in zip(panels[row], _TITLES, strict=True):
            _draw_levels(panel, scored, labeled, metric)
            shown = _recipes(growing)
            for number, recipe in enumerate(shown):
                runs = [
                    each
                    for each in growing
                    if (each.trial.recipe, each.trial.labeled) == (recipe, labeled)
                ]
                if runs:
                    _draw_course(panel, runs, metric, band=len(shown) <= _MOST, **_look(number))
            panel.set_title(f"{labeled} labeled images")
            panel.set_xlabel("generation")
            panel.set_ylabel(_TITLES[metric])
            panel.xaxis.get_major_locator().set_params(integer=True)
    panels[0][-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    return figure


def _draw_course(panel: Any, runs: list[Scored], metric: str, *, band: bool, **look: Any) -> None:
    """Mean over the runs and, as a band, their range."""
    generations = range(max(run.generations for run in runs) + 1)
    values = [[v for run in runs for v in run.values(metric, g)] for g in generations]
    drawn = [(g, found) for g, found in zip(generations, values, strict=True) if found]
    x = [g for g, _ in drawn]
    title = RECIPES[runs[0].trial.recipe].title
    panel.plot(x, [fmean(found) for _, found in drawn], marker="o", label=title, **look)
    if band and len(runs) > 1:
        low, high = [min(found) for _, found in drawn], [max(found) for _, found in drawn]
        panel.fill_between(x, low, high, color=look["color"], alpha=0.15, linewidth=0)


def _draw_levels(panel: Any, scored: Sequence[Scored], labeled: int | None, metric: str) -> None:
    """Lines of the recipes without generations, of those with as many labels or all."""
    styles = dict(zip(_LEVELS, (":", "--", "-.", "-"), strict=True))
    for recipe in _LEVELS:
        values = [
            value
            for each in scored
            if each.trial.recipe == recipe and each.trial.labeled in (labeled, None)
            for value in each.values(metric)
        ]
        if values:
            style = {"color": "0.4", "linestyle": styles[recipe], "linewidth": 1.2}
            panel.axhline(fmean(values), label=RECIPES[recipe].title, **style)


def _over_labels(scored: Sequence[Scored], budgets: Sequence[int]) -> Any:
    """Metrics of the result against the number of labeled images, a line per recipe.

    Means, and one standard error over the runs.
    """
    figure, panels = _panels(1, len(_TITLES))
    budgeted = [each for each in scored if each.trial.labeled is not None]
    shown = {metric: _worth_showing(budgeted, budgets, metric) for metric in _TITLES}
    colors = [recipe for recipe in RECIPES if any(recipe in each for each in shown.values())]
    for panel, metric in zip(panels[0], _TITLES, strict=True):
        _draw_levels(panel, scored, None, metric)
        for recipe in shown[metric]:
            points = [
                (number, values)
                for number in budgets
                if (values := _results(budgeted, recipe, number, metric))
            ]
            panel.errorbar(
                [number for number, _ in points],
                [fmean(values) for _, values in points],
                [_error(values) for _, values in points],
                marker="o",
                capsize=3,
                label=RECIPES[recipe].title,
                **_look(colors.index(recipe)),
            )
        panel.set_xscale("log")
        panel.set_xticks(budgets, [str(number) for number in budgets])
        panel.minorticks_off()
        panel.set_xlabel("labeled images")
        panel.set_ylabel(_TITLES[metric])
    named: dict[str, Any] = {}
    for panel in panels[0]:
        for line, title in zip(*panel.get_legend_handles_labels(), strict=True):
            named.setdefault(title, line)
    panels[0][-1].legend(
        named.values(), named, loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8
    )
    return figure


def _worth_showing(scored: Sequence[Scored], budgets: Sequence[int], metric: str) -> list[str]:
    """All recipes if they are few; else those that everybody asks for, and the best of the rest."""
    recipes = _recipes(scored)
    rest = [recipe for recipe in recipes if recipe not in _ALWAYS]
    if len(recipes) <= _MOST or not rest:
        return recipes

    def badness(recipe: str) -> float:
        found = [_results(scored, recipe, number, metric) for number in budgets]
        if not all(found):
            return math.inf  # not trained with every number of labels yet
        mean = fmean(map(fmean, found))
        return mean if metric in LOWER_IS_BETTER else -mean

    best = min(rest, key=badness)
    return [recipe for recipe in recipes if recipe in (*_ALWAYS, best)]


def _error(values: Sequence[float]) -> float:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _look(number: int) -> dict[str, Any]:
    """Color and dashes of a line; those of ten are told apart by color."""
    return {"color": f"C{number % 10}", "linestyle": ("-", "--", ":")[number // 10 % 3]}


def _results(scored: Sequence[Scored], recipe: str, labeled: int, metric: str) -> list[float]:
    return [
        value
        for each in scored
        if (each.trial.recipe, each.trial.labeled) == (recipe, labeled)
        for value in each.values(metric)
    ]


def _recipes(scored: Sequence[Scored]) -> list[str]:
    there = {each.trial.recipe for each in scored}
    return [key for key in RECIPES if key in there]


def _panels(rows: int, columns: int) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * columns, 3.4 * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _save(figure: Any, path: Path) -> Path:
    picture = io.BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    write_bytes(path, picture.getvalue())
    return path
