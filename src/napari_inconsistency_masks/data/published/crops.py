"""Crops of large images, cut where the reference implementation cuts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ..sample import Sample


def crop_positions(
    height: int, width: int, crop: int = 256, overlap: float = 0.6
) -> list[tuple[int, int]]:
    """Upper left corners (row, column) of the crops of an image.

    As in the reference implementation of arXiv 2401.14387: about as many as fit with that overlap,
    spread evenly, column by column. Several at the right and lower edge may be the same. An image
    smaller than the crop in a direction is used whole in that direction.

    Parameters
    ----------
    height, width
        Of the image.
    crop
        Side of the square.
    overlap
        Share of its side that neighbors have in common, from 0 to below 1.

    Raises
    ------
    InputError
        If the crop is smaller than 1 pixel, or the overlap out of its limits.
    """
    if crop < 1 or not 0 <= overlap < 1:
        raise InputError(
            f"Crops of {crop} pixels that overlap by {overlap:g}: give at least 1 pixel and an "
            f"overlap from 0 to below 1."
        )
    rows = _starts(height, crop, overlap)
    return [(row, column) for column in _starts(width, crop, overlap) for row in rows]


def _starts(length: int, crop: int, overlap: float) -> list[int]:
    if length < crop:
        return [0]
    count = round(length / (crop * (1 - overlap)))
    step = length / count
    return [min(int(number * step), length - crop) for number in range(count)]


def cut_crop(sample: Sample, name: str, position: tuple[int, int], crop: int) -> Sample:
    """The part of a sample with this upper left corner, copied."""
    row, column = position
    window = np.s_[..., row : row + crop, column : column + crop]

    def cut(array: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return array[window].copy()

    target = None if sample.target is None else cut(sample.target)
    known = None if sample.known is None else sample.known[window].copy()
    return replace(sample, name=name, image=cut(sample.image), target=target, known=known)
