"""All runs of a folder: one of the person's runs, or of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import InputError
from .measures import SCORES, read_split
from .run import DAMAGED, PLAN, RunState, RunSummary, damaged, read_run
from .table import row_of, tip

STUDY = "study.json"
RUNS = "runs"


@dataclass(frozen=True)
class Overview:
    """The runs of a folder.

    Attributes
    ----------
    folder
        As it was given.
    runs
        The newest first; folders that are no run come last.
    tested
        Whether they are a finished comparison, and have scores on test images.
    note
        What a person should know of all of them, or empty.
    """

    folder: Path
    runs: tuple[RunSummary, ...] = ()
    tested: bool = False
    note: str = ""


def read_overview(
    folder: Path, ignore: Collection[str] = ()
) -> Generator[tuple[int, int], None, Overview]:
    """Read all runs of a folder, yielding how many are read, of how many.

    Parameters
    ----------
    folder
        Whose subfolders are runs; a run; or the folder of a comparison.
    ignore
        Names of subfolders that are known to be something else.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; choose one that holds runs.")
    study = (folder / STUDY).is_file()
    places = _places(folder / RUNS if study else folder, ignore)
    runs = []
    for number, place in enumerate(places, start=1):
        runs.append(_checked(read_run(place)))
        yield number, len(places)
    tested = study and bool(places) and all((place / SCORES).is_file() for place in places)
    if tested:
        runs = [_with_test(run) for run in runs]
    runs.sort(key=lambda run: run.folder.name)
    runs.sort(key=lambda run: run.created, reverse=True)
    return Overview(folder, tuple(runs), tested, _note(study, tested, runs))


def different_images(runs: Sequence[RunSummary]) -> str | None:
    """Say that the validation scores of some runs are of other images, or None."""
    with_scores = [run for run in runs if run.records]
    known = {run.checked_on for run in with_scores if run.checked_on is not None}
    if len(known) > 1:
        return (
            "The chosen runs were checked on different validation images: their scores cannot be "
            "compared exactly."
        )
    if len(with_scores) > 1 and any(run.checked_on is None for run in with_scores):
        return "It is not known whether the chosen runs were checked on the same images."
    return None


def _places(folder: Path, ignore: Collection[str]) -> list[Path]:
    if (folder / PLAN).is_file():
        return [folder]
    try:
        found = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise InputError(f"{folder}: the folder cannot be read ({error.strerror}).") from None
    return [
        path
        for path in found
        if path.name not in ignore and not path.name.startswith(".") and path.is_dir()
    ]


def _checked(run: RunSummary) -> RunSummary:
    """The run, if its numbers are numbers."""
    try:
        row_of(run)
        tip(run)
    except DAMAGED as error:
        return damaged(run.folder, error)
    return run


def _with_test(run: RunSummary) -> RunSummary:
    try:
        return replace(run, test=read_split(run.folder, "test"))
    except InputError as error:
        return replace(run, state=RunState.UNREADABLE, reason=str(error))


def _note(study: bool, tested: bool, runs: Sequence[RunSummary]) -> str:
    if not runs:
        return "There are no runs in this folder yet."
    if tested:
        return (
            "A finished comparison: scores on test images are shown as well. They say how good "
            "networks are, and must not be used to choose some."
        )
    if study:
        return (
            "A comparison that is not finished: scores on test images are shown when all of its "
            "runs are scored."
        )
    return ""
