"""What the cells of a time-lapse do from frame to frame: crawl, divide and die."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from .cell import Cell, Floats, Kind
from .dish import Size, fits

_SPEED = 1.2  # pixels per frame
_IN_MITOSIS = 3  # frames as a ball, before and after the division
_GROWN = 18.0  # radius at which a young cell stops to grow


class _Event(Enum):
    ROUND_UP = auto()
    DIVIDE = auto()
    SETTLE = auto()
    DIE = auto()


@dataclass
class _Life:
    cell: Cell
    velocity: Floats
    event: _Event | None = None
    due: int = 0


def live(
    rng: np.random.Generator,
    dish: Sequence[Cell],
    size: Size,
    frames: int,
    divisions: int,
    deaths: int,
) -> Iterator[list[Cell]]:
    """The cells of every frame, the given ones first.

    In each of them the cells fit as `fits` demands. A cell keeps its seed for life; the two that
    come out of a division get new ones. What finds no room is put off to the next frame.
    """
    lives = [_Life(cell, rng.normal(0, _SPEED, 2)) for cell in dish]
    _foretell(rng, lives, size, frames, divisions, deaths)
    yield [life.cell for life in lives]
    for frame in range(1, frames):
        for life in list(lives):
            others = [other.cell for other in lives if other is not life]
            if life.event is not None and frame >= life.due:
                lives += _happen(rng, life, others, size, frame)
            else:
                _crawl(rng, life, others, size)
        yield [life.cell for life in lives]


def _foretell(
    rng: np.random.Generator,
    lives: Sequence[_Life],
    size: Size,
    frames: int,
    divisions: int,
    deaths: int,
) -> None:
    """Choose who divides and who dies, spread over the frames."""
    able = [
        life
        for life in lives
        if life.cell.kind is Kind.SPREAD
        and 0 < life.cell.row < size[0]
        and 0 < life.cell.column < size[1]
    ]
    chosen = [able[i] for i in rng.permutation(len(able))[: divisions + deaths]]
    for number, life in enumerate(chosen):
        if number < divisions:
            life.event = _Event.ROUND_UP
            last = max(frames - 2 * _IN_MITOSIS, 1)
        else:
            life.event, last = _Event.DIE, max(frames - 1, 1)
        life.due = 1 + int(rng.integers(last))


def _happen(
    rng: np.random.Generator, life: _Life, others: Sequence[Cell], size: Size, frame: int
) -> list[_Life]:
    """Let the event happen if there is room; returns the lives that it begins."""
    cell = life.cell
    if life.event is _Event.DIVIDE:
        return _divide(rng, life, others, size, frame)
    if life.event is _Event.DIE:
        kind = Kind.SHRUNKEN if rng.random() < 0.6 else Kind.GRANULAR
        changed, following = replace(cell, kind=kind, radius=0.7 * cell.radius), None
    elif life.event is _Event.ROUND_UP:
        radius = float(np.clip(0.55 * cell.radius, 9, 12))
        changed, following = replace(cell, kind=Kind.ROUND, radius=radius), _Event.DIVIDE
    else:
        changed, following = replace(cell, kind=Kind.SPREAD, radius=1.1 * cell.radius), None
    changed = replace(changed, elongation=1 + 0.3 * (cell.elongation - 1))
    if fits(changed, others, size):
        life.cell, life.event, life.due = changed, following, frame + _IN_MITOSIS
    return []


def _divide(
    rng: np.random.Generator, life: _Life, others: Sequence[Cell], size: Size, frame: int
) -> list[_Life]:
    mother = life.cell
    for _ in range(12):
        direction = rng.uniform(0, 2 * np.pi)
        apart = 7.5 * np.array([np.sin(direction), np.cos(direction)])
        radius = 0.8 * mother.radius
        first, second = (
            replace(
                mother,
                row=float(mother.row + side * apart[0]),
                column=float(mother.column + side * apart[1]),
                radius=radius,
                seed=int(rng.integers(2**31)),
            )
            for side in (-1, 1)
        )
        if fits(first, [*others, second], size) and fits(second, others, size):
            life.cell, life.velocity = first, -0.3 * apart
            life.event, life.due = _Event.SETTLE, frame + _IN_MITOSIS
            return [_Life(second, 0.3 * apart, _Event.SETTLE, frame + _IN_MITOSIS)]
    return []


def _crawl(rng: np.random.Generator, life: _Life, others: Sequence[Cell], size: Size) -> None:
    """One step: living spread cells wander and change shape, all others barely move."""
    cell = life.cell
    spread = cell.kind is Kind.SPREAD
    pace = 1.0 if spread else 0.25
    if spread:
        life.velocity = 0.8 * life.velocity + 0.6 * rng.normal(0, _SPEED, 2)
    moved = replace(
        cell,
        row=float(cell.row + pace * life.velocity[0]),
        column=float(cell.column + pace * life.velocity[1]),
        angle=float(cell.angle + pace * rng.normal(0, 0.05)),
        stir=cell.stir + 0.2 * pace,
        radius=_next_radius(cell),
    )
    smaller = replace(moved, radius=min(cell.radius, moved.radius))
    for candidate in (moved, smaller):
        if fits(candidate, others, size):
            life.cell = candidate
            return
    life.velocity = -life.velocity


def _next_radius(cell: Cell) -> float:
    if cell.kind is Kind.SPREAD and cell.radius < _GROWN:
        return min(1.08 * cell.radius, _GROWN)
    if cell.state == "dead":
        return max(0.9 * cell.radius, min(cell.radius, 8.5))
    return cell.radius
