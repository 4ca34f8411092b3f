"""Images that are given twice, by links: their cells are twice in all sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os.path import realpath

from .images import Image


def noting(image: Image, first: dict[str, str]) -> Image:
    """An image that is the file of one before with a note that says so.

    Parameters
    ----------
    image
        As it was looked at.
    first
        Of the images before, by file what tables call it; this one is added.
    """
    name = first.setdefault(realpath(image.path), image.name)
    if name == image.name or image.header is None:
        return image
    note = f"the same file as {name}, by a link: its cells are counted twice."
    return replace(image, header=replace(image.header, notes=(*image.header.notes, note)))


def repeated(images: Iterable[Image]) -> list[Image]:
    """Those of some images that are the file of one before."""
    first: dict[str, str] = {}
    return [
        image
        for image in images
        if first.setdefault(realpath(image.path), image.name) != image.name
    ]


def words_about(images: Sequence[Image]) -> str:
    """What a person should know of `repeated` images."""
    one = len(images) == 1
    which = "1 image is the file" if one else f"{len(images):,} images are the files"
    return (
        f"{which} of {'another one' if one else 'others'}, by a link: {images[0].name}"
        f"{'' if one else ' is one of them'}. All sums count these cells twice; give each file "
        f"once if they should not."
    )
