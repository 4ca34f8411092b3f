"""Taking the axes of a file for others than it says, and frames in the order of another file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .header import ImageHeader, Planes, leading_axes, only_rows
from .names import about

AXES = "TZCYXS"
"""Letters a person may give: time, depth, channel, rows, columns, samples (red, green, blue)."""


def corrected(header: ImageHeader, axes: str, path: Path) -> ImageHeader:
    """The header with other axes; `InputError` if they do not fit."""
    if len(axes) != len(header.shape) or len(set(axes)) != len(axes) or not {*"YX"} <= {*axes}:
        shape = " x ".join(map(str, header.shape))
        text = f"axes {axes} do not fit {shape}, read as {header.axes}; give a letter for each."
        raise InputError(about(path, text))
    if not {*axes} <= {*AXES}:
        raise InputError(about(path, f"axes {axes}: only the letters {AXES} are known."))
    notes = tuple(note for note in header.notes if "does not say what its" not in note)
    return replace(header, axes=axes, notes=notes)


def has_same_planes(old: ImageHeader, new: ImageHeader) -> bool:
    """Whether the planes of a file are the same ones with other axes."""
    lead = len(leading_axes(new.axes))
    places = [[header.axes.index(axis) for axis in "YX"] for header in (old, new)]
    holds_frames = not {*"TZ"}.isdisjoint(new.axes[lead:])
    return lead == len(leading_axes(old.axes)) and places[0] == places[1] and not holds_frames


def frames_in_order(wanted: Mapping[str, int], given: Mapping[str, int]) -> tuple[int, ...] | None:
    """For each frame of a stack, the frame of another one that is at the same place.

    Where an axis is not named by its file, or one of the stacks has a single axis, frames belong
    together in the order in which they lie in their files.

    Parameters
    ----------
    wanted, given
        `ImageHeader.stack` of both, with equally many frames.

    Returns
    -------
    tuple of int or None
        None if nobody can tell which frames belong together: the axes have other lengths, or one
        of the stacks has a single axis and the other one is not counted over T and then Z.
    """
    numbers = np.arange(math.prod(given.values())).reshape([*given.values()])
    several = min(len(wanted), len(given)) > 1
    if not {*wanted, *given} <= {*AXES}:
        alike = not several or [*wanted.values()] == [*given.values()]
    elif several:
        alike = wanted == given
        if alike:
            numbers = numbers.transpose([[*given].index(axis) for axis in wanted])
    else:
        longer = wanted if len(wanted) > len(given) else given
        alike = "".join(longer) in ("", *AXES, "TZ")
    return tuple(numbers.ravel().tolist()) if alike else None


def reordered(header: ImageHeader, pixels: npt.NDArray[Any]) -> tuple[ImageHeader, Planes]:
    """A whole image in memory with its axes in the order T, Z, C, Y, X, S."""
    axes = "".join(axis for axis in AXES if axis in header.axes)
    ordered = pixels.transpose([header.axes.index(axis) for axis in axes])
    planes = ordered.reshape(-1, *ordered.shape[len(leading_axes(axes)) :])

    def read(plane: int, rows: slice | None = None) -> npt.NDArray[Any]:
        return np.ascontiguousarray(only_rows(planes[plane], axes, rows))

    return replace(header, axes=axes, shape=ordered.shape), read
