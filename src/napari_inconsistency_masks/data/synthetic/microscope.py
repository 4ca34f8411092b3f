"""From delay and absorption of light to a brightfield picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import gaussian_filter, uniform_filter

from .cell import Floats

Singles = npt.NDArray[np.float32]

_WAVELENGTH = 0.55  # micrometers
_PIXEL = 0.65  # micrometers
_APERTURE = 0.34  # of the objective
_CONDENSER = 0.09  # the larger, the less coherent the light and the fainter the fringes
_HALO = 0.09  # phase contrast that a slightly closed condenser adds

MARGIN = 28
"""Pixels drawn around the picture, so that what lies outside throws its halo into it."""


@dataclass(frozen=True, eq=False)
class Microscope:
    """A setting of the microscope, with the slide and the dirt in the light path.

    Attributes
    ----------
    defocus
        Micrometers. In focus, transparent cells would be invisible.
    tilt
        Obliqueness of the light in rows and columns, which gives relief.
    contrast
        1 as the optics give it.
    noise
        Standard deviation at medium gray, in gray values of 255.
    illumination
        float ``(Y, X)``, gray value of an empty picture.
    slide
        float ``(Y + 2 margins or a little more, X + ...)``, radians: dust and etched lines.
    """

    defocus: float
    tilt: tuple[float, float]
    contrast: float
    noise: float
    illumination: Singles
    slide: Floats

    def photograph(
        self, delay: Floats, absorption: Floats, rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        """The picture ``(Y, X)`` of a specimen drawn with margins, of the shape of the slide."""
        rows, columns = (slice(MARGIN, MARGIN + n) for n in self.illumination.shape)
        phase = (delay + self.slide).astype(np.float32)
        light = self._propagate(phase, absorption.astype(np.float32))
        around = uniform_filter(uniform_filter(phase, 17), 17)  # close to a Gaussian
        light = (light + _HALO * (around - phase))[rows, columns]
        picture = self.illumination * (1 + self.contrast * (light - 1))
        shot = np.sqrt(np.maximum(picture, 1) / 128)
        picture += self.noise * shot * rng.standard_normal(picture.shape, np.float32)
        gray: npt.NDArray[np.uint8] = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
        return gray

    def _propagate(self, phase: Singles, absorption: Singles) -> Singles:
        """Intensity behind the specimen, by the angular spectrum in Fresnel's approximation."""
        fy = fft.fftfreq(phase.shape[0], _PIXEL).astype(np.float32)[:, None]
        fx = fft.fftfreq(phase.shape[1], _PIXEL).astype(np.float32)[None, :]
        squared = fy**2 + fx**2
        passed = np.exp(-((np.pi * self.defocus * _CONDENSER) ** 2) * squared)
        passed /= 1 + (squared * (_WAVELENGTH / _APERTURE) ** 2) ** 4
        passed *= 1 + self.tilt[0] * fy + self.tilt[1] * fx
        transfer = _wave(passed, -np.pi * _WAVELENGTH * self.defocus * squared)
        behind = fft.ifft2(fft.fft2(_wave(np.exp(-absorption), phase)) * transfer)
        return np.asarray(behind.real**2 + behind.imag**2)


def _wave(amplitude: Singles, phase: Singles) -> npt.NDArray[np.complex64]:
    wave = np.empty(phase.shape, np.complex64)  # several times faster than a complex exp
    wave.real, wave.imag = amplitude * np.cos(phase), amplitude * np.sin(phase)
    return wave


def set_up(rng: np.random.Generator, size: tuple[int, int], difficulty: float) -> Microscope:
    """A random microscope for pictures of this size (Y, X)."""
    side = -1 if rng.random() < 0.4 * difficulty else 1
    return Microscope(
        defocus=float(side * (11.5 + (2 + 5 * difficulty) * rng.uniform(-1, 1))),
        tilt=(float(rng.normal(0, 0.15)), float(rng.normal(0, 0.15))),
        contrast=float((1 - 0.35 * difficulty) * rng.uniform(1.0, 1.5)),
        noise=float((1.2 + 2.2 * difficulty) * rng.uniform(0.8, 1.2)),
        illumination=_illumination(rng, size),
        slide=_slide(rng, size, difficulty),
    )


def _illumination(rng: np.random.Generator, size: tuple[int, int]) -> Singles:
    """Uneven light, darker to the corners, with shadows of dirt far out of focus."""
    y = np.linspace(-1, 1, size[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, size[1], dtype=np.float32)[None, :]
    down, right = rng.normal(0, 0.25, 2).tolist()
    light = 1 - 0.09 * ((y - down) ** 2 + (x - right) ** 2)
    for _ in range(4):  # slow waves
        down, right, phase = rng.normal(0, 2.5, 3).tolist()
        light += 0.012 * np.sin(down * y + right * x + phase)
    for _ in range(rng.poisson(1.5)):
        down, right = rng.uniform(-1, 1, 2).tolist()
        width, depth = rng.uniform(10, 28) / size[0], rng.uniform(-0.05, 0.10)
        squared = (y - down) ** 2 + ((x - right) * size[1] / size[0]) ** 2
        light -= depth * np.exp(-((squared / width**2) ** 2))
    return np.asarray(rng.uniform(105, 165) * light, np.float32)


def _slide(rng: np.random.Generator, size: tuple[int, int], difficulty: float) -> Floats:
    shape = tuple(fft.next_fast_len(n + 2 * MARGIN) for n in size)
    dust = np.zeros(shape)
    count = int(rng.poisson((8 + 40 * difficulty) * dust.size / 2**16))
    spots = (rng.integers(0, shape[0], count), rng.integers(0, shape[1], count))
    np.add.at(dust, spots, rng.uniform(1, 10, count))
    haze = rng.normal(0, 0.08 + 0.15 * difficulty, shape)
    slide = np.asarray(gaussian_filter(dust + haze, 1.0))
    if rng.random() < 0.3 * difficulty:
        slide += _etched_line(rng, shape, MARGIN)
    return slide


def _etched_line(rng: np.random.Generator, shape: tuple[int, ...], margin: int) -> Floats:
    """The double line of a counting chamber, nearly along one axis."""
    axis = int(rng.integers(2))
    along = np.arange(shape[1 - axis]) * rng.normal(0, 0.02)
    place = rng.uniform(margin, shape[axis] - margin)
    away = np.arange(shape[axis])[:, None] - along[None, :] - place  # (axis, other axis)
    groove = -1.3 * (np.exp(-((away / 1.4) ** 2)) + np.exp(-(((away - 9) / 1.4) ** 2)))
    return np.asarray(groove if axis == 0 else groove.T)
