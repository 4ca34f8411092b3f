"""Taking the axes of a file for others than it says."""

from __future__ import annotations

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
    return lead == len(leading_axes(old.axes)) and places[0] == places[1]


def reordered(header: ImageHeader, pixels: npt.NDArray[Any]) -> tuple[ImageHeader, Planes]:
    """A whole image in memory with its axes in the order T, Z, C, Y, X, S."""
    axes = "".join(axis for axis in AXES if axis in header.axes)
    ordered = pixels.transpose([header.axes.index(axis) for axis in axes])
    planes = ordered.reshape(-1, *ordered.shape[len(leading_axes(axes)) :])

    def read(plane: int, rows: slice | None = None) -> npt.NDArray[Any]:
        return np.ascontiguousarray(only_rows(planes[plane], axes, rows))

    return replace(header, axes=axes, shape=ordered.shape), read
