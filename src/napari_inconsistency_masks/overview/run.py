"""What one run folder says about its run: a row of the table of runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import InputError
from ..files.json_files import read_json
from ..inference.listing import ENSEMBLE
from ..plans import RunPlan, read_plan
from ..training.events import Event, Failed, Finished, Started, Stopped
from ..training.log import read_events
from ..training.results import (
    GenerationRecord,
    complete_generations,
    read_record,
    result_generation,
)
from ..training.start import read_seen
from .measures import Score, SplitScores, read_split

PLAN = "run.json"


class RunState(StrEnum):
    """What became of a run."""

    COMPLETE = "complete"
    COLLAPSED = "collapsed"
    STOPPED = "stopped"
    FAILED = "failed"
    UNFINISHED = "unfinished"
    NOT_BEGUN = "not begun"
    NETWORKS = "networks only"
    UNREADABLE = "not readable"


@dataclass(frozen=True)
class RunSummary:
    """A run, or a folder that is none.

    Attributes
    ----------
    folder
        Where it is.
    state, reason
        What became of it, and why, in a sentence or empty.
    plan
        Recipe, settings and data, or None if they are not known.
    started
        How it began last, or None.
    records
        Its complete generations, in their order.
    result
        The number of the one whose networks are its result, or None.
    created
        When it was made, as it is written there.
    checked_on
        Fingerprints of its validation images, or None if nobody knows them.
    validation, test
        Scores of its result on those images, and on test images of a comparison.
    """

    folder: Path
    state: RunState
    reason: str = ""
    plan: RunPlan | None = None
    started: Started | None = None
    records: tuple[GenerationRecord, ...] = ()
    result: int | None = None
    created: str = ""
    checked_on: frozenset[str] | None = None
    validation: SplitScores | None = None
    test: SplitScores | None = None

    @property
    def usable(self) -> bool:
        """Whether there are networks to predict with."""
        return self.state is RunState.NETWORKS or self.result is not None

    @property
    def best(self) -> GenerationRecord | None:
        """The generation that is the result, or else the last complete one."""
        chosen = [record for record in self.records if record.generation == self.result]
        return next(iter(chosen or self.records[-1:]), None)

    @property
    def count_error(self) -> Score | None:
        """MCCE on the validation images, or None without positions or generations."""
        if self.best is None or self.best.count_error is None:
            return None
        return Score(self.best.count_error, self.best.margin)

    @property
    def mean_iou(self) -> Score | None:
        """Mean IoU on the validation images; its margin is only known from a comparison."""
        if self.best is None:
            return None
        known = None if self.validation is None else self.validation.mean_iou
        return Score(self.best.mean_iou, None if known is None else known.margin)

    @property
    def seconds(self) -> float | None:
        """Spent on the complete generations."""
        return sum(record.seconds for record in self.records) if self.records else None

    @property
    def peak_memory(self) -> int | None:
        """The most bytes of all generations, or None if the system did not tell."""
        return max((record.peak_memory or 0 for record in self.records), default=0) or None


def read_run(folder: Path) -> RunSummary:
    """Read a run folder; what is broken or no run is described, and raises nothing."""
    try:
        return _read(folder)
    except (InputError, OSError) as error:
        return RunSummary(folder, RunState.UNREADABLE, str(error))
    except DAMAGED as error:
        return damaged(folder, error)


DAMAGED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What JSON of another shape than expected leads to."""


def damaged(folder: Path, error: Exception) -> RunSummary:
    """A run whose files hold something else than they should."""
    said = f"{folder}: the files of this run are damaged ({error!r})."
    return RunSummary(folder, RunState.UNREADABLE, said)


def _read(folder: Path) -> RunSummary:
    if not (folder / PLAN).is_file():
        if (folder / ENSEMBLE).is_file():
            return RunSummary(folder, RunState.NETWORKS, "There is no file run.json beside them.")
        return RunSummary(folder, RunState.UNREADABLE, "There is no run here (no file run.json).")
    plan = read_plan(folder)
    found = (read_record(folder, number) for number in complete_generations(folder))
    records = tuple(record for record in found if record is not None)
    started, last = _beginning_and_end(folder)
    state, reason = _state(last, records)
    seen = read_seen(folder)
    return RunSummary(
        folder=folder,
        state=state,
        reason=reason,
        plan=plan,
        started=started,
        records=records,
        result=result_generation(folder),
        created=str(read_json(folder / PLAN).get("created", "")),
        checked_on=None if seen is None else seen.held_out,
        validation=read_split(folder, "validation"),
    )


def _beginning_and_end(folder: Path) -> tuple[Started | None, Event | None]:
    """How a run began last, and the last thing that happened."""
    started: Started | None = None
    last: Event | None = None
    for last in read_events(folder):
        started = last if isinstance(last, Started) else started
    return started, last


def _state(last: Event | None, records: tuple[GenerationRecord, ...]) -> tuple[RunState, str]:
    collapsed = " ".join(
        f"Generation {record.generation}: {' and '.join(record.collapse)}."
        for record in records
        if record.collapse
    )
    if last is None:
        return RunState.NOT_BEGUN, "Its folder was made, and nothing was trained yet."
    if isinstance(last, Finished):
        return (RunState.COLLAPSED if collapsed else RunState.COMPLETE), collapsed
    if isinstance(last, Failed):
        return RunState.FAILED, last.message
    if isinstance(last, Stopped):
        return RunState.STOPPED, f"It can go on. {collapsed}".strip()
    said = f"It is being trained just now, or was ended from outside and can go on. {collapsed}"
    return RunState.UNFINISHED, said.strip()
