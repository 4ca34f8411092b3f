"""The course of several runs, for one plot: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...overview import RunSummary
from ...overview.run import DAMAGED
from .history import History, known_points, means
from .saved_run import read_run


@dataclass(frozen=True)
class Measure:
    """What can be plotted.

    Attributes
    ----------
    field
        Of `GenerationRecord` or `EpochEnd`.
    words
        What it is called.
    by_generation
        Whether it is of the ensemble after each generation; else it is the mean of the networks
        after each epoch.
    """

    field: str
    words: str
    by_generation: bool

    @property
    def key(self) -> str:
        """A name for it."""
        return f"{self.field} by {self.axis}"

    @property
    def axis(self) -> str:
        """What it is plotted over."""
        return "generation" if self.by_generation else "epoch"


MEASURES = {
    measure.key: measure
    for measure in (
        Measure("count_error", "Count error (MCCE) by generation", True),
        Measure("mean_iou", "IoU by generation", True),
        Measure("inconsistent", "Inconsistent area by generation", True),
        Measure("count_error", "Count error (MCCE) by epoch", False),
        Measure("mean_iou", "IoU by epoch", False),
        Measure("validation_loss", "Validation loss by epoch", False),
        Measure("train_loss", "Training loss by epoch", False),
        Measure("inconsistent", "Inconsistent area by epoch", False),
    )
}
"""All on the validation images, but the training loss."""

Course = tuple[list[float], list[float]]
"""Positions, and a value at each."""


def course(run: RunSummary, history: History | None, measure: Measure) -> Course:
    """The values of a run, perhaps none; without its history those by epoch are none."""
    if measure.by_generation:
        values = [(record.generation, getattr(record, measure.field)) for record in run.records]
        known = [(float(generation), value) for generation, value in values if value is not None]
        return [x for x, _ in known], [y for _, y in known]
    if history is None:
        return [], []
    positions, networks = history.curve(measure.field)
    return known_points(positions, means(networks))


def ends_at_first(run: RunSummary) -> bool:
    """Whether its first generation is all it has: networks of labels alone, or of one method."""
    return bool(run.records) and run.started is not None and run.started.generations == 0


def best_measure(runs: Sequence[RunSummary]) -> Measure:
    """What says most about some runs: how they count if they do, and their course if they have."""
    records = [record for run in runs for record in run.records]
    field = "count_error" if any(r.count_error is not None for r in records) else "mean_iou"
    several = any(len(run.records) > 1 for run in runs)
    return MEASURES[Measure(field, "", several).key]


def read_histories(folders: Sequence[Path]) -> Generator[None, None, Mapping[Path, History | str]]:
    """Read what happened in some runs; for one that cannot be read, why not."""
    found: dict[Path, History | str] = {}
    for folder in folders:
        reading = read_run(folder)
        try:
            while True:
                try:
                    next(reading)
                except StopIteration as end:
                    found[folder] = end.value[1]
                    break
                yield
        except (InputError, OSError) as error:
            found[folder] = str(error)
        except DAMAGED as error:
            found[folder] = f"{folder}: the events of this run are damaged ({error!r})."
    return found
