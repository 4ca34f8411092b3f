"""What is known of an image file: shape, axes, pixel size, and how it falls into frames."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Planes(Protocol):
    """Reads planes of an open file: the axes from the first of Y, X and S on.

    Planes are counted over the axes before those, the last of them fastest. With ``rows``, only
    these rows of Y are returned, and as far as the file allows only they are read.
    """

    def __call__(self, plane: int, rows: slice | None = None) -> npt.NDArray[Any]:
        """Read a plane."""
        ...


def leading_axes(axes: str) -> str:
    """The axes over which planes are counted: those before the first of Y, X and S."""
    return axes[: min(axes.index(axis) for axis in "YXS" if axis in axes)]


def only_rows(plane: npt.NDArray[Any], axes: str, rows: slice | None) -> npt.NDArray[Any]:
    """Some rows of a plane whose axes are the last ones of ``axes``."""
    if rows is None:
        return plane
    return plane[(slice(None),) * axes[-plane.ndim :].index("Y") + (rows,)]


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """Everything about an image file but its pixels.

    Attributes
    ----------
    shape, axes, dtype
        Of the whole image, one letter per axis, singleton axes left out: Y, X, C (channels),
        S (red, green, blue and perhaps alpha, or gray and alpha), T, Z; any other letter is an
        axis the file does not explain.
    pixel_size
        Height and width of a pixel in `unit`, or None if the file is not calibrated.
    unit
        Such as ``"µm"``; None without `pixel_size`.
    frame_interval, slice_spacing
        Seconds between frames of T and distance in `unit` between slices of Z, or None.
    notes
        What a person should know about how the file is read, one sentence each.
    palette
        Colors of the values 0, 1, 2 ... of a file that was opened for its palette indices: red,
        green, blue and perhaps alpha, each 0 to 255. None for any other file.
    """

    shape: tuple[int, ...]
    axes: str
    dtype: np.dtype[Any]
    pixel_size: tuple[float, float] | None = None
    unit: str | None = None
    frame_interval: float | None = None
    slice_spacing: float | None = None
    notes: tuple[str, ...] = ()
    palette: tuple[tuple[int, ...], ...] | None = None

    @property
    def size_yx(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.shape[self.axes.index("Y")], self.shape[self.axes.index("X")]

    @property
    def stack_axes(self) -> str:
        """The axes over which the frames are counted, such as ``"TZ"``; empty for one image."""
        belongs_to_frame = "YXS" if "S" in self.axes else "YXC"
        return "".join(axis for axis in self.axes if axis not in belongs_to_frame)

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """Length of every stack axis."""
        return tuple(self.shape[self.axes.index(axis)] for axis in self.stack_axes)

    @property
    def stack(self) -> dict[str, int]:
        """Stack axes with their lengths, in order."""
        return dict(zip(self.stack_axes, self.stack_shape, strict=True))

    @property
    def frame_axes(self) -> str:
        """Axes of one frame: ``YX``, ``CYX``, ``YXC``, ``YXS`` or ``SYX``."""
        return "".join(axis for axis in self.axes if axis not in self.stack_axes)

    @property
    def frame_count(self) -> int:
        """Number of frames, 1 for a single image."""
        return math.prod(self.stack_shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the whole image in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    def frame_label(self, frame: int) -> str:
        """Where a frame is, counted from 0 as in napari: ``"t=3,z=1"``; empty for one image."""
        where = np.unravel_index(frame, self.stack_shape) if self.stack_axes else ()
        pairs = zip(self.stack_axes, where, strict=True)
        return ",".join(f"{axis.lower()}={index}" for axis, index in pairs)


@dataclass(frozen=True, kw_only=True)
class ImageFile(ImageHeader):
    """A whole image with what is known of it; see `ImageHeader`.

    ``array`` has shape ``shape``, axes ``axes`` and native byte order.
    """

    array: npt.NDArray[Any]
