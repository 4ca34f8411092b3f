"""What the scores of all trials say: one row per recipe and number of labeled images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, stdev

from ..recipes import RECIPES
from .scored import Scored, measured
from .statistics import Interval, difference, holm, interval, paired_test

REFERENCE = "im"
"""The recipe that all others are tested against."""

BASELINE = "labeled"
"""The recipe whose time and memory are 1."""

LOWER_IS_BETTER = frozenset({"count_error"})

TESTED = ("count_error", "mean_iou")
"""Metrics of which two methods are compared."""

ENOUGH = 2
"""Runs that a p value needs: one training of each says nothing about the methods."""


@dataclass(frozen=True)
class Summary:
    """A recipe with some labeled images, over all runs.

    Attributes
    ----------
    recipe, title, labeled, runs
        Which; `labeled` is None where all labels are used.
    means, deviations
        Of the ensemble's test metrics, over the runs; no deviation for one run.
    intervals
        Of `TESTED`: 95 % bootstrap intervals over the test files.
    differences, p_values
        Of `TESTED`: minus the reference recipe with as many labels in the same runs, and of being
        as good (corrected for the number of recipes, by Holm). Not for the reference itself, nor
        for recipes that use all labels where there are several numbers of labels.
    beginnings
        Means of generation 0, where there are later generations.
    gains, gain_p_values
        Result minus generation 0 of the same runs, where there are later generations; not
        corrected.
    collapsed
        Runs with a generation whose networks had nothing to teach.
    time, memory
        Relative to the baseline recipe with as many labels in the same runs, or None.
    """

    recipe: str
    title: str
    labeled: int | None
    runs: int
    means: dict[str, float]
    deviations: dict[str, float]
    intervals: dict[str, Interval]
    differences: dict[str, Interval] = field(default_factory=dict)
    p_values: dict[str, float] = field(default_factory=dict)
    beginnings: dict[str, float] = field(default_factory=dict)
    gains: dict[str, Interval] = field(default_factory=dict)
    gain_p_values: dict[str, float] = field(default_factory=dict)
    collapsed: int = 0
    time: float | None = None
    memory: float | None = None


def summarize(scored: Sequence[Scored], metrics: Sequence[str]) -> list[Summary]:
    """One row per recipe and number of labels, in the order of the recipes; all labels come last.

    Parameters
    ----------
    scored
        All trials.
    metrics
        Columns of the networks' rows to average.
    """
    order = list(RECIPES)
    keys = dict.fromkeys((each.trial.recipe, each.trial.labeled) for each in scored)
    rows = [_summarize(key, _runs(scored, key), metrics, scored) for key in keys]
    rows = _with_tests(rows, scored)
    return sorted(rows, key=lambda row: (row.labeled or math.inf, order.index(row.recipe)))


def _summarize(
    key: tuple[str, int | None],
    runs: list[Scored],
    metrics: Sequence[str],
    everything: Sequence[Scored],
) -> Summary:
    values = {metric: [v for run in runs for v in run.values(metric)] for metric in metrics}
    tested = {metric: found for metric in TESTED if (found := measured(metric, (runs, None)))}
    grows = any(run.generations for run in runs)
    before = {metric: [v for run in runs for v in run.values(metric, 0)] for metric in metrics}
    gains, gain_p_values = _compare(runs, runs, 0) if grows else ({}, {})
    return Summary(
        recipe=key[0],
        title=RECIPES[key[0]].title,
        labeled=key[1],
        runs=len(runs),
        means={metric: fmean(found) for metric, found in values.items() if found},
        deviations={metric: stdev(found) for metric, found in values.items() if len(found) > 1},
        intervals={metric: interval(found[0]) for metric, found in tested.items()},
        beginnings={metric: fmean(found) for metric, found in before.items() if grows and found},
        gains=gains,
        gain_p_values=gain_p_values,
        collapsed=sum(run.collapsed for run in runs),
        time=_relative(runs, everything, "seconds"),
        memory=_relative(runs, everything, "memory"),
    )


def _compare(
    one: Sequence[Scored], other: Sequence[Scored], generation: int | None = None
) -> tuple[dict[str, Interval], dict[str, float]]:
    """Results of the one minus results (or a generation) of the other, and p values."""
    differences, p_values = {}, {}
    for metric in TESTED:
        both = measured(metric, (one, None), (other, generation))
        if both is not None:
            differences[metric] = difference(*both)
            p = paired_test(*both) if len(one) >= ENOUGH else None
            if p is not None:
                p_values[metric] = p
    return differences, p_values


def _with_tests(rows: list[Summary], scored: Sequence[Scored]) -> list[Summary]:
    """Add what compares each row with the reference with as many labels."""
    budgets = {row.labeled for row in rows if row.labeled is not None}
    only = budgets.pop() if len(budgets) == 1 else None
    families: dict[int | None, dict[str, dict[str, float]]] = {}
    differences: dict[int, dict[str, Interval]] = {}
    for number, row in enumerate(rows):
        if row.recipe == REFERENCE:
            continue
        labeled = only if row.labeled is None else row.labeled
        alike = _in_both(
            _runs(scored, (row.recipe, row.labeled)), _runs(scored, (REFERENCE, labeled))
        )
        differences[number], p_values = _compare(*alike)
        for metric, p in p_values.items():
            families.setdefault(labeled, {}).setdefault(metric, {})[str(number)] = p
    corrected: dict[int, dict[str, float]] = {}
    for family in families.values():
        for metric, found in family.items():
            for key, p in holm(found).items():
                corrected.setdefault(int(key), {})[metric] = p
    return [
        replace(
            row,
            differences=differences.get(number, {}),
            p_values=corrected.get(number, {}),
        )
        for number, row in enumerate(rows)
    ]


def _relative(runs: list[Scored], everything: Sequence[Scored], what: str) -> float | None:
    labeled = runs[0].trial.labeled
    baseline = [
        each
        for each in everything
        if each.trial.recipe == BASELINE and (labeled is None or each.trial.labeled == labeled)
    ]
    alike = _in_both(runs, baseline)
    ours, theirs = ([cost for run in some if (cost := run.cost(what))] for some in alike)
    return fmean(ours) / fmean(theirs) if ours and theirs else None


def _runs(scored: Sequence[Scored], key: tuple[str, int | None]) -> list[Scored]:
    return [each for each in scored if (each.trial.recipe, each.trial.labeled) == key]


def _in_both(one: list[Scored], other: list[Scored]) -> tuple[list[Scored], list[Scored]]:
    """Those with the same runs, so that an unfinished comparison compares like with like."""
    numbers = {each.trial.run for each in one} & {each.trial.run for each in other}
    ours, theirs = ([each for each in some if each.trial.run in numbers] for some in (one, other))
    return ours, theirs
