"""A run folder from another day: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from ..errors import InputError
from ..files.json_files import read_json_lines
from ..plans import RunPlan, read_plan
from ..training.events import Event, Finished
from ._history import History

DEMO_MODEL = Path(__file__).parent.parent / "demo_model"
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
    path = folder / "events.jsonl"
    for values in read_json_lines(path) if path.is_file() else ():
        event = Event.from_json(values)
        history.add(event)
        finished = finished or isinstance(event, Finished)
        yield
    return plan, history, finished
