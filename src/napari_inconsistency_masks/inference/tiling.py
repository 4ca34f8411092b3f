"""Tiles whose joined results equal the result of the whole image, where networks see not too far.

Each tile is predicted with a halo, for a U-Net as wide as it sees, and only its core is kept; tiles
begin at multiples of the network's divisor, so that its pooling grid is the same in every tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from ..errors import InputError
from ..nets.unet import DIVISOR, RECEPTIVE_RADIUS

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Tile:
    """A part of an image.

    Attributes
    ----------
    outer
        Rows and columns of the image to predict.
    core
        Rows and columns of the image the result is kept for.
    inner
        The core's rows and columns inside ``outer``.
    """

    outer: Window
    core: Window
    inner: Window


def tiles(
    shape: tuple[int, int],
    side: int = 1024,
    *,
    halo: int = RECEPTIVE_RADIUS,
    divisor: int = DIVISOR,
) -> Iterator[Tile]:
    """Cover an image.

    Parameters
    ----------
    shape
        Height and width, multiples of `divisor`.
    side
        Largest side of ``outer``: a multiple of `divisor`, more than two halos.
    halo, divisor
        Those of the network; by default those of the U-Net.

    Raises
    ------
    InputError
        If a tile is too small for its halo, or a size is no multiple of `divisor`.
    """
    if side <= 2 * halo or side % divisor or any(n % divisor for n in shape):
        raise InputError(
            f"Tiles of {side} pixels for an image of {shape[0]} x {shape[1]} are not possible: all "
            f"must be multiples of {divisor}, and a tile more than {2 * halo}."
        )
    rows, columns = (_spans(length, side, halo) for length in shape)
    for row, column in product(rows, columns):
        outer, core, inner = zip(row, column, strict=True)
        yield Tile(outer, core, inner)


def _spans(length: int, side: int, halo: int) -> list[tuple[slice, slice, slice]]:
    """Outer, core and inner span of each tile along one axis."""
    if length <= side:
        return [(slice(0, length),) * 3]
    step = side - 2 * halo
    spans = []
    for start in range(0, length, step):
        stop = min(start + step, length)
        first, last = max(0, start - halo), min(length, stop + halo)
        spans.append((slice(first, last), slice(start, stop), slice(start - first, stop - first)))
    return spans
