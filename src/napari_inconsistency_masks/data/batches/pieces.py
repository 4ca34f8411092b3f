"""Pieces of one size, cut out of images of any size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..sample import Sample, Source

DIVISOR = 16
"""Sides of pieces are multiples of this, as the U-Net needs."""

LOOKED_AT = 64
"""Images whose sizes decide the side of the pieces."""


@dataclass(frozen=True)
class Piece:
    """A piece of a sample; the arrays are the sample's, with the same height and width.

    Attributes
    ----------
    image
        uint8 ``(C, Y, X)``.
    target
        uint8 ``(K, Y, X)`` or ``(Y, X)``.
    known
        bool ``(1 or K, Y, X)``.
    blank
        bool ``(1, Y, X)``.
    """

    image: npt.NDArray[np.uint8]
    target: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]
    blank: npt.NDArray[np.bool_]


def piece_shape(samples: Source, largest: int, *, square: bool) -> tuple[int, int]:
    """Height and width of the pieces for training on some samples.

    The largest multiples of 16 that fit into the median image, at most ``largest``, at least 16.
    """
    step = max(1, len(samples) // LOOKED_AT)
    sizes = [samples[index].image.shape[1:] for index in range(0, len(samples), step)]
    height, width = (int(side) for side in np.median(sizes, axis=0))
    if square:
        height = width = min(height, width)
    return _multiple(min(height, largest)), _multiple(min(width, largest))


def cut(
    sample: Sample,
    shape: tuple[int, int],
    rng: np.random.Generator,
    *,
    around_known: bool = False,
    unlabeled: bool = False,
) -> Piece:
    """Cut a piece at a random place; where the image is smaller it is mirrored at its border.

    Of images much larger than a piece, half of the pieces are centered on a labeled pixel, so
    that few cells in a large image are seen often enough. A piece without any known pixel teaches
    nothing: it is centered on a known pixel instead, if there is one. Mirrored pixels are not
    known.

    Parameters
    ----------
    sample
        With a target.
    shape
        Height and width of the piece.
    rng
        Draws the place.
    around_known
        Whether all pieces are centered on a known pixel, as far as the image goes, so that they
        hold a label box.
    unlabeled
        Whether the target, which may be None, is not looked at; that of the piece is all 0.
    """
    if unlabeled:
        sample = replace(sample, target=None)
    else:
        _ = sample.labeled  # refuses a sample without target
    height, width = sample.image.shape[1:]
    missing = (max(0, shape[0] - height), max(0, shape[1] - width))
    if any(missing):
        sample = _padded(sample, missing)
    window = _window(_corner(sample, shape, rng, around_known=around_known), shape)
    return _piece(sample, window, shape)


def _padded(sample: Sample, missing: tuple[int, int]) -> Sample:
    rows, columns = ((n // 2, n - n // 2) for n in missing)

    def pad(array: npt.NDArray[Any], **how: Any) -> npt.NDArray[Any]:
        return np.pad(array, ((0, 0),) * (array.ndim - 2) + (rows, columns), **how)

    known = np.ones(sample.image.shape[1:], bool) if sample.known is None else sample.known
    return replace(
        sample,
        image=pad(sample.image, mode="symmetric"),
        target=None if sample.target is None else pad(sample.target, mode="symmetric"),
        known=pad(known, constant_values=False),
        blank=None if sample.blank is None else pad(sample.blank, mode="symmetric"),
    )


def _piece(sample: Sample, window: Any, shape: tuple[int, int]) -> Piece:
    image, target = sample.image[window], np.zeros((1, *shape), np.uint8)
    known, blank = np.ones((1, *shape), bool), np.zeros((1, *shape), bool)
    if sample.target is not None:
        target = sample.target[window]
    if sample.known is not None:
        known = sample.known[window].reshape(-1, *shape)
    if sample.blank is not None:
        blank = sample.blank[window][None]
        image = np.where(blank, np.uint8(0), image)
    return Piece(image, target, known, blank)


def _corner(
    sample: Sample, shape: tuple[int, int], rng: np.random.Generator, *, around_known: bool
) -> tuple[int, int]:
    size = sample.image.shape[1:]
    room = np.subtract(size, shape)  # rows and columns left over
    corner = rng.integers(room + 1)
    wants_label = rng.random() < 0.5
    pick = rng.random()
    if wants_label and sample.target is not None and math.prod(size) > 2 * math.prod(shape):
        center = _pixel_of(sample.labeled_per_row, sample.is_labeled, pick)
        if center is not None:
            corner = np.clip(center - np.array(shape) // 2, 0, room)
    nothing_known = sample.known is not None and not sample.known[_window(corner, shape)].any()
    if around_known or nothing_known:
        center = _pixel_of(sample.known_per_row, sample.is_known, pick)
        if center is not None:
            corner = np.clip(center - np.array(shape) // 2, 0, room)
    return int(corner[0]), int(corner[1])


def _pixel_of(
    per_row: npt.NDArray[np.int64],
    rows: Callable[[slice], npt.NDArray[np.bool_]],
    share: float,
) -> tuple[int, int] | None:
    """The pixel that has a share of all before it, row by row; None if there is none.

    Only its row is looked at closely: to list all pixels of a large image takes longer than a step.

    Parameters
    ----------
    per_row
        ``(Y,)``: how many there are in each row.
    rows
        Makes ``(n, X)`` of some rows: where they are.
    share
        Of all pixels, 0 or more and below 1.
    """
    upto = np.cumsum(per_row)  # (Y,)
    if not upto[-1]:
        return None
    place = int(share * upto[-1])
    row = int(np.searchsorted(upto, place, side="right"))
    before = int(upto[row - 1]) if row else 0
    return row, int(np.flatnonzero(rows(slice(row, row + 1)))[place - before])


def _window(corner: Sequence[int] | npt.NDArray[np.int64], shape: tuple[int, int]) -> Any:
    """The last two axes of a piece with this upper left corner."""
    top, left = corner
    return np.s_[..., top : top + shape[0], left : left + shape[1]]


def _multiple(side: int) -> int:
    return max(DIVISOR, side // DIVISOR * DIVISOR)
