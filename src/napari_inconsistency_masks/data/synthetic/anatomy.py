"""What is inside a synthetic cell: how much it delays the light, and how much it absorbs.

The delay, in radians, is what a transparent cell does to light: thickness times excess refractive
index. The image of it is made by `microscope`. Every kind varies so much that it overlaps with the
others in size, darkness and grain: only the whole of it tells what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .body import Body
from .cell import Cell, Floats, Kind, smoothstep


@dataclass(frozen=True)
class Patch:
    """A drawn cell.

    Attributes
    ----------
    row, column
        Of the first pixel, in pixels of the image; may be negative.
    delay
        float ``(Y, X)``, radians.
    absorption
        float ``(Y, X)``, natural logarithm of the amplitude lost.
    inside
        bool ``(Y, X)``: the mask of the cell.
    """

    row: int
    column: int
    delay: Floats
    absorption: Floats
    inside: npt.NDArray[np.bool_]


_Light = tuple[Floats, Floats]


def _spread(body: Body) -> _Light:
    """A flat living cell: lamella with ruffled rim, body, nucleus with nucleoli, granules."""
    rng = body.rng
    thickness, busy = rng.uniform(0.55, 1.2), rng.uniform(0.5, 1.3)
    sheet = smoothstep((body.depth + 1) / 4)
    delay = sheet * (0.5 + 0.12 * body.coarse) + 1.5 * body.dome**1.5
    delay += rng.uniform(0.15, 0.65) * body.rim(2.5, 1.8) * (1 + 0.7 * body.coarse) * sheet
    size = rng.uniform(0.38, 0.47) * min(body.radius, 24.0)
    nucleus = _nucleus(body, size)
    delay += nucleus.delay * sheet
    count = int(rng.integers(35, 90) * (body.radius / 20) ** 2)
    distance = size * (1.2 + np.abs(rng.normal(0, 0.4, count)))
    height = rng.choice([-0.5, 0.9, 1.1], count) * rng.uniform(0.3, 1.0, count)
    granules = busy * body.dots(distance, height, 0.75) * sheet
    grain = busy * (0.20 * body.fine + 0.30 * body.coarse) * (0.4 + body.dome)
    delay += granules + grain * (1 - 0.85 * nucleus.inside) * sheet
    dark = rng.uniform(0.0, 0.10)
    return thickness * delay, 0.10 * np.maximum(granules, 0) + dark * body.dome


@dataclass(frozen=True)
class _Nucleus:
    delay: Floats
    inside: Floats


def _nucleus(body: Body, size: float) -> _Nucleus:
    """Smooth, denser than its surroundings, set off by its envelope, with a few nucleoli."""
    rng = body.rng
    ratio, turn = rng.uniform(1.0, 1.3), rng.normal(0, 0.35)
    along = (body.u * np.cos(turn) + body.v * np.sin(turn)) / (size * ratio)
    across = (body.v * np.cos(turn) - body.u * np.sin(turn)) / (size / ratio)
    away = np.hypot(along, across)  # 1 on the envelope
    inside = smoothstep((1.12 - away) * size / 4)
    delay = rng.uniform(0.7, 1.3) * np.sqrt(np.maximum(1 - away**2, 0))
    delay -= rng.uniform(0.2, 0.55) * np.exp(-(((away - 1.05) * size / 1.3) ** 2))
    count = int(rng.integers(1, 5))
    distance = rng.uniform(0.1, 0.6, count) * size
    delay += body.dots(distance, rng.uniform(0.5, 1.2, count), rng.uniform(1.1, 1.7))
    return _Nucleus(delay + 0.08 * body.fine * inside, inside)


def _round(body: Body) -> _Light:
    """A living cell in division: a ball, more or less smooth, often with chromosomes in a plate."""
    rng = body.rng
    ball = np.sqrt(body.dome)
    turn = rng.uniform(0, np.pi)
    across = body.u * np.cos(turn) + body.v * np.sin(turn)
    along = body.v * np.cos(turn) - body.u * np.sin(turn)
    plate = np.exp(-((across / 2.2) ** 2) - (along / (0.5 * body.radius)) ** 4)
    grain = rng.uniform(0.1, 0.6) * body.fine + rng.uniform(0.0, 0.4) * body.coarse
    delay = (rng.uniform(2.6, 5.2) + grain) * ball + rng.uniform(0, 1.2) * plate * ball
    return delay, rng.uniform(0.02, 0.12) * smoothstep(body.depth / 3)


def _shrunken(body: Body) -> _Light:
    """A dead cell that condensed: dense, lumpy, with blebs on its rim."""
    rng = body.rng
    ball = np.sqrt(body.dome)
    grain = rng.uniform(0.5, 1.2) * body.fine + rng.uniform(0.2, 0.8) * body.coarse
    delay = ball * (rng.uniform(2.0, 4.4) + grain)
    for direction in rng.uniform(0, 2 * np.pi, int(rng.integers(1, 8))):
        size = rng.uniform(0.14, 0.34) * body.radius
        away = body.radius * rng.uniform(0.85, 1.05)
        u, v = body.u - away * np.cos(direction), body.v - away * np.sin(direction)
        delay += 0.4 * size * np.sqrt(np.maximum(1 - (u**2 + v**2) / size**2, 0))
    dark = rng.uniform(0.02, 0.20)
    return delay, dark * (1 + 0.5 * body.fine) * smoothstep(body.depth / 3)


def _granular(body: Body) -> _Light:
    """A dead cell full of granules."""
    rng = body.rng
    count = int(rng.uniform(0.25, 0.5) * body.radius**2)
    distance = 0.95 * body.radius * np.sqrt(rng.uniform(0, 1, count))
    granules = rng.uniform(0.6, 1.2) * body.dots(distance, rng.uniform(-0.6, 1.2, count), 0.9)
    delay = rng.uniform(0.6, 1.8) * np.sqrt(body.dome) + granules + 0.3 * body.rim(1, 1.2)
    dark = rng.uniform(0.01, 0.12)
    return delay, dark * smoothstep(body.depth / 3) + dark * np.maximum(granules, 0)


def _ghost(body: Body) -> _Light:
    """What is left of a burst cell: a thin rim around a few granules."""
    rng = body.rng
    sheet = smoothstep(body.depth / 2)
    count = int(rng.integers(15, 40))
    distance = 0.7 * body.radius * np.sqrt(rng.uniform(0, 1, count))
    granules = body.dots(distance, rng.uniform(-0.2, 1.0, count), 0.9)
    delay = sheet * (0.35 + 0.25 * body.fine) + granules
    delay += rng.uniform(0.2, 0.6) * body.rim(1.2, 1.1) * (1 + 0.6 * body.coarse)
    return delay, 0.04 * sheet + 0.10 * np.maximum(granules, 0)


def _withered(body: Body) -> _Light:
    """A dead cell still on the glass: thin, crumpled, its nucleus a knot without envelope."""
    rng = body.rng
    sheet = smoothstep((body.depth + 1) / 4)
    delay = sheet * (0.45 + 0.30 * body.coarse + 0.25 * body.fine) + 0.7 * body.dome
    delay += rng.uniform(0.1, 0.5) * body.rim(2, 1.8) * (1 + body.coarse) * sheet
    knot = rng.uniform(0.18, 0.28) * body.radius
    away = np.hypot(body.u - rng.normal(0, 2), body.v - rng.normal(0, 2)) / knot
    delay += rng.uniform(1.0, 2.2) * np.sqrt(np.maximum(1 - away**2, 0)) * (1 + 0.3 * body.fine)
    count = int(rng.integers(30, 80) * (body.radius / 15) ** 2)
    distance = 0.8 * body.radius * np.sqrt(rng.uniform(0, 1, count))
    granules = body.dots(distance, rng.uniform(-0.5, 1.1, count), 0.85) * sheet
    dark = rng.uniform(0.0, 0.08)
    return delay + granules, dark * sheet + 0.12 * np.maximum(granules, 0)


def _droplet(body: Body) -> _Light:
    """A small ball of oil or a bubble: like a dividing cell, only smaller and empty."""
    return 3.4 * np.sqrt(body.dome), 0.10 * smoothstep(body.depth / 3)


_DRAW: dict[Kind, Callable[[Body], _Light]] = {
    Kind.SPREAD: _spread,
    Kind.ROUND: _round,
    Kind.SHRUNKEN: _shrunken,
    Kind.GRANULAR: _granular,
    Kind.GHOST: _ghost,
    Kind.WITHERED: _withered,
    Kind.FRAGMENT: _granular,
    Kind.DROPLET: _droplet,
}


def draw(cell: Cell) -> Patch:
    """Delay, absorption and mask of a cell; the same cell elsewhere looks the same."""
    body = Body(cell)
    delay, absorption = _DRAW[cell.kind](body)
    return Patch(body.row, body.column, delay, np.maximum(absorption, 0), body.rho < 1)
