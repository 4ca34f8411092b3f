"""The record of a run: every event but the steps, and tables of epochs and generations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.atomic import FileHeldError, append_line
from ..files.json_files import read_json_lines
from ..files.names import about
from ..files.tables import write_csv
from .events import EpochEnd, Event, GenerationEnd

EVENTS, METRICS = "events.jsonl", "metrics.csv"

COLUMNS = (
    "generation",
    "epoch",
    "network",
    "train_loss",
    "validation_loss",
    "score",
    "count_error",
    "mean_iou",
    "inconsistent",
    "seconds",
)

GENERATION_COLUMNS = (
    "generation",
    "count_error",
    "margin",
    "mean_iou",
    "inconsistent",
    "found",
    "accepted",
    "width",
    "seconds",
    "peak_memory",
    "collapse",
)
"""Then, for each class, of which share of the unlabeled images' area the networks are sure."""


class RunLog:
    """Writes ``events.jsonl``, ``metrics.csv`` and ``generations.csv`` of a run folder.

    An epoch that was repeated after a crash stands twice among the events, once in the table. While
    a spreadsheet has a table open, it stays as it is where it cannot be replaced, and is renewed
    later: nothing is in it that the events do not say.
    """

    def __init__(self, folder: Path) -> None:
        self._events = folder / EVENTS
        self._table = folder / METRICS
        self._generation_table = folder / "generations.csv"
        self._epochs: dict[tuple[int, int], EpochEnd] = {}
        self._generations: dict[int, GenerationEnd] = {}
        self._behind = False
        for event in read_events(folder):
            self._keep(event)
        self._write_tables()  # a process may have been killed before it did

    def write(self, event: Event) -> None:
        """Record an event; steps, and all but the last image labeled, are not kept."""
        if event.passing:
            return
        append_line(self._events, event.to_json())
        self._keep(event)
        if self._behind or isinstance(event, EpochEnd | GenerationEnd):
            self._write_tables()

    def _keep(self, event: Event) -> None:
        if isinstance(event, EpochEnd):
            self._epochs[event.generation, event.epoch] = event
        elif isinstance(event, GenerationEnd):
            self._generations[event.generation] = event

    def _write_tables(self) -> None:
        self._behind = False
        for wanted, write in (
            (self._epochs, self._write_epochs),
            (self._generations, self._write_generations),
        ):
            try:
                if wanted:
                    write()
            except FileHeldError:
                self._behind = True

    def _write_epochs(self) -> None:
        write_csv(self._table, list(self._rows()), COLUMNS)

    def _write_generations(self) -> None:
        rows, classes = [], dict[str, None]()
        for _, event in sorted(self._generations.items()):
            sure = {f"confident {name}": share for name, share in (event.confident or {}).items()}
            classes |= dict.fromkeys(sure)
            row = {name: getattr(event, name) for name in GENERATION_COLUMNS}
            rows.append({**row, "collapse": "; ".join(event.collapse), **sure})
        empty = dict.fromkeys(classes)
        columns = (*GENERATION_COLUMNS, *classes)
        write_csv(self._generation_table, [{**empty, **row} for row in rows], columns)

    def _rows(self) -> Iterator[dict[str, Any]]:
        for (generation, epoch), event in sorted(self._epochs.items()):
            for network in range(len(event.train_loss)):
                yield {
                    "generation": generation,
                    "epoch": epoch,
                    "network": network,
                    "train_loss": event.train_loss[network],
                    "validation_loss": event.validation_loss[network],
                    "score": event.score[network],
                    "count_error": event.count_error and event.count_error[network],
                    "mean_iou": event.mean_iou[network],
                    "inconsistent": event.inconsistent,
                    "seconds": round(event.seconds, 3),
                }


def read_events(folder: Path) -> Iterator[Event]:
    """What a run folder keeps of the events of its run, if any.

    Raises
    ------
    InputError
        If a line is damaged, also if it is the only one and epochs were recorded: then nobody may
        begin anew over it. Without any, a crash cut the very first line.
    """
    path = folder / EVENTS
    if not path.exists():
        return
    lines = read_json_lines(path)
    if not lines and path.stat().st_size and (folder / METRICS).exists():
        raise InputError(
            about(
                path,
                "damaged: its first line is no event; put back a copy of it, or remove it, and the "
                "run goes on as if nothing had been recorded.",
            )
        )
    yield from map(Event.from_json, lines)
