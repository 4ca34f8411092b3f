"""Which folder each image of a batch lies in, so that folders can be compared. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from .images import Image


def folders_of(images: Sequence[Image]) -> dict[str, str]:
    """The folder of each image, by the name of the image.

    Of one folder that was given, folders are called as in the names of images. If several were
    given, such as one per treatment, names need not tell them, and folders are called by the path
    from what they have in common.
    """
    parents = {image.name: Path(image.path).parent for image in images}
    if len({_given(image) for image in images}) < 2:
        return {name: PurePosixPath(name).parent.as_posix() for name in parents}
    try:
        common = os.path.commonpath(parents.values())
    except ValueError:  # they are on several drives
        return {name: parent.as_posix() for name, parent in parents.items()}
    return {name: parent.relative_to(common).as_posix() for name, parent in parents.items()}


def _given(image: Image) -> Path:
    """The folder that the name of an image begins in."""
    return Path(image.path).parents[len(PurePosixPath(image.name).parts) - 1]
