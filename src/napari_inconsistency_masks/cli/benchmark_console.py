"""What ``napari-im benchmark`` shows to a person: lines for trials, and bars with the time left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer
from rich.progress import Progress, TaskID

from ..training.progress import duration
from .console import err, new_bar, out

if TYPE_CHECKING:
    from ..benchmark import Aside, Study, Trial, TrialEnded, TrialStarted, TrialStep
    from ..benchmark.progress import StudyPosition


WHOLE = 200
"""Characters in which tables have room: on narrower terminals lines wrap, and nothing is cut."""


def show_study(
    study: Study, events: Iterable[TrialStarted | TrialStep | TrialEnded | Aside]
) -> int:
    """Show a comparison to a person; returns how many trials failed.

    On a terminal there is a bar for all of it and one for each training that runs; a line for each
    trial that starts or ends is printed everywhere.
    """
    from ..benchmark import Aside, TrialEnded, TrialStarted
    from ..benchmark.progress import StudyProgress

    missing = {trial: study.generations(trial) for trial in study.missing}
    following = StudyProgress(missing, len(study.trials) - len(missing))
    failed = 0
    with new_bar() as progress:
        bars = _Bars(progress)
        bars.show(following.position)
        for event in events:
            place = following.follow(event)
            bars.show(place)
            if isinstance(event, TrialStarted):
                err.print(f"{event.trial.name}: training ({_of(place)})")
            elif isinstance(event, TrialEnded):
                failed += bool(event.failed)
                words = f"failed: {event.failed}" if event.failed else "scored"
                err.print(f"{event.trial.name}: {words} ({_of(place)})", markup=False)
            elif isinstance(event, Aside) and event.message:
                err.print(event.message, markup=False)
    return failed


def show_results(study: Study) -> None:
    """Print what is scored so far: the numbers that matter most, and where the others are."""
    from rich.table import Table
    from rich.text import Text

    from ..benchmark.summary import TESTED, summarize
    from ..benchmark.tables import short_tables

    scored = study.scored()
    if not scored:
        typer.echo("No results.")
        return
    for found in short_tables(summarize(scored, TESTED)):
        table = Table(box=None, pad_edge=False)
        for number, header in enumerate(found.headers):
            table.add_column(header, justify="right" if number else "left", no_wrap=True)
        for row in found.rows:
            table.add_row(*(Text(cell.text, "bold" if cell.best else "") for cell in row))
        out.print(found.title, style="bold")
        out.print(table, width=WHOLE)
        out.print()
    typer.echo("In brackets: 95 % interval of the difference, over the test files and the runs.")
    typer.echo(f"All metrics, and how to read them: {study.folder / 'table.html'}")


class _Bars:
    """A bar for the comparison, and below it one for each training that runs."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._all = progress.add_task("comparison", total=1.0, left="")
        self._each: dict[Trial, TaskID] = {}

    def show(self, place: StudyPosition) -> None:
        counted = f"{place.done}/{place.total} {_left(place.seconds_left)}"
        self._progress.update(self._all, completed=place.share, left=counted)
        for trial in self._each.keys() - place.running.keys():
            self._progress.remove_task(self._each.pop(trial))
        for trial, at in place.running.items():
            if trial not in self._each:
                self._each[trial] = self._progress.add_task(trial.name[:34], total=1.0, left="")
            self._progress.update(self._each[trial], completed=at.done, left=at.words)


def _of(place: StudyPosition) -> str:
    left = _left(place.seconds_left)
    return f"{place.done} of {place.total} done{left and f', {left}'}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"about {duration(seconds)} left"
