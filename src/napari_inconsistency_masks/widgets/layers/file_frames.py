"""The frames of an image file, as an array that reads them when asked: plain logic, no Qt."""

from __future__ import annotations

import math
import weakref
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...batch.images import open_as
from ...data.pixels import channel_count, to_channels
from ...files.guard import check_memory
from ...files.header import ImageHeader
from .frames import FrameAxes

RGB = 3
_SPARE = "PMQRUVW"


class FileFrames:
    """An image file; one frame of it is in memory at a time.

    It can be indexed as `FrameAxes.read` does. Reading belongs to one thread at a time.

    Parameters
    ----------
    path
        Of the file; only its header is read.
    letters
        What its axes are, if the file is wrong about them.

    Attributes
    ----------
    header, axes, dtype
        What is known of the file, and of the array.

    Raises
    ------
    InputError
        If the file cannot be read.
    """

    def __init__(self, path: Path, letters: str | None = None) -> None:
        self._path = path
        self._stack = open_as(path, letters)
        self.header: ImageHeader = self._stack.header
        self.axes = file_axes(self.header)
        self.dtype = self.header.dtype
        weakref.finalize(self, self._stack.close)

    def __getitem__(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        where = key[: len(self.axes.stack_letters)]
        frame = int(np.ravel_multi_index(where, self.axes.stack_shape)) if where else 0
        return self.frame(frame)

    def read_all(self) -> Generator[tuple[int, int], None, npt.NDArray[Any]]:
        """Read all frames; yields how many of how many are read.

        Raises
        ------
        InputError
            If they do not fit into the free memory, or cannot be read.
        """
        check_memory(self.header.nbytes, self._path)
        first = self.frame(0)
        frames = np.empty((self.axes.count, *first.shape), first.dtype)
        frames[0] = first
        for number in range(1, self.axes.count):
            yield number, self.axes.count
            frames[number] = self.frame(number)
        return frames.reshape(self.axes.shape)

    def close(self) -> None:
        """Close the file; frames can no longer be read."""
        self._stack.close()

    def frame(self, number: int) -> npt.NDArray[Any]:
        channels = to_channels(self._stack[number], self.header.frame_axes)
        if self.axes.color_last:
            return np.moveaxis(channels, 0, -1)
        return channels if "C" in self.axes.letters else channels[0]


def file_axes(header: ImageHeader) -> FrameAxes:
    """The axes of a file's array: those that count frames, then one frame, colors last."""
    channels = channel_count(header)
    stack = header.stack_axes
    if "C" in stack:  # beside colors it can only count images
        free = next(letter for letter in _SPARE if letter not in stack)
        stack = stack.replace("C", free)
    color = "S" in header.axes and channels == RGB
    rest = "YX" if channels == 1 else "YXC" if color else "CYX"
    lengths = dict(zip("YX", header.size_yx, strict=True)) | {"C": channels}
    shape = (*header.stack_shape, *(lengths[letter] for letter in rest))
    return FrameAxes(stack + rest, shape, color)


def layer_look(header: ImageHeader, axes: FrameAxes) -> dict[str, Any]:
    """Scale, units and names of axes of an image layer, from what the file says."""
    letters = axes.layer_letters
    scale, units = [], []
    height, width = header.pixel_size or (1.0, 1.0)
    unit = header.unit if header.pixel_size and header.unit in ("µm", "nm", "mm", "cm") else None
    spacing = header.slice_spacing if unit else None
    sizes = {"Y": (height, unit), "X": (width, unit), "Z": (spacing, unit)}
    sizes["T"] = (header.frame_interval, "s")
    for letter in letters:
        size, name = sizes.get(letter, (None, None))
        known = size is not None and math.isfinite(size)
        scale.append(size if known else 1.0)
        units.append(name if known and name else "pixel")
    return {"scale": scale, "units": units, "axis_labels": [letter.lower() for letter in letters]}
