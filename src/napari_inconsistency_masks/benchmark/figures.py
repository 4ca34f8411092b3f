"""The figures of a comparison, drawn if matplotlib is there (the extra ``figures``)."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from ..files.atomic import write_bytes
from ..recipes import RECIPES
from .scored import Scored
from .summary import LOWER_IS_BETTER

_GENERATIONS, _LABELS = "generations.svg", "labels.svg"

_LEVELS = ("labeled", "labeled-aug", "full", "full-aug")
"""Recipes without generations that are drawn as horizontal lines, as in the paper."""

_ALWAYS = ("labeled", "labeled-aug", "im", "im+")
"""Recipes that are shown in any case; of many others, only the best."""

_MOST = 6
"""Recipes that one panel shows well."""

_DASHES = ("-", "--", ":", "-.")

_TITLES = {"count_error": "count error per test image", "mean_iou": "mean IoU of the test images"}


def draw_figures(folder: Path, scored: Sequence[Scored]) -> list[Path]:
    """Draw what there is to draw; the files, or none without matplotlib."""
    if find_spec("matplotlib") is None:
        return []
    files: list[Path] = []
    for name in (_GENERATIONS, _LABELS):
        (folder / name).unlink(missing_ok=True)  # of other trials than these
    budgets = sorted({each.trial.labeled for each in scored if each.trial.labeled is not None})
    figure = _over_generations(scored, budgets)
    if figure is not None:
        files.append(_save(figure, folder / _GENERATIONS))
    if len(budgets) > 1:
        files.append(_save(_over_labels(scored, budgets), folder / _LABELS))
    return files


def _over_generations(scored: Sequence[Scored], budgets: Sequence[int]) -> Any:
    """Metrics of the ensemble against the generation, a row of panels per number of labels."""
    growing = [each for each in scored if each.generations]
    if not growing:
        return None
    figure, panels = _panels(len(budgets), len(_TITLES))
    shown = {metric: _worth_showing(growing, budgets, metric, best=4) for metric in _TITLES}
    looks = _looks(shown.values())
    for row, labeled in enumerate(budgets):
        for panel, metric in zip(panels[row], _TITLES, strict=True):
            _draw_levels(panel, scored, labeled, metric)
            for recipe in shown[metric]:
                key = recipe, labeled
                runs = [e for e in growing if (e.trial.recipe, e.trial.labeled) == key]
                if runs:
                    _draw_course(panel, runs, metric, **looks[recipe])
            panel.set_title(f"{labeled} labeled images")
            panel.set_xlabel("generation")
            panel.set_ylabel(_TITLES[metric])
            panel.xaxis.get_major_locator().set_params(integer=True)
    _name_lines(figure)
    return figure


def _draw_course(panel: Any, runs: list[Scored], metric: str, **look: Any) -> None:
    """Mean over the runs and, as a band, their range; a run that ended early stays where it was."""
    x, drawn = [], []
    for generation in range(max(run.generations for run in runs) + 1):
        reached = [(run, min(generation, run.generations)) for run in runs]
        values = [value for run, g in reached for value in run.values(metric, g)]
        if values:
            x.append(generation)
            drawn.append(values)
    title = RECIPES[runs[0].trial.recipe].title
    panel.plot(x, [fmean(values) for values in drawn], marker="o", label=title, **look)
    if len(runs) > 1:
        low, high = map(min, drawn), map(max, drawn)
        panel.fill_between(x, [*low], [*high], color=look["color"], alpha=0.15, linewidth=0)


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
    shown = {metric: _worth_showing(budgeted, budgets, metric, best=1) for metric in _TITLES}
    looks = _looks(shown.values())
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
                **looks[recipe],
            )
        panel.set_xscale("log")
        panel.set_xticks(budgets, [str(number) for number in budgets])
        panel.minorticks_off()
        panel.set_xlabel("labeled images")
        panel.set_ylabel(_TITLES[metric])
    _name_lines(figure)
    return figure


def _name_lines(figure: Any) -> None:
    """A legend beside the panels, with the lines of all of them."""
    named: dict[str, Any] = {}
    for panel in figure.axes:
        for line, title in zip(*panel.get_legend_handles_labels(), strict=True):
            named.setdefault(title, line)
    figure.legend(named.values(), named, loc="outside right center", fontsize=8)


def _worth_showing(
    scored: Sequence[Scored], budgets: Sequence[int], metric: str, best: int
) -> list[str]:
    """All recipes if they are few; else those that everybody asks for, and the best of the rest.

    Of the rest those with the most runs come first: the best of many single runs was also lucky.
    """
    recipes = _recipes(scored)
    rest = [recipe for recipe in recipes if recipe not in _ALWAYS]
    if len(recipes) <= _MOST:
        return recipes

    def badness(recipe: str) -> tuple[int, int, float]:
        found = [_results(scored, recipe, number, metric) for number in budgets]
        known = [fmean(values) for values in found if values]
        mean = fmean(known) if known else 0.0
        runs = min(map(len, found))
        return found.count([]), -runs, mean if metric in LOWER_IS_BETTER else -mean

    chosen = sorted(rest, key=badness)[:best]
    return [recipe for recipe in recipes if recipe in (*_ALWAYS, *chosen)]


def _error(values: Sequence[float]) -> float:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _looks(shown: Iterable[Sequence[str]]) -> dict[str, dict[str, Any]]:
    """Color and dashes by recipe: all different, and the usual ones alike in all figures."""
    there = {recipe for recipes in shown for recipe in recipes}
    order = [*_ALWAYS, *(recipe for recipe in RECIPES if recipe in there.difference(_ALWAYS))]
    return {
        recipe: {"color": f"C{n % 10}", "linestyle": _DASHES[n // 10 % len(_DASHES)]}
        for n, recipe in enumerate(order)
    }


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
