"""The summary as a table, laid out like the paper's study B: a row per method."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..recipes import RECIPES, WITHOUT_MASKS
from .statistics import Interval, holm
from .summary import BASELINE, LOWER_IS_BETTER, REFERENCE, TESTED, Summary

_TITLES = {"count_error": "count error", "mean_iou": "mean IoU"}
_MAIN_NOTE = (
    "Test images; cells are counted by the paper's rule. Of the ensemble of the networks of the "
    "result that are best on the validation images, mean ± standard deviation over the runs. In "
    "square brackets: 95 % bootstrap interval "
    f"over the test files, if there are several. Minus {REFERENCE}: in the runs that both have; "
    "its interval is over the files and, if there are several, over the runs. p: paired "
    "permutation test of the same, corrected for the number of methods (Holm); it knows of other "
    "files but of no other trainings, so it is missing where there is one run, and to be read "
    "together with the interval. Gained: result minus generation 0 of the same runs. Collapsed: "
    "runs with a generation whose networks had nothing to teach (results.csv says why). Time and "
    f"memory are relative to {BASELINE!r} in the same runs. Bold: the best with as many labels and "
    "the most runs, of those that need no hidden labels."
)


_MASKS_NOTE = (
    "Test images, means over the runs: the method alone (generation 0), and the result of the "
    "generations that learn from the labels and from where the networks before them agree. In "
    "square brackets: 95 % bootstrap interval of the difference, over the test files, if there are "
    "several, and over several runs. p: paired permutation test of the two on the same files, "
    "corrected for the number of rows (Holm); it knows of no other trainings, and is missing where "
    "there is one run. Bold: the better of the two."
)


@dataclass(frozen=True)
class Cell:
    """Text of a table, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A title, headers, rows of cells, and a note on how to read them."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str


def main_table(summaries: Sequence[Summary], metrics: Sequence[str]) -> Table:
    """The table of all recipes.

    Parameters
    ----------
    summaries
        The rows, in their order.
    metrics
        The columns, in their order.
    """
    tested = [metric for metric in TESTED if metric in metrics]
    headers = ["method", "recipe", "labels", "runs"]
    headers += [_TITLES.get(metric, metric) for metric in metrics]
    for metric in tested:
        headers += [f"minus {REFERENCE} ({_TITLES[metric]})", "p"]
    headers += [f"gained ({_TITLES[metric]})" for metric in tested]
    headers += ["collapsed", "time", "memory"]
    rows = []
    for summary in summaries:
        cells = [
            Cell(summary.title),
            Cell(summary.recipe),
            Cell(_labels(summary)),
            Cell(str(summary.runs)),
        ]
        cells += [
            Cell(_value(summary, metric), _is_best(summary, metric, summaries))
            for metric in metrics
        ]
        for metric in tested:
            cells.append(Cell(_difference(summary.differences.get(metric))))
            cells.append(Cell(_p(summary.p_values.get(metric))))
        cells += [Cell(_difference(summary.gains.get(metric))) for metric in tested]
        cells += [Cell(str(summary.collapsed) if summary.collapsed else "")]
        cells += [Cell(_times(summary.time)), Cell(_times(summary.memory))]
        rows.append(tuple(cells))
    return Table("Comparison of methods", tuple(headers), tuple(rows), _MAIN_NOTE)


def short_tables(summaries: Sequence[Summary]) -> list[Table]:
    """What matters most, narrow enough for a terminal: a table per number of labeled images.

    Parameters
    ----------
    summaries
        The rows, in their order.
    """
    metrics = [name for name in TESTED if any(name in row.means for row in summaries)]
    headers = ["recipe", "runs", *(_TITLES[metric] for metric in metrics)]
    headers.append(f"minus {REFERENCE} ({_TITLES[metrics[0]]})")
    tables = []
    for labeled in dict.fromkeys(row.labeled for row in summaries):
        rows = []
        for row in summaries:
            if row.labeled != labeled:
                continue
            cells = [Cell(row.recipe), Cell(str(row.runs))]
            cells += [Cell(_mean(row, m), _is_best(row, m, summaries)) for m in metrics]
            rows.append((*cells, Cell(_difference(row.differences.get(metrics[0])))))
        title = "all images labeled" if labeled is None else f"{labeled} labeled images"
        tables.append(Table(title, tuple(headers), tuple(rows), ""))
    return tables


