"""Results of other networks, settings or images, which must not stay beside new counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..files.folders import remove
from .journal import Journal
from .layout import image_files, parts_folder, remove_empty, summary_files
from .plan import Plan

SHOWN = 5
"""Names of files that a sentence lists."""


def remove_superseded(plan: Plan, journal: Journal) -> list[Path]:
    """Remove results that a plan does not write itself, and return those that stay.

    What the journal does not know stays, and so do the images of the plan; neither is returned.

    Parameters
    ----------
    plan
        What is written from now on.
    journal
        Of the folder, with the records of what wrote to it before.

    Returns
    -------
    list of Path
        Files that somebody changed since they were written.

    Raises
    ------
    InputError
        If the operating system refuses to remove one.
    """
    edited = []
    for file in _superseded(plan, journal):
        if journal.may_replace(file):
            remove(file)
            remove_empty(file.parent, plan)
        else:
            edited.append(file)
    return edited


def words_about(edited: Sequence[Path], plan: Plan) -> str:
    """What a person should know of files that stay though the plan does not write them."""
    names = ", ".join(file.relative_to(plan.folder).as_posix() for file in edited[:SHOWN])
    more = f" and {len(edited) - SHOWN} more" if len(edited) > SHOWN else ""
    return (
        f"{plan.folder}: changed since an earlier batch wrote it, and so not removed: {names}{more}"
        f"; none of this belongs to the new counts."
    )


def _superseded(plan: Plan, journal: Journal) -> list[Path]:
    kept = set(summary_files(plan))
    for image in plan.images:
        kept.update(image_files(image, plan).values())
    parts = set()
    if not journal.other_settings:
        parts = {parts_folder(image, plan) for image in plan.images}
    inputs = {Path(image.path).resolve() for image in plan.images}
    return [
        file
        for file in journal.files()
        if file not in kept and file.parent not in parts and file.resolve() not in inputs
    ]
