"""Before a batch: what of it is done already, and whether it would overwrite something unasked."""

from __future__ import annotations

from os.path import normcase
from pathlib import Path

from ..errors import InputError
from .images import Image
from .journal import Journal, settings_key
from .layout import SIDECAR, image_files, summary_files
from .plan import Plan
from .results import read_results


def is_done(image: Image, journal: Journal) -> bool:
    """Whether an image has all its results."""
    return journal.is_done(image.key, Path(image.path))


def open_journal(plan: Plan, *, overwrite: bool) -> Journal:
    """The journal of a plan's folder, once it is clear that nothing is overwritten unasked.

    Nothing is changed on disk.

    Raises
    ------
    InputError
        If something would be.
    """
    folder, key = Path(plan.folder), settings_key(plan)
    journal = Journal(folder, key)
    if overwrite:
        return journal
    if journal.other_settings:
        raise InputError(
            f"{folder}: holds results of other networks or settings; choose another folder, or add "
            f"--overwrite."
        )
    left_out = _left_out(plan)
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


def _left_out(plan: Plan) -> list[str]:
    """Images of an earlier batch in this folder that are not in the plan.

    Those that are gone count if they have results, whose rows would be gone as well.
    """
    if not (Path(plan.folder) / SIDECAR).is_file():
        return []
    earlier = read_results(Path(plan.folder))
    paths = {normcase(image.path) for image in plan.images}  # as they are typed, on Windows
    stems = {image.stem for image in plan.images}  # of a folder that was moved, they are the same

    def is_left_out(image: Image) -> bool:
        given = normcase(image.path) in paths
        if given or Path(image.path).exists():
            return not given
        return image.stem not in stems and "counts" in earlier.files(image)

    return [image.path for image in earlier.plan.images if is_left_out(image)]
