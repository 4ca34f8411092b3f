"""The summary as a table, laid out like the paper's study B: a row per method."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from .summary import BASELINE, LOWER_IS_BETTER, REFERENCE, Summary

_TITLES = {"count_error": "count error", "mean_iou": "mean IoU"}
_NOTE = (
    "Test images; the ensemble of the last generation's networks that are best on the validation "
    "images, mean ± standard deviation over the runs. In square brackets: 95 % bootstrap interval "
    f"over the test images. p: paired permutation test against {REFERENCE!r} on the same images, "
    "corrected for the number of methods (Holm); of the IoU, which is that of all pixels, the mean "
    "per image is tested. Gained: result minus generation 0 of the same runs. Collapsed: runs "
    "with a generation whose networks had nothing to teach (results.csv says why). Time and memory "
    f"are relative to {BASELINE!r}. Bold: the best with as many labels."
)


@dataclass(frozen=True)
class Cell:
    """Text of a table, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Table:
    """Headers, rows of cells, and a note on how to read them."""

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
    tested = [metric for metric in ("count_error", "mean_iou") if metric in metrics]
    headers = ["method", "recipe", "labels", "runs"]
    headers += [_TITLES.get(metric, metric) for metric in metrics]
    headers += [f"p ({_TITLES[metric]})" for metric in tested]
    headers += [f"gained ({_TITLES[metric]})" for metric in tested]
    headers += ["collapsed", "time", "memory"]
    rows = []
    for summary in summaries:
        cells = [
            Cell(summary.title),
            Cell(summary.recipe),
            Cell("all" if summary.labeled is None else str(summary.labeled)),
            Cell(str(summary.runs)),
        ]
        cells += [
            Cell(_value(summary, metric), _is_best(summary, metric, summaries))
            for metric in metrics
        ]
        cells += [Cell(_p(summary.p_values.get(metric))) for metric in tested]
        cells += [Cell(_gain(summary, metric)) for metric in tested]
        cells += [Cell(str(summary.collapsed) if summary.collapsed else "")]
        cells += [Cell(_times(summary.time)), Cell(_times(summary.memory))]
        rows.append(tuple(cells))
    return Table(tuple(headers), tuple(rows), _NOTE)


def to_markdown(table: Table) -> str:
    """The table as Markdown."""
    lines = [" | ".join(table.headers), " | ".join("---" for _ in table.headers)]
    lines += [
        " | ".join(f"**{cell.text}**" if cell.best else cell.text for cell in row)
        for row in table.rows
    ]
    return "\n".join(f"| {line} |" for line in lines) + f"\n\n{table.note}\n"


def to_html(table: Table, figures: Sequence[str] = ()) -> str:
    """The table as a page that shows the figures beside it, too."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.headers)
    body = "\n".join(
        "<tr>"
        + "".join(
            f"<td{' class=best' if cell.best else ''}>{html.escape(cell.text)}</td>" for cell in row
        )
        + "</tr>"
        for row in table.rows
    )
    pictures = "\n".join(f'<p><img src="{html.escape(name)}" alt=""></p>' for name in figures)
    return _PAGE.format(head=head, body=body, note=html.escape(table.note), pictures=pictures)


def _value(summary: Summary, metric: str) -> str:
    if metric not in summary.means:
        return ""
    text = f"{summary.means[metric]:.3f}"
    if metric in summary.deviations:
        text += f" ± {summary.deviations[metric]:.3f}"
    interval = summary.intervals.get(metric)
    return text if interval is None else f"{text} [{interval.low:.3f}, {interval.high:.3f}]"


def _is_best(summary: Summary, metric: str, summaries: Sequence[Summary]) -> bool:
    rivals = [
        other.means[metric]
        for other in summaries
        if other.labeled == summary.labeled and metric in other.means
    ]
    if metric not in summary.means or len(rivals) < 2:
        return False
    best = min(rivals) if metric in LOWER_IS_BETTER else max(rivals)
    return summary.means[metric] == best


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _gain(summary: Summary, metric: str) -> str:
    if metric not in summary.gains:
        return ""
    return f"{summary.gains[metric]:+.3f} (p {_p(summary.gain_p_values[metric])})"


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
<h1>Comparison of methods</h1>
<table>
<tr>{head}</tr>
{body}
</table>
<p>{note}</p>
{pictures}
</html>
"""
