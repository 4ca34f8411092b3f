"""The pixels a synthetic cell covers, in its own coordinates, and the grain of its inside."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from .cell import Cell, Floats, toward

_MARGIN = 6
_BANK = 320


class Body:
    """The pixels around a cell in its own coordinates, and its own textures."""

    def __init__(self, cell: Cell) -> None:
        self.radius = cell.radius
        self.rng = np.random.default_rng((cell.seed, 2))
        outline = cell.outline()
        self.half = int(np.ceil(outline.max())) + _MARGIN
        self.row, self.column = round(cell.row) - self.half, round(cell.column) - self.half
        side = np.arange(2 * self.half + 1)
        down = (side + (self.row - cell.row))[:, None]
        right = (side + (self.column - cell.column))[None, :]
        cosine, sine = np.cos(cell.angle), np.sin(cell.angle)
        self.u = right * cosine + down * sine  # along the cell
        self.v = down * cosine - right * sine  # across
        distance = np.hypot(self.u, self.v)
        edge = toward(self.u, self.v, outline)
        self.rho = distance / edge  # 0 at the center, 1 on the outline
        self.depth = edge - distance  # pixels inside of the outline
        self._corner = self.rng.integers(0, _BANK, (2, 2))

    @cached_property
    def dome(self) -> Floats:
        """1 at the center, 0 on the outline and outside, parabolic."""
        return np.asarray(np.maximum(1 - self.rho**2, 0))

    @cached_property
    def fine(self) -> Floats:
        """Noise of unit variance with grains of 1.2 pixels."""
        return self._crop(_texture(1.2), self._corner[0])

    @cached_property
    def coarse(self) -> Floats:
        """Noise of unit variance with grains of 3 pixels."""
        return self._crop(_texture(3.0), self._corner[1])

    def _crop(self, texture: Floats, corner: npt.NDArray[np.int64]) -> Floats:
        side = np.arange(-self.half, self.half + 1)  # so that a cell that grows keeps its grain
        rows, columns = (side + corner[0]) % _BANK, (side + corner[1]) % _BANK
        return np.asarray(texture[rows[:, None], columns])

    def rim(self, depth: float, width: float) -> Floats:
        """A ridge along the outline, 1 on its crest."""
        return np.asarray(np.exp(-(((self.depth - depth) / width) ** 2)))

    def dots(self, distance: Floats, height: Floats, sigma: float) -> Floats:
        """Gaussian grains at random directions and these distances from the center."""
        direction = self.rng.uniform(0, 2 * np.pi, distance.size)
        rows = np.rint(self.half + distance * np.sin(direction)).astype(int)
        columns = np.rint(self.half + distance * np.cos(direction)).astype(int)
        last = 2 * self.half
        image = np.zeros(self.u.shape)
        np.add.at(image, (np.clip(rows, 0, last), np.clip(columns, 0, last)), height)
        return np.asarray(gaussian_filter(image, sigma, truncate=3.0) * (2 * np.pi * sigma**2))


@lru_cache(maxsize=4)
def _texture(grain: float) -> Floats:
    """A periodic field of noise that every cell takes its own piece from."""
    noise = np.random.default_rng(20240125).normal(size=(_BANK, _BANK))
    noise = gaussian_filter(noise, grain, mode="wrap")
    return np.asarray(noise / noise.std())
