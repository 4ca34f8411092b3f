"""Tables of the simulated annotator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def compare(table: pd.DataFrame, strategy: str = "ours") -> pd.DataFrame:
    """Count errors of a strategy minus those of the others, per seed: below 0 it is better.

    With as many corrected cells, and (`half`) with half as many as the other strategy.
    """
    keys = ["data", "seed", "round"]
    own = table[table["strategy"] == strategy][[*keys, "count_error"]]
    half = own.assign(round=own["round"] + 1)  # each round doubles the cells
    both = []
    for name, mine in (("same", own), ("half", half)):
        others = table[(table["strategy"] != strategy) & (table["round"] > (name == "half"))]
        pairs = others.merge(mine, on=keys, suffixes=("", " own"))
        pairs["difference"] = pairs["count_error own"] - pairs["count_error"]
        both.append(pairs.assign(cells_of=name))
    groups = pd.concat(both).groupby(["data", "strategy", "cells_of", "round"])["difference"]
    result = pd.DataFrame({"mean": groups.mean(), "se": groups.sem(), "seeds": groups.size()})
    return result.reset_index()


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
    if "ours" in set(table["strategy"]):
        found = compare(table)
        found["text"] = [
            f"{_with_error(row.mean, row.se, '+')} ({row.seeds})"
            for row in found.itertuples(index=False)
        ]
        keys = ["data", "strategy", "cells_of"]
        _print(found.pivot_table("text", keys, "round", aggfunc="first"))


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
