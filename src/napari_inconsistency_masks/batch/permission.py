"""Before a batch: what of it is done already, and whether it would overwrite something unasked."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..files.json_files import read_json
from .images import Image
from .journal import JOURNAL, Journal, settings_key
from .layout import SIDECAR, image_files, summary_files
from .plan import Plan


def is_done(image: Image, journal: Journal) -> bool:
    """Whether an image has all its results."""
    return journal.is_done(image.key, Path(image.path))


def open_journal(plan: Plan, *, overwrite: bool, look_only: bool = False) -> Journal:
    """The journal of a plan's folder, once it is clear that nothing is overwritten unasked.

    With ``look_only`` nothing is changed on disk.

    Raises
    ------
    InputError
        If something would be.
    """
    folder, key = Path(plan.folder), settings_key(plan)
    journal = Journal(folder, key)
    if overwrite:
        if journal.other_settings and not look_only:
            (folder / JOURNAL).unlink()
            journal = Journal(folder, key)
        return journal
    if journal.other_settings:
        raise InputError(
            f"{folder}: holds results of other networks or settings; choose another folder, or add "
            f"--overwrite."
        )
    left_out = _left_out(plan, folder / SIDECAR)
    if left_out:
        raise InputError(
            f"{folder}: holds results of {left_out[0]}, which is not among these images; give all "
            f"of them, choose another folder, or add --overwrite."
        )
    files = [
        file
        for image in plan.good
        if not is_done(image, journal)
        for file in image_files(image, plan).values()
    ]
    there = [file for file in [*summary_files(plan), *files] if not journal.may_replace(file)]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputError(
            f"{there[0]}{more} would be overwritten; choose another folder, or add --overwrite."
        )
    return journal


def _left_out(plan: Plan, sidecar: Path) -> list[str]:
    """Images of an earlier batch in this folder that still exist, but are not in the plan."""
    if not sidecar.is_file():
        return []
    planned = {image.path for image in plan.images}
    before = [str(image["path"]) for image in read_json(sidecar).get("images", [])]
    return [path for path in before if path not in planned and Path(path).exists()]
