"""Where synthetic cells lie: scattered at random, never so that a count would be in doubt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .cell import Cell, Kind
from .microscope import MARGIN

Size = tuple[int, int]

_BORDER = 4  # pixels to the image border that no center is nearer to
_APART = 13  # pixels between centers
_WINDOW = 6  # pixels around a center that no cell of the other state reaches
_PATIENCE = 40  # places tried per cell

_DEAD = (Kind.SHRUNKEN, Kind.GRANULAR, Kind.GHOST, Kind.WITHERED)
_SHARES = (0.35, 0.25, 0.15, 0.25)
_RADII = {
    Kind.SPREAD: (14.0, 25.0),
    Kind.ROUND: (8.0, 12.5),
    Kind.SHRUNKEN: (7.0, 11.5),
    Kind.GRANULAR: (7.0, 12.0),
    Kind.GHOST: (8.5, 13.0),
    Kind.WITHERED: (11.0, 17.0),
}
_LONGEST = {
    Kind.SPREAD: 2.0,
    Kind.ROUND: 1.2,
    Kind.SHRUNKEN: 1.3,
    Kind.GRANULAR: 1.4,
    Kind.GHOST: 1.3,
    Kind.WITHERED: 1.7,
}


def scatter_cells(
    rng: np.random.Generator, size: Size, cells: tuple[int, int], dead: float
) -> list[Cell]:
    """Cells in the picture and around it, so that some are cut by its border."""
    wanted = round(rng.integers(cells[0], cells[1] + 1) * _area(size))
    placed: list[Cell] = []
    for _ in range(wanted):
        cell = _random_cell(rng, dead)
        for _ in range(_PATIENCE):
            row, column = _random_place(rng, size)
            candidate = replace(cell, row=row, column=column)
            if fits(candidate, placed, size):
                placed.append(candidate)
                break
    return placed


def scatter_debris(rng: np.random.Generator, size: Size, difficulty: float) -> list[Cell]:
    """Fragments and droplets, which have no state."""
    debris = []
    for _ in range(rng.poisson((1 + 7 * difficulty) * _area(size))):
        kind = Kind.FRAGMENT if rng.random() < 0.7 else Kind.DROPLET
        row, column = _random_place(rng, size)
        radius, elongation = rng.uniform(2.0, 4.8), rng.uniform(1.0, 1.6)
        angle, seed = rng.uniform(0, np.pi), int(rng.integers(2**31))
        debris.append(Cell(kind, row, column, radius, elongation, angle, seed))
    return debris


def _area(size: Size) -> float:
    """Of the picture and its margins, in pictures of 256 x 256 pixels."""
    return (size[0] + 2 * MARGIN) * (size[1] + 2 * MARGIN) / 256**2


def _random_place(rng: np.random.Generator, size: Size) -> tuple[float, float]:
    rows, columns = size
    return rng.uniform(-MARGIN, rows + MARGIN), rng.uniform(-MARGIN, columns + MARGIN)


def _random_cell(rng: np.random.Generator, dead: float) -> Cell:
    if rng.random() < dead:
        kind = _DEAD[rng.choice(len(_DEAD), p=_SHARES)]
    else:
        kind = Kind.ROUND if rng.random() < 0.18 else Kind.SPREAD
    radius, elongation = rng.uniform(*_RADII[kind]), rng.uniform(1.0, _LONGEST[kind])
    angle, seed = rng.uniform(0, np.pi), int(rng.integers(2**31))
    return Cell(kind, 0.0, 0.0, radius, elongation, angle, seed)


def fits(cell: Cell, others: Iterable[Cell], size: Size) -> bool:
    """Whether a cell may lie here.

    Its center is clearly inside or outside of the picture. Centers are far enough apart that
    their discs never touch, and no cell of the other state reaches a center, so that what is
    counted there is never in doubt. Cells may still overlap.
    """
    for center, length in ((cell.row, size[0]), (cell.column, size[1])):
        if min(abs(center), abs(length - 1 - center)) < _BORDER:
            return False
    for other in others:
        distance = float(np.hypot(cell.row - other.row, cell.column - other.column))
        near = cell.radius + other.radius
        if distance < max(_APART, 0.8 * near):
            return False
        if cell.state != other.state and distance < 2.2 * near:
            reach = min(
                cell.distance(other.row, other.column), other.distance(cell.row, cell.column)
            )
            if reach < _WINDOW:
                return False
    return True
