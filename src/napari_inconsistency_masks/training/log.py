"""The record of a run: every event but the steps, and a table of all epochs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..files.atomic import append_line
from ..files.json_files import read_json_lines
from ..files.tables import write_csv
from .events import EpochEnd, Event, Judging, Labeling, StepEnd

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


class RunLog:
    """Writes ``events.jsonl`` and ``metrics.csv`` of a run folder.

    An epoch that was repeated after a crash stands twice among the events, once in the table.
    """

    def __init__(self, folder: Path) -> None:
        self._events = folder / "events.jsonl"
        self._table = folder / "metrics.csv"
        self._epochs = {(e.generation, e.epoch): e for e in _epochs(self._events)}

    def write(self, event: Event) -> None:
        """Record an event; steps, and all but the last image labeled, are not kept."""
        if _is_passing(event):
            return
        append_line(self._events, event.to_json())
        if isinstance(event, EpochEnd):
            self._epochs[event.generation, event.epoch] = event
            write_csv(self._table, list(self._rows()), COLUMNS)

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


def _is_passing(event: Event) -> bool:
    if isinstance(event, Labeling):
        return event.done < event.total
    return isinstance(event, StepEnd) or (isinstance(event, Judging) and event.error is None)


def _epochs(path: Path) -> list[EpochEnd]:
    if not path.exists():
        return []
    events = (Event.from_json(values) for values in read_json_lines(path))
    return [event for event in events if isinstance(event, EpochEnd)]
