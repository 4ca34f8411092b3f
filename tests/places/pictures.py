"""Hand-made predictions: cells drawn where each member sees them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_inconsistency_masks.cells import draw_discs
from napari_inconsistency_masks.places import Place
from napari_inconsistency_masks.task import LabelScheme, Task

UInt8 = npt.NDArray[np.uint8]
CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
NUCLEI = LabelScheme(Task.BINARY, ("nucleus",))
FISH = LabelScheme(Task.MULTICLASS, ("water", "fish"))
SIZE = 128


def nothing(members: int = 2, scheme: LabelScheme = CELLS, size: int = SIZE) -> UInt8:
    return np.zeros((members, scheme.outputs, size, size), np.uint8)


def draw_cell(
    member: UInt8, row: int, column: int, state: int = 0, radius: int = 9, marker: int = 4
) -> None:
    """Draw a square body of a state, and a disc as its marker, into ``(K, Y, X)``."""
    draw_body(member[state], row, column, radius)
    disc = draw_discs(np.array([[row, column]]), np.array([marker]), member.shape[1:])
    member[2] |= disc


def draw_body(mask: UInt8, row: int, column: int, radius: int) -> None:
    mask[row - radius : row + radius + 1, column - radius : column + radius + 1] = 1


def place(
    score: float = 1.0,
    image: str = "a",
    frame: int = 0,
    row: int = 0,
    *,
    area: int = 100,
    disagreement: float = 0.5,
    classes: Sequence[str] = ("alive",),
    outcomes: Sequence[Sequence[int]] = ((1, 0), (0, 0)),
    appearance: Sequence[float] = (),
) -> Place:
    """A place of 10 x 10 pixels; `row` is its first."""
    return Place(
        image,
        frame,
        (row, 0, row + 10, 10),
        (row + 4.5, 4.5),
        area,
        tuple(classes),
        disagreement,
        int(score),
        tuple(tuple(counts) for counts in outcomes),
        score,
        tuple(appearance),
    )
