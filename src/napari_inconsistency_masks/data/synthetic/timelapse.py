"""A time-lapse of a dish: cells crawl, divide and die."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from .cell import Floats, State
from .dish import Size, scatter_cells, scatter_debris
from .life import live
from .microscope import set_up
from .scene import (
    Mask,
    Seed,
    SyntheticImage,
    check_options,
    picture,
    random_streams,
)


@dataclass(frozen=True, eq=False)
class SyntheticStack:
    """A time-lapse with everything that is known about it.

    Attributes
    ----------
    image
        uint8 ``(T, Y, X)``.
    alive, dead, position
        bool ``(T, Y, X)``, as in `SyntheticImage`.
    positions
        float ``(N, 3)``: (frame, row, column) of every cell in every frame.
    states
        "alive" or "dead" per position.
    """

    image: npt.NDArray[np.uint8]
    alive: Mask
    dead: Mask
    position: Mask
    positions: Floats
    states: tuple[State, ...]


def make_stack(
    seed: Seed,
    frames: int = 12,
    size: Size = (256, 256),
    *,
    cells: tuple[int, int] = (10, 16),
    dead: float = 0.15,
    difficulty: float = 0.5,
    divisions: int = 2,
    deaths: int = 3,
) -> SyntheticStack:
    """A time-lapse in which cells keep their looks, crawl, round up and divide, and die.

    Parameters
    ----------
    seed, size, cells, dead, difficulty
        As in `make_image`, for the first frame.
    frames
        Number of pictures, at least 1.
    divisions, deaths
        How many of the spread cells divide and die, at most; each needs a few frames.

    Raises
    ------
    InputError
        If an argument is outside of its limits.
    """
    check_options(size, cells, dead, difficulty)
    if frames < 1 or divisions < 0 or deaths < 0:
        raise InputError(
            f"A synthetic stack of {frames} frames with {divisions} divisions and {deaths} "
            "deaths: give at least 1 frame and no negative numbers."
        )
    scatter, optics, sensor, fate = random_streams(seed, 4)
    dish = scatter_cells(scatter, size, cells, dead)
    debris = scatter_debris(scatter, size, difficulty)
    microscope = set_up(optics, size, difficulty)
    pictures = [
        picture([*living, *debris], microscope, size, sensor)
        for living in live(fate, dish, size, frames, divisions, deaths)
    ]
    return _stack(pictures)


def _stack(pictures: Sequence[SyntheticImage]) -> SyntheticStack:
    positions = [
        np.column_stack([np.full(len(frame.positions), float(t)), frame.positions])
        for t, frame in enumerate(pictures)
    ]
    return SyntheticStack(
        image=np.stack([frame.image for frame in pictures]),
        alive=np.stack([frame.alive for frame in pictures]),
        dead=np.stack([frame.dead for frame in pictures]),
        position=np.stack([frame.position for frame in pictures]),
        positions=np.concatenate(positions),
        states=tuple(state for frame in pictures for state in frame.states),
    )
