"""A run folder from another day: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from ...errors import InputError
from ...plans import RunPlan, read_plan
from ...training.events import Finished
from ...training.log import read_events
from .history import History

DEMO_MODEL = Path(__file__).parents[2] / "demo_model"
"""Networks that come with the plugin, trained on synthetic images (see ORIGIN.md there)."""

Found = tuple[RunPlan | None, History, bool]
"""Plan (None for networks without one), what happened, and whether the run is complete."""


def read_run(folder: Path) -> Generator[None, None, Found]:
    """Read the plan and the events of a run.

    Raises
    ------
    InputError
        If there is neither a run nor an ensemble in the folder.
    """
    has_plan = (folder / "run.json").is_file()
    if not has_plan and not (folder / "ensemble.json").is_file():
        raise InputError(
            f"{folder}: there is no run in this folder; choose one with a file run.json in it."
        )
    plan = read_plan(folder) if has_plan else None
    history, finished = History(), not has_plan
    for event in read_events(folder):
        history.add(event)
        finished = finished or isinstance(event, Finished)
        yield
    return plan, history, finished
