"""What the networks see in a frame, tile by tile, the rows of tiles from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ..inference.predict import mirrored, predict_logits
from ..inference.tiling import Tile, tiles
from ..inference.trained import TrainedEnsemble
from .reading import Frame

SIDE = 1024


@dataclass(frozen=True)
class Seen:
    """What the networks say about a part of a frame.

    Attributes
    ----------
    rows, columns
        Of the frame.
    logits
        ``(E, K, y, x)``.
    finite
        Where the image has a value ``(y, x)``, or None for everywhere.
    """

    rows: slice
    columns: slice
    logits: Tensor
    finite: npt.NDArray[np.bool_] | None

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return int(self.logits.shape[-2] * self.logits.shape[-1])


def see(ensemble: TrainedEnsemble, frame: Frame) -> Iterator[Seen]:
    """Predict a frame; equals what the networks say about the whole image at once."""
    height, width = frame.size
    divisor, halo = ensemble.networks.divisor, ensemble.networks.halo
    padded = (height + -height % divisor, width + -width % divisor)
    row_of = mirrored(height, padded[0] - height).numpy()
    column_of = mirrored(width, padded[1] - width).numpy()
    cut = tiles(padded, SIDE - SIDE % divisor, halo=halo, divisor=divisor)
    for _, row in groupby(cut, key=lambda tile: int(tile.core[0].start)):
        across = list(row)
        wanted = row_of[across[0].outer[0]]
        first = int(wanted.min())
        image, finite = frame.rows(first, int(wanted.max()) + 1)
        image = image[:, wanted - first]  # (C, y, X)
        for tile in across:
            rows, columns = _inside(tile, height, width)
            logits = predict_logits(ensemble.networks, image[None][..., column_of[tile.outer[1]]])
            logits = logits[:, 0][..., tile.inner[0], tile.inner[1]]
            logits = logits[..., : rows.stop - rows.start, : columns.stop - columns.start]
            known = None
            if finite is not None:
                known = finite[rows.start - first : rows.stop - first, columns]
            yield Seen(rows, columns, logits, known)


def _inside(tile: Tile, height: int, width: int) -> tuple[slice, slice]:
    """The core of a tile, without what lies beyond the frame."""
    rows, columns = tile.core
    return slice(rows.start, min(rows.stop, height)), slice(columns.start, min(columns.stop, width))
