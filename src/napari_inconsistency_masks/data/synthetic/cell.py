"""A synthetic cell: what it is, where it lies and how its outline runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
State = Literal["alive", "dead"]

ANGLES = np.linspace(-np.pi, np.pi, 180, endpoint=False)
"""Directions, in radians, at which outlines are known."""
_CLOSED = np.append(ANGLES, np.pi)


class Kind(StrEnum):
    """What lies in the dish.

    Living cells are spread on the glass or have rounded up to divide. Dead cells are shrunken with
    dense blebs, granular, the faint ghost of a burst cell, or withered but still spread. Fragments
    and droplets are debris that resembles dead and rounded cells and is never labeled.
    """

    SPREAD = "spread"
    ROUND = "round"
    SHRUNKEN = "shrunken"
    GRANULAR = "granular"
    GHOST = "ghost"
    WITHERED = "withered"
    FRAGMENT = "fragment"
    DROPLET = "droplet"


_STATES: dict[Kind, State] = {
    Kind.SPREAD: "alive",
    Kind.ROUND: "alive",
    Kind.SHRUNKEN: "dead",
    Kind.GRANULAR: "dead",
    Kind.GHOST: "dead",
    Kind.WITHERED: "dead",
}
_ROUGHNESS = {
    Kind.SPREAD: 0.03,
    Kind.ROUND: 0.012,
    Kind.SHRUNKEN: 0.05,
    Kind.GRANULAR: 0.06,
    Kind.GHOST: 0.09,
    Kind.WITHERED: 0.07,
    Kind.FRAGMENT: 0.15,
    Kind.DROPLET: 0.0,
}


@dataclass(frozen=True)
class Cell:
    """One object in the dish.

    Attributes
    ----------
    kind
        What it is.
    row, column
        The center, in pixels of the image; may lie outside of it.
    radius
        Of the disc of the same area, in pixels.
    elongation
        Length over width, at least 1.
    angle
        Of the long axis, in radians from the column axis towards the row axis.
    seed
        Of everything else: its shape and what is inside. A cell that moves keeps it.
    stir
        How far, in radians, the waves of its outline have traveled.
    """

    kind: Kind
    row: float
    column: float
    radius: float
    elongation: float
    angle: float
    seed: int
    stir: float = 0.0

    @property
    def state(self) -> State | None:
        """Alive, dead, or None for debris."""
        return _STATES.get(self.kind)

    def outline(self) -> Floats:
        """Distance from the center to the outline, in pixels, per direction in `ANGLES`.

        Directions count from the long axis of the cell.
        """
        return self.radius * _unit_outline(self.kind, self.elongation, self.seed, self.stir)

    def distance(self, row: float, column: float) -> float:
        """Pixels from a point to the outline along the ray to the center, negative inside."""
        down, right = row - self.row, column - self.column
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        along, across = right * cosine + down * sine, down * cosine - right * sine
        return float(np.hypot(down, right) - toward(along, across, self.outline()))


def toward(along: float | Floats, across: float | Floats, outline: Floats) -> Floats:
    """Length of an outline in the direction of points given in coordinates of the cell."""
    closed = np.append(outline, outline[0])
    return np.asarray(np.interp(np.arctan2(across, along), _CLOSED, closed))


@lru_cache(maxsize=4096)
def _unit_outline(kind: Kind, elongation: float, seed: int, stir: float) -> Floats:
    rng = np.random.default_rng((seed, 1))
    radius = _tips(rng) if kind in (Kind.SPREAD, Kind.WITHERED) else np.ones(ANGLES.size)
    radius *= 1 + _waves(rng, _ROUGHNESS[kind], stir)
    radius = _stretch(_round_off(radius), np.sqrt(elongation))
    radius /= np.sqrt(np.mean(radius**2))  # the area of the unit disc
    radius.flags.writeable = False
    return radius


def _tips(rng: np.random.Generator) -> Floats:
    """A polygon of three to five tips with sides that are drawn in between them."""
    count = int(rng.integers(3, 6))
    tips = np.sort((np.arange(count) + rng.uniform(-0.28, 0.28, count)) * 2 * np.pi / count)
    length = rng.uniform(0.8, 1.4, count)
    sag = rng.uniform(0.1, 0.5, count)
    behind = (ANGLES[:, None] - tips) % (2 * np.pi)  # (angle, tip)
    this = behind.argmin(axis=1)
    following = (this + 1) % count
    gap = (tips[following] - tips[this]) % (2 * np.pi)
    t = behind[np.arange(ANGLES.size), this] / gap  # 0 at this tip, 1 at the following one
    blend = smoothstep(t)
    side = length[this] * (1 - blend) + length[following] * blend
    hollow: Floats = sag[this] * np.minimum(gap / 2, 1.2) * np.sin(np.pi * t) ** 0.8
    return np.asarray(side * (1 - hollow))


def _waves(rng: np.random.Generator, roughness: float, stir: float) -> Floats:
    order = np.arange(2, 9)
    height = rng.normal(0, roughness, order.size) * 3 / (order + 1)
    phase = rng.uniform(0, 2 * np.pi, order.size) + stir * rng.uniform(-1, 1, order.size)
    return np.asarray((height * np.cos(order * ANGLES[:, None] + phase)).sum(axis=1))


def _round_off(radius: Floats) -> Floats:
    """The outline without corners sharper than a membrane can be."""
    spectrum = np.fft.rfft(radius)
    spectrum *= np.exp(-((np.arange(spectrum.size) / 20) ** 2))
    return np.fft.irfft(spectrum, radius.size)


def _stretch(radius: Floats, factor: float) -> Floats:
    along, across = np.cos(ANGLES) * radius * factor, np.sin(ANGLES) * radius / factor
    direction = np.arctan2(across, along)
    order = np.argsort(direction)
    length = np.hypot(along, across)
    return np.interp(ANGLES, direction[order], length[order], period=2 * np.pi)


def smoothstep(x: Floats) -> Floats:
    """0 below 0, 1 above 1 and a smooth rise between."""
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
