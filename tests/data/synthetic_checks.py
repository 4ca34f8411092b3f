"""What must hold for the labels of every synthetic picture."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_inconsistency_masks.data.synthetic import SyntheticImage

EIGHT = np.ones((3, 3))


def assert_consistent(picture: SyntheticImage) -> None:
    """One spot per position, and around each position its state in the majority."""
    labels, count = ndimage.label(picture.position, EIGHT)
    assert count == len(picture.positions) == len(picture.states)
    spots = [labels[tuple(center)] for center in np.rint(picture.positions).astype(int)]
    assert sorted(spots) == list(range(1, count + 1))
    for (row, column), state in zip(np.rint(picture.positions), picture.states, strict=True):
        rows = slice(max(int(row) - 3, 0), int(row) + 3)
        columns = slice(max(int(column) - 3, 0), int(column) + 3)
        alive, dead = picture.alive[rows, columns].sum(), picture.dead[rows, columns].sum()
        assert (alive > dead) == (state == "alive")
        assert alive != dead
