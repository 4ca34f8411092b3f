"""Frames as the networks see them, read whole or, if they are large, some rows at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.pixels import is_gray, to_channels
from ..errors import InputError
from ..files.images import StackFile
from ..inference.trained import TrainedEnsemble
from ..intensity import Scaling
from .images import LARGE, unfit_channels

_SURVEYED = 256

Rows = tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]
"""Scaled gray values ``(C, y, X)``, and where they have a value ``(y, X)`` or None for all."""


@dataclass(frozen=True)
class Frame:
    """A frame to predict.

    Attributes
    ----------
    index
        As counted in the file.
    size
        Rows and columns.
    notes
        What a person should know, one sentence each.
    reader, scaling
        Where rows are read, and how their gray values are scaled.
    pixels
        All rows, scaled; None of a large frame, whose rows are read when they are asked for.
    """

    index: int
    size: tuple[int, int]
    notes: tuple[str, ...]
    reader: FrameReader
    scaling: Scaling
    pixels: Rows | None

    @property
    def is_large(self) -> bool:
        """Whether it is processed some rows at a time."""
        return self.pixels is None

    def rows(self, first: int, stop: int) -> Rows:
        """Some rows of it."""
        if self.pixels is None:
            return self.scaling.apply(self.reader.raw(self.index, slice(first, stop)))
        image, finite = self.pixels
        return image[:, first:stop], None if finite is None else finite[first:stop]


class FrameReader:
    """Reads the frames of an open image.

    Parameters
    ----------
    stack
        From `Image.open`; may be used from several threads only through this reader.
    ensemble
        Whose gray values and channels count.
    channels
        As in `BatchOptions`.
    """

    def __init__(
        self, stack: StackFile, ensemble: TrainedEnsemble, channels: Sequence[int]
    ) -> None:
        self._stack = stack
        self._intensity = ensemble.card.intensity
        self._wanted = ensemble.channels
        self._remark = ensemble.remark_on(stack.header.dtype)
        self._channels = tuple(channels)
        self._lock = Lock()

    def read(self, index: int) -> Frame:
        """Read and scale a frame, or prepare to read a large one."""
        size = self._stack.header.size_yx
        if math.prod(size) > LARGE:
            scaling = self._intensity.scaling(lambda: self._bands(index), self._stack.header.dtype)
            return Frame(index, size, self._notes(scaling), self, scaling, None)
        raw = self.raw(index)
        scaling = self._intensity.scaling(lambda: [raw], raw.dtype)
        return Frame(index, size, self._notes(scaling), self, scaling, scaling.apply(raw))

    def _notes(self, scaling: Scaling) -> tuple[str, ...]:
        return *scaling.notes, *self._remark

    def raw(self, index: int, rows: slice | None = None) -> npt.NDArray[Any]:
        """Chosen channels of a frame, ``(C, y, X)``."""
        with self._lock:
            frame = self._stack[index] if rows is None else self._stack.rows(index, rows)
        image = to_channels(frame, self._stack.header.frame_axes)
        if self._channels:
            return image[list(self._channels)]
        if len(image) != self._wanted and not (self._wanted == 1 and is_gray(image)):
            raise InputError(unfit_channels(len(image), len(image), self._wanted))
        return image[: self._wanted]

    def _bands(self, index: int) -> Iterator[npt.NDArray[Any]]:
        height, _ = self._stack.header.size_yx
        for first in range(0, height, _SURVEYED):
            yield self.raw(index, slice(first, first + _SURVEYED))