def masks_table(summaries: Sequence[Summary]) -> Table | None:
    """The table of what Inconsistency Masks add to each method, like the paper's study A.

    Parameters
    ----------
    summaries
        The rows are those with Inconsistency Masks, in their order.

    Returns
    -------
    Table or None
        None if no such method has a later generation.
    """
    chosen = [row for row in summaries if row.recipe in WITHOUT_MASKS and row.gains]
    metrics = [metric for metric in TESTED if any(metric in row.gains for row in chosen)]
    p_values = {
        metric: holm(
            {
                str(n): row.gain_p_values[metric]
                for n, row in enumerate(chosen)
                if metric in row.gain_p_values
            }
        )
        for metric in metrics
    }
    headers = ["method", "labels", "runs"]
    for metric in metrics:
        headers += [_TITLES[metric], "+ IM", "difference", "p"]
    rows = []
    for number, row in enumerate(chosen):
        cells = [
            Cell(RECIPES[WITHOUT_MASKS[row.recipe]].title),
            Cell(str(row.labeled)),
            Cell(str(row.runs)),
        ]
        for metric in metrics:
            before, after = row.beginnings[metric], row.means[metric]
            better = after < before if metric in LOWER_IS_BETTER else after > before
            cells += [
                Cell(f"{before:.3f}", best=not better and before != after),
                Cell(f"{after:.3f}", best=better),
                Cell(_difference(row.gains.get(metric))),
                Cell(_p(p_values[metric].get(str(number)))),
            ]
        rows.append(tuple(cells))
    if not rows:
        return None
    return Table("With and without Inconsistency Masks", tuple(headers), tuple(rows), _MASKS_NOTE)


def to_markdown(tables: Sequence[Table]) -> str:
    """The tables as Markdown, below each other."""
    return "\n".join(map(_to_markdown, tables))


def _to_markdown(table: Table) -> str:
    lines = [" | ".join(map(_escaped, table.headers)), " | ".join("---" for _ in table.headers)]
    lines += [
        " | ".join(
            f"**{_escaped(cell.text)}**" if cell.best else _escaped(cell.text) for cell in row
        )
        for row in table.rows
    ]
    rows = "\n".join(f"| {line} |" for line in lines)
    return f"# {table.title}\n\n{rows}\n\n{table.note}\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def to_html(tables: Sequence[Table], figures: Sequence[str] = ()) -> str:
    """The tables as a page that shows the figures below them, too."""
    pictures = "\n".join(f'<p><img src="{html.escape(name)}" alt=""></p>' for name in figures)
    return _PAGE.format(tables="\n".join(map(_to_html, tables)), pictures=pictures)


def _to_html(table: Table) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.headers)
    body = "\n".join(
        "<tr>"
        + "".join(
            f"<td{' class=best' if cell.best else ''}>{html.escape(cell.text)}</td>" for cell in row
        )
        + "</tr>"
        for row in table.rows
    )
    title, note = html.escape(table.title), html.escape(table.note)
    return f"<h1>{title}</h1>\n<table>\n<tr>{head}</tr>\n{body}\n</table>\n<p>{note}</p>"


def _labels(summary: Summary) -> str:
    return "all" if summary.labeled is None else str(summary.labeled)


def _mean(summary: Summary, metric: str) -> str:
    if metric not in summary.means:
        return ""
    text = f"{summary.means[metric]:.3f}"
    deviation = summary.deviations.get(metric)
    return text if deviation is None else f"{text} ± {deviation:.3f}"


def _value(summary: Summary, metric: str) -> str:
    return _mean(summary, metric) + _limits(summary.intervals.get(metric), ".3f")


def _is_best(summary: Summary, metric: str, summaries: Sequence[Summary]) -> bool:
    alike = [
        other
        for other in summaries
        if other.labeled == summary.labeled
        and metric in other.means
        and not RECIPES[other.recipe].hidden_labels
    ]
    most = max((other.runs for other in alike), default=0)
    rivals = [other for other in alike if other.runs == most]
    if summary not in rivals or len(rivals) < 2:
        return False
    found = [other.means[metric] for other in rivals]
    best = min(found) if metric in LOWER_IS_BETTER else max(found)
    return summary.means[metric] == best


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _difference(found: Interval | None) -> str:
    return "" if found is None else f"{found.mean:+.3f}" + _limits(found, "+.3f")


def _limits(found: Interval | None, form: str) -> str:
    if found is None or math.isnan(found.low):
        return ""
    return f" [{found.low:{form}}, {found.high:{form}}]"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Comparison of methods</title>
<style>
body {{ font: 14px system-ui, sans-serif; margin: 2em; color: #222; background: #fff }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid #ccc; padding: 3px 8px; text-align: right; white-space: nowrap }}
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) {{ text-align: left }}
.best {{ font-weight: bold }}
p {{ max-width: 70em }}
</style>
{tables}
{pictures}
</html>
"""
