"""The table of a project's images: what there is of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .content import ImageEntry
from .corrections import Corrections


@dataclass(frozen=True)
class ImageStatus:
    """One row of the table of a project's images.

    ``labeled`` and ``corrected`` count the frames that are labeled all over and within boxes only;
    ``predicted`` is the run that last predicted the image, ``found`` whether its file is there.
    """

    image: ImageEntry
    path: Path
    found: bool
    labeled: int
    corrected: int
    predicted: str | None


def image_status(image: ImageEntry, path: Path, corrections: Corrections) -> ImageStatus:
    """What there is of an image whose file should be at `path`; reads no masks."""
    saved = [found for found in corrections.frames(image.id).values() if found.labeled]
    complete = sum(found.complete for found in saved)
    partial = len(saved) - complete
    return ImageStatus(image, path, path.is_file(), complete, partial, image.predicted)
