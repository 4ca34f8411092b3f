"""Pieces of one size, cut out of images of any size."""

from __future__ import annotations

from collections.abc import Sequence
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
    """
    whole = _whole(sample)
    height, width = whole.image.shape[1:]
    missing = (max(0, shape[0] - height), max(0, shape[1] - width))
    if any(missing):
        whole = _padded(whole, missing)
    window = _window(_corner(whole, shape, rng, around_known=around_known), shape)
    return Piece(
        whole.image[window], whole.target[window], whole.known[window], whole.blank[window]
    )


def _whole(sample: Sample) -> Piece:
    nowhere = np.zeros((1, *sample.image.shape[1:]), bool)
    known, blank = sample.known, sample.blank
    if known is None:
        known = ~nowhere
    elif known.ndim == 2:
        known = known[None]
    image = sample.image
    if blank is not None:
        image = np.where(blank, np.uint8(0), image)
    return Piece(image, sample.labeled, known, nowhere if blank is None else blank[None])


def _padded(piece: Piece, missing: tuple[int, int]) -> Piece:
    rows, columns = ((n // 2, n - n // 2) for n in missing)

    def pad(array: npt.NDArray[Any], **how: Any) -> npt.NDArray[Any]:
        return np.pad(array, ((0, 0),) * (array.ndim - 2) + (rows, columns), **how)

    return replace(
        piece,
        image=pad(piece.image, mode="symmetric"),
        target=pad(piece.target, mode="symmetric"),
        known=pad(piece.known, constant_values=False),
        blank=pad(piece.blank, mode="symmetric"),
    )


def _corner(
    piece: Piece, shape: tuple[int, int], rng: np.random.Generator, *, around_known: bool
) -> tuple[int, int]:
    room = np.subtract(piece.image.shape[1:], shape)  # rows and columns left over
    corner = rng.integers(room + 1)
    wants_label = rng.random() < 0.5
    pick = rng.random()
    known: npt.NDArray[np.bool_] = np.logical_or.reduce(piece.known)  # (Y, X)
    if wants_label and piece.image[0].size > 2 * shape[0] * shape[1]:
        target = piece.target.any(0) if piece.target.ndim == 3 else piece.target != 0
        center = _pixel_of(target & known, pick)
        if center is not None:
            corner = np.clip(center - np.array(shape) // 2, 0, room)
    if around_known or not known[_window(corner, shape)].any():
        center = _pixel_of(known, pick)
        if center is not None:
            corner = np.clip(center - np.array(shape) // 2, 0, room)
    return int(corner[0]), int(corner[1])


def _pixel_of(mask: npt.NDArray[np.bool_], share: float) -> tuple[int, int] | None:
    """The pixel that has a share of all in ``(Y, X)`` before it, row by row; None if there is none.

    Only its row is looked at closely: to list all pixels of a large image takes longer than a step.
    """
    upto = np.cumsum(np.count_nonzero(mask, axis=1))  # (Y,)
    if not upto[-1]:
        return None
    place = int(share * upto[-1])
    row = int(np.searchsorted(upto, place, side="right"))
    before = int(upto[row - 1]) if row else 0
    return row, int(np.flatnonzero(mask[row])[place - before])


def _window(corner: Sequence[int] | npt.NDArray[np.int64], shape: tuple[int, int]) -> Any:
    """The last two axes of a piece with this upper left corner."""
    top, left = corner
    return np.s_[..., top : top + shape[0], left : left + shape[1]]


def _multiple(side: int) -> int:
    return max(DIVISOR, side // DIVISOR * DIVISOR)
