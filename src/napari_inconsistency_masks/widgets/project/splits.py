"""What the files of a project are for: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...errors import InputError
from ...projects import ImageStatus
from ...projects.content import SplitName
from ..correcting.keys import SPLIT_KEY

WORDS: dict[SplitName | None, str] = {
    None: "automatic",
    "train": "training",
    "validation": "validation",
}
ONE_LABELED = (
    "Only one file is labeled, so validation would be on that file too: label a second one, so "
    "that one of them can be set aside."
)


def is_labeled(status: ImageStatus) -> bool:
    """Whether anything is known of any frame of a file."""
    return status.labeled + status.corrected > 0


def remark(rows: Iterable[ImageStatus]) -> str:
    """Whether files can be set aside for validation, in a sentence; nothing if all is well."""
    labeled = [row.image for row in rows if is_labeled(row)]
    if len(labeled) == 1:
        return ONE_LABELED
    if labeled and all(image.split == "train" for image in labeled):
        return (
            f"Every labeled file is for training, so scores would be measured on these: give one "
            f"to validation (key {SPLIT_KEY})."
        )
    return ""


def other_split(rows: Sequence[ImageStatus], image_id: str) -> SplitName:
    """What a file is for after the key was pressed."""
    row = next(row for row in rows if row.image.id == image_id)
    return "train" if row.image.split == "validation" else "validation"


def check_split(rows: Sequence[ImageStatus], image_id: str, split: SplitName | None) -> None:
    """Refuse to give the last labeled file to validation.

    Raises
    ------
    InputError
        If no labeled file would be left to learn from.
    """
    row = next(row for row in rows if row.image.id == image_id)
    if split != "validation" or not is_labeled(row):
        return
    labeled = [other for other in rows if is_labeled(other)]
    if len(labeled) == 1:
        raise InputError(ONE_LABELED)
    if all(other is row or other.image.split == "validation" for other in labeled):
        raise InputError(
            f"{row.path.name} is the last labeled file to learn from: give another one to "
            f"training first."
        )


def told(name: str, row: ImageStatus, split: SplitName | None) -> str:
    """What was switched, in a sentence."""
    frames = "" if row.image.frames == 1 else f", with all its {row.image.frames} frames,"
    if split is None:
        return f"{name}{frames} is for training or validation, as a seeded draw says."
    return f"{name}{frames} is for {WORDS[split]} now."
