"""Tables of the simulated annotator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

_say = Console(width=250, highlight=False).print


def to_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """A row per data set, strategy, seed and round; all begin with what further steps alone do."""
    table = pd.DataFrame(rows).drop(columns=["corrections", "errors"])
    start = table[table["strategy"] == "none"].assign(round=0)
    others = [name for name in table["strategy"].unique() if name != "none"]
    table = table[table["strategy"] != "none"]
    return pd.concat([*(start.assign(strategy=name) for name in others), table])


def mean_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over the seeds, and the standard error of the mean count error."""
    groups = table.groupby(["data", "strategy", "round"])
    means = groups.mean(numeric_only=True).drop(columns="seed")
    means["seeds"] = groups.size()
    means["se"] = groups["count_error"].sem()
    return means.reset_index()


def compare(rows: Sequence[dict[str, Any]], strategy: str = "ours") -> pd.DataFrame:
    """Count errors of a strategy minus those of the others: below 0 it is better.

    With as many corrected cells (`same`), and with half as many as the other strategy (`half`: the
    round before, since each doubles the cells); per round, and in the mean of the rounds. Test
    images are compared one by one, in the mean over the seeds that both have; `se` is the standard
    error over the images.
    """
    errors = {
        (row["data"], row["strategy"], row["seed"], row["round"]): np.array(row["errors"])
        for row in rows
    }
    differences: dict[tuple[str, ...], list[Any]] = {}
    for (data, other, seed, turn), theirs in errors.items():
        for cells, earlier in (("same", 0), ("half", 1)):
            own = errors.get((data, strategy, seed, turn - earlier))
            if own is not None and other not in (strategy, "none"):
                for column in (str(turn), "all"):
                    differences.setdefault((data, other, cells, column), []).append(own - theirs)
    columns = ["data", "strategy", "cells", "round", "mean", "se", "runs"]
    found = [
        (*key, np.mean(each), np.mean(each, axis=0).std(ddof=1) / len(each[0]) ** 0.5, len(each))
        for key, each in differences.items()
    ]
    return pd.DataFrame(found, columns=columns)


def print_tables(rows: Sequence[dict[str, Any]]) -> None:
    """Print means and differences as the Markdown tables of the documentation."""
    table = to_table(rows)
    means = mean_rows(table)
    means["text"] = [
        f"{_with_error(row.count_error, row.se)} ({row.cells:.0f})" for row in means.itertuples()
    ]
    _print(means.pivot_table("text", ["data", "round"], "strategy", aggfunc="first"))
    recalls = [name for name in means.columns if name.startswith(("recall", "precision"))]
    _print(means.set_index(["data", "strategy", "round"])[["seeds", "empty", "places", *recalls]])
    found = compare(rows)
    found["text"] = [
        f"{_with_error(row.mean, row.se, '+')} ({row.runs})"
        for row in found.itertuples(index=False)
    ]
    _print(found.pivot_table("text", ["data", "strategy", "cells"], "round", aggfunc="first"))


def _with_error(value: float, error: float, sign: str = "") -> str:
    return f"{value:{sign}.2f}" + (f" ± {error:.2f}" if error == error else "")


def _print(table: pd.DataFrame) -> None:
    table = table.reset_index()
    _say("| " + " | ".join(map(str, table.columns)) + " |", markup=False)
    _say("|---" * len(table.columns) + "|", markup=False)
    for row in table.itertuples(index=False):
        cells = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in row]
        _say("| " + " | ".join(cells) + " |", markup=False)
    _say("")
