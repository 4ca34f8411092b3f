"""The files that say how a comparison came out: CSV, Markdown, HTML, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..files.atomic import write_text
from ..files.tables import write_csv
from ..task import LabelScheme
from .figures import draw_figures
from .scored import Scored
from .scoring import columns
from .summary import summarize
from .tables import main_table, masks_table, to_html, to_markdown

_ALL = "all"


def write_report(folder: Path, scored: Sequence[Scored], scheme: LabelScheme) -> None:
    """Write everything that follows from the scores.

    ``results.csv`` has a row per recipe, number of labels, run, split, generation and network;
    ``table.md`` and ``table.html`` the summary, and what Inconsistency Masks add to each method;
    ``generations.svg`` and ``labels.svg`` the figures, if matplotlib is installed.

    Parameters
    ----------
    folder
        Of the comparison.
    scored
        All trials that are scored.
    scheme
        What the labels mean.
    """
    names = columns(scheme)
    rows = [
        {
            "recipe": each.trial.recipe,
            "labeled": _ALL if each.trial.labeled is None else each.trial.labeled,
            "run": each.trial.run,
            **dict.fromkeys(names),  # scores of an older version may lack some
            **row,
        }
        for each in scored
        for row in each.networks
    ]
    write_csv(folder / "results.csv", rows, ["recipe", "labeled", "run", *names])
    metrics = [name for name in names if name.split()[0] in _SHOWN]
    summaries = summarize(scored, metrics)
    found = (main_table(summaries, metrics), masks_table(summaries))
    tables = [table for table in found if table is not None]
    write_text(folder / "table.md", to_markdown(tables))
    figures = draw_figures(folder, scored)
    write_text(folder / "table.html", to_html(tables, [path.name for path in figures]))


_SHOWN = ("count_error", "mean_iou", "iou", "recall")
"""What the summary shows; the rest is in results.csv."""
