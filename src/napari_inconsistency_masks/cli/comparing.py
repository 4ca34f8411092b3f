"""What a run that goes on from other networks found, for a person."""

from __future__ import annotations

from pathlib import Path

from ..files.command_line import join_command
from ..plans import read_plan
from ..training.comparison import read_comparison
from .console import out


def show_comparison(folder: Path) -> None:
    """Print how old and new networks compare, if a run has both."""
    from rich.table import Table

    comparison = None if read_plan(folder).start is None else read_comparison(folder)
    if comparison is None:
        return
    table = Table("on the images set aside", "old networks", "new networks")
    for row in comparison.rows(by_class=True):
        table.add_row(*row)
    out.print(table)
    out.print(comparison.verdict, comparison.basis, markup=False)
    words = ("napari-im", "choose", str(folder), "--generation", str(1 - comparison.kept))
    out.print(f"To use the others: {join_command(words)}", markup=False)
