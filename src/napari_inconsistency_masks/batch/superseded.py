"""Results of other networks, settings or images, which must not stay beside new counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os.path import realpath
from pathlib import Path

from ..files.folders import remove
from .journal import Journal
from .layout import image_files, parts_folder, remove_empty, summary_files
from .plan import Plan

SHOWN = 5
"""Names of files that a sentence lists."""


@dataclass(frozen=True)
class Superseded:
    """Results in a folder that a plan does not write itself.

    What the journal does not know is none of them, and neither are the images of the plan.

    Attributes
    ----------
    untouched
        As an earlier batch wrote them.
    edited
        Changed by somebody since then; these stay.
    """

    untouched: tuple[Path, ...]
    edited: tuple[Path, ...]


def find_superseded(plan: Plan, journal: Journal) -> Superseded:
    """Find what must not stay beside the results of a plan.

    Parameters
    ----------
    plan
        What is written from now on.
    journal
        Of the folder, with the records of what wrote to it before.
    """
    untouched, edited = list[Path](), list[Path]()
    for file in _superseded(plan, journal):
        (untouched if journal.may_replace(file) else edited).append(file)
    return Superseded(tuple(untouched), tuple(edited))


def remove_superseded(plan: Plan, journal: Journal) -> tuple[Path, ...]:
    """Remove what is untouched of it, and return what stays, as somebody changed it.

    Raises
    ------
    InputError
        If the operating system refuses to remove one.
    """
    found = find_superseded(plan, journal)
    for file in found.untouched:
        remove(file)
        remove_empty(file.parent, plan)
    return found.edited


def words_about(edited: Sequence[Path], plan: Plan) -> str:
    """What a person should know of files that stay though the plan does not write them."""
    return (
        f"{plan.folder}: changed since an earlier batch wrote it, and so not removed: "
        f"{names_of(edited, plan)}; none of this belongs to the new counts."
    )


def names_of(files: Sequence[Path], plan: Plan) -> str:
    """The first few of some files, and how many more there are."""
    names = ", ".join(file.relative_to(plan.folder).as_posix() for file in files[:SHOWN])
    return f"{names} and {len(files) - SHOWN} more" if len(files) > SHOWN else names


def _superseded(plan: Plan, journal: Journal) -> list[Path]:
    kept = set(summary_files(plan))
    for image in plan.images:
        kept.update(image_files(image, plan).values())
    parts = set()
    if not journal.other_settings:
        parts = {parts_folder(image, plan) for image in plan.images}
    inputs = {realpath(image.path) for image in plan.images}
    return [
        file
        for file in journal.files()
        if file not in kept and file.parent not in parts and realpath(file) not in inputs
    ]
