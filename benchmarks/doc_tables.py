"""Tables of a comparison as docs/benchmarks.md has them: shorter than the comparison's own.

    python benchmarks/doc_tables.py STUDY --labels 16 --times-of 1
    python benchmarks/doc_tables.py STUDY --labels 63 --labels all --no-rough-times
    python benchmarks/doc_tables.py STUDY --labels 16 --with-and-without

A study is the folder of `napari-im benchmark`, or what `kept_results.py` restored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from napari_inconsistency_masks.benchmark.scored import Scored, read_scored
from napari_inconsistency_masks.benchmark.scoring import SCORES
from napari_inconsistency_masks.benchmark.statistics import Interval, holm
from napari_inconsistency_masks.benchmark.summary import ENOUGH, Summary, summarize
from napari_inconsistency_masks.benchmark.trials import find_trials
from napari_inconsistency_masks.recipes import RECIPES, WITHOUT_MASKS

ERROR, IOU, RECALL = "count_error", "mean_iou", "recall "

_FIRST = {"labeled": 0, "labeled-aug": 1}
"""What all others are to be better than."""

app = typer.Typer(add_completion=False)


@app.command()
def main(
    study: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    labels: Annotated[list[str], typer.Option(help="Numbers of labeled images, or 'all'.")],
    with_and_without: Annotated[bool, typer.Option(help="What masks add to each method.")] = False,
    rough_times: Annotated[
        bool, typer.Option(help="Times of fewer than three runs; other programs ran beside them?")
    ] = True,
    times_of: Annotated[
        int | None, typer.Option(help="The run whose times count: programs ran beside the others.")
    ] = None,
) -> None:
    """Print a table in Markdown."""
    scored = [
        read_scored(trial, folder)
        for trial in find_trials(study)
        if ((folder := trial.folder(study)) / SCORES).is_file()
    ]
    recalls = [name for name in scored[0].networks[0] if _is_shown(name, scored)]
    found = summarize(scored, [ERROR, IOU, *recalls])
    if times_of is not None:
        found = _with_times(found, [each for each in scored if each.trial.run == times_of])
    chosen = [row for row in found if _number(row) in labels]
    chosen.sort(key=lambda row: (row.labeled or math.inf, _FIRST.get(row.recipe, len(_FIRST))))
    lines = _masks(chosen) if with_and_without else _main(chosen, recalls, rough_times)
    for cells in lines:
        typer.echo(f"| {' | '.join(cells)} |")


def _with_times(rows: Sequence[Summary], scored: Sequence[Scored]) -> list[Summary]:
    """The rows with the times of these trials."""
    times = {(row.recipe, row.labeled): row.time for row in summarize(scored, [])}
    return [replace(row, time=times.get((row.recipe, row.labeled))) for row in rows]


def _is_shown(column: str, scored: Sequence[Scored]) -> bool:
    """Positions are counted, and so have no recall of pixels here."""
    return column.startswith(RECALL) and "position" not in column and bool(scored[0].values(column))


def _number(row: Summary) -> str:
    return "all" if row.labeled is None else str(row.labeled)


def _main(
    rows: Sequence[Summary], recalls: Sequence[str], rough_times: bool
) -> Iterator[list[str]]:
    headers = ["method", "labels", "runs", "MCCE [95 %]", "mean IoU", *recalls]
    headers += ["minus IM [95 %]", "p", "minus generation 0 [95 %]", "time"]
    yield headers
    yield ["---"] * len(headers)
    for row in rows:
        error = _bold(_value(row, ERROR, 2), best=_is_best(row, ERROR, rows))
        yield [
            row.title, _number(row), str(row.runs), f"{error} {_range(row.intervals[ERROR])}",
            _bold(_value(row, IOU, 3), best=_is_best(row, IOU, rows)),
            *(_value(row, name, 2) for name in recalls),
            _difference(row.differences.get(ERROR)), _p(row.p_values.get(ERROR)),
            _difference(row.gains.get(ERROR)),
            _times(row) if rough_times or row.runs > ENOUGH else "",
        ]  # fmt: skip


def _masks(rows: Sequence[Summary]) -> Iterator[list[str]]:
    chosen = [row for row in rows if row.recipe in WITHOUT_MASKS and row.gains]
    p = holm({row.recipe: row.gain_p_values[ERROR] for row in chosen if row.gain_p_values})
    headers = ["method", "runs", "alone", "+ IM", "difference [95 %]", "p"]
    headers += ["mean IoU alone", "+ IM", "difference [95 %]"]
    yield headers
    yield ["---"] * len(headers)
    for row in chosen:
        yield [
            RECIPES[WITHOUT_MASKS[row.recipe]].title, str(row.runs),
            *_both(row, ERROR, 2, lower_is_better=True),
            _difference(row.gains[ERROR]), _p(p.get(row.recipe)),
            *_both(row, IOU, 3, lower_is_better=False), _difference(row.gains[IOU], 3),
        ]  # fmt: skip


def _both(row: Summary, metric: str, digits: int, *, lower_is_better: bool) -> list[str]:
    before, after = row.beginnings[metric], row.means[metric]
    gained = before - after if lower_is_better else after - before
    return [
        _bold(f"{before:.{digits}f}", best=gained < 0),
        _bold(f"{after:.{digits}f}", best=gained > 0),
    ]


def _is_best(row: Summary, metric: str, rows: Sequence[Summary]) -> bool:
    """Of those with as many labels that were trained several times."""
    rivals = [each for each in rows if each.labeled == row.labeled and each.runs > ENOUGH]
    best = min if metric == ERROR else max
    return row in rivals and row.means[metric] == best(each.means[metric] for each in rivals)


def _bold(text: str, *, best: bool) -> str:
    return f"**{text}**" if best else text


def _value(row: Summary, metric: str, digits: int) -> str:
    deviation = row.deviations.get(metric)
    rest = "" if deviation is None else f" ± {deviation:.{digits}f}"
    return f"{row.means[metric]:.{digits}f}{rest}"


def _range(found: Interval) -> str:
    return f"[{found.low:.2f}, {found.high:.2f}]"


def _difference(found: Interval | None, digits: int = 2) -> str:
    if found is None:
        return ""
    mean, low, high = (f"{value:+.{digits}f}" for value in (found.mean, found.low, found.high))
    return f"{mean} [{low}, {high}]"


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _times(row: Summary) -> str:
    return "" if row.time is None else f"{row.time:.1f}"


if __name__ == "__main__":
    app()
