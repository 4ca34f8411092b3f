"""A dish of synthetic cells, and one labeled picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...cells import draw_discs, nearest_distances
from ...errors import InputError
from .anatomy import draw
from .cell import Cell, Floats, State
from .dish import Size, scatter_cells, scatter_debris
from .microscope import MARGIN, Microscope, set_up

Seed = int | Sequence[int]
Mask = npt.NDArray[np.bool_]

_SMALLEST = 48


@dataclass(frozen=True, eq=False)
class SyntheticImage:
    """A picture with everything that is known about it.

    Attributes
    ----------
    image
        uint8 ``(Y, X)``.
    alive, dead
        bool ``(Y, X)``: living and dead cells; they may overlap.
    position
        bool ``(Y, X)``: one disc per center of a cell, none touching another.
    positions
        float ``(N, 2)``: (row, column) of the centers in the picture. A cell may reach into the
        picture while its center lies outside: then it is in a mask but not here.
    states
        "alive" or "dead" per position.
    """

    image: npt.NDArray[np.uint8]
    alive: Mask
    dead: Mask
    position: Mask
    positions: Floats
    states: tuple[State, ...]

    @property
    def target(self) -> npt.NDArray[np.uint8]:
        """uint8 ``(3, Y, X)``: alive, dead, position."""
        return np.stack([self.alive, self.dead, self.position]).astype(np.uint8)


def make_image(
    seed: Seed,
    size: Size = (256, 256),
    *,
    cells: tuple[int, int] = (8, 20),
    dead: float = 0.25,
    difficulty: float = 0.5,
) -> SyntheticImage:
    """A brightfield picture of HeLa-like cells, the same for the same arguments.

    Living cells lie flat and textured or have rounded up to divide; dead ones are shrunken,
    granular or mere ghosts. Mean brightness does not tell them apart.

    Parameters
    ----------
    seed
        A number or several, none negative.
    size
        Rows and columns, at least 48 each.
    cells
        Fewest and most cells per 256 x 256 pixels. Where they do not fit there are fewer.
    dead
        The expected share of dead cells, 0 to 1.
    difficulty
        0 to 1: more noise, debris, etched lines and look-alikes, and less contrast.

    Raises
    ------
    InputError
        If an argument is outside of these limits.
    """
    check_options(size, cells, dead, difficulty)
    scatter, optics, sensor = random_streams(seed, 3)
    dish = scatter_cells(scatter, size, cells, dead) + scatter_debris(scatter, size, difficulty)
    microscope = set_up(optics, size, difficulty)
    return picture(dish, microscope, size, sensor)


def check_options(
    size: Sequence[int], cells: Sequence[int], dead: float, difficulty: float
) -> None:
    """Refuse what `make_image` cannot draw."""
    if len(size) != 2 or min(size) < _SMALLEST:
        raise InputError(
            f"Synthetic images of size {tuple(size)}: give rows and columns, "
            f"each at least {_SMALLEST}."
        )
    if len(cells) != 2 or not 0 <= cells[0] <= cells[1]:
        raise InputError(
            f"Synthetic images with {tuple(cells)} cells: give the fewest and the most, "
            "such as (8, 20)."
        )
    for name, value in (("dead", dead), ("difficulty", difficulty)):
        if not 0 <= value <= 1:
            raise InputError(f"Synthetic images with {name} = {value}: choose from 0 to 1.")


def random_streams(seed: Seed, count: int) -> list[np.random.Generator]:
    """Independent generators, so that a change of the cells leaves the microscope as it was."""
    try:
        sequence = np.random.SeedSequence(seed)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The seed {seed!r} is not usable: give whole numbers that are not negative."
        ) from error
    return [np.random.default_rng(child) for child in sequence.spawn(count)]


def picture(
    dish: Sequence[Cell], microscope: Microscope, size: Size, sensor: np.random.Generator
) -> SyntheticImage:
    """Photograph the cells and write down what is there."""
    delay = np.zeros(microscope.slide.shape)
    absorption = np.zeros_like(delay)
    masks = {state: np.zeros(delay.shape, bool) for state in ("alive", "dead")}
    for cell in dish:
        patch = draw(cell)
        inside, canvas = _overlap(patch.row + MARGIN, patch.column + MARGIN, patch.delay, delay)
        delay[canvas] += patch.delay[inside]
        absorption[canvas] += patch.absorption[inside]
        if cell.state is not None:
            masks[cell.state][canvas] |= patch.inside[inside]
    centered = [cell for cell in dish if cell.state is not None and _in_picture(cell, size)]
    positions = np.array([(cell.row, cell.column) for cell in centered]).reshape(-1, 2)
    crop = (slice(MARGIN, MARGIN + size[0]), slice(MARGIN, MARGIN + size[1]))
    return SyntheticImage(
        image=microscope.photograph(delay, absorption, sensor),
        alive=masks["alive"][crop],
        dead=masks["dead"][crop],
        position=_markers(positions, size),
        positions=positions,
        states=tuple(cell.state for cell in centered if cell.state is not None),
    )


def _in_picture(cell: Cell, size: Size) -> bool:
    return 0 <= cell.row <= size[0] - 1 and 0 <= cell.column <= size[1] - 1


def _overlap(
    row: int, column: int, patch: Floats, canvas: Floats
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The part of the patch at (row, column) that lies on the canvas, in both coordinates."""
    starts = (max(row, 0), max(column, 0))
    stops = (
        max(starts[0], min(row + patch.shape[0], canvas.shape[0])),
        max(starts[1], min(column + patch.shape[1], canvas.shape[1])),
    )
    on_canvas = (slice(starts[0], stops[0]), slice(starts[1], stops[1]))
    in_patch = (
        slice(starts[0] - row, stops[0] - row),
        slice(starts[1] - column, stops[1] - column),
    )
    return in_patch, on_canvas


def _markers(positions: Floats, size: Size) -> Mask:
    """A disc per position, of a quarter of the distance to the next one, 3 to 8 pixels."""
    centers = np.rint(positions).astype(np.int64)
    radii = (nearest_distances(centers) // 4).clip(3, 8).astype(np.int64)
    if len(radii) == 1:
        radii[0] = 8
    return draw_discs(centers, radii, size)
