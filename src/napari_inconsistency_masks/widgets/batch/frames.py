"""Frames of an image and its results as arrays that are read when needed: plain logic, no Qt."""

from __future__ import annotations

import itertools
import operator
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

KEPT_BYTES = 1 << 28
"""About how much is kept of the frames that were looked at."""

Planes = Mapping[str, npt.NDArray[Any]]


class KeptFrames:
    """The frames of an image that were looked at, with all that belongs to them.

    The frame that a viewer is about to show is asked for, and blank until it has come; all others
    are read at once, so that a program never takes a blank for what is in a file.

    Parameters
    ----------
    read
        Reads a frame: an array per key. Is called by one thread at a time.
    ask
        Asks for a frame to be loaded by another thread.
    is_shown
        Whether a viewer shows this frame now.
    """

    def __init__(
        self,
        read: Callable[[int], Planes],
        ask: Callable[[int], None],
        is_shown: Callable[[int], bool],
    ) -> None:
        self._read, self._ask, self._is_shown = read, ask, is_shown
        self._kept: OrderedDict[int, Planes] = OrderedDict()
        self._reading = threading.Lock()

    def __contains__(self, frame: int) -> bool:
        return frame in self._kept

    def plane(self, key: str, frame: int) -> npt.NDArray[Any] | None:
        """A part of a frame; None if it is shown now and has not come yet."""
        planes = self._kept.get(frame)
        if planes is None and self._is_shown(frame):
            self._ask(frame)
            return None
        return (planes or self.load(frame))[key]

    def load(self, frame: int) -> Planes:
        """Read a frame, if it is not kept; any thread may call it."""
        with self._reading:
            planes = self._kept.get(frame)
            if planes is None:
                planes = self._read(frame)
                size = sum(plane.nbytes for plane in planes.values())
                while self._kept and (len(self._kept) + 1) * size > KEPT_BYTES:
                    self._kept.popitem(last=False)
                self._kept[frame] = planes
            return planes


class FrameArray:
    """One key of `KeptFrames` as an array: axes that count frames, then those of a frame.

    Parameters
    ----------
    frames, key
        What it shows.
    stack_shape
        Lengths of the axes that count frames.
    plane_shape, dtype
        Of a frame.
    """

    def __init__(
        self,
        frames: KeptFrames,
        key: str,
        stack_shape: tuple[int, ...],
        plane_shape: tuple[int, ...],
        dtype: npt.DTypeLike,
    ) -> None:
        self._frames, self._key = frames, key
        self._stack, self._plane = stack_shape, plane_shape
        self.dtype = np.dtype(dtype)
        self.shape = (*stack_shape, *plane_shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes, were it all in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        whole = [self._frames.load(frame)[self._key] for frame in range(self._count)]
        made = np.stack(whole).reshape(self.shape)
        return made if dtype is None else made.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        parts = self._whole_key(key)
        if parts is None:
            taken: npt.NDArray[Any] = np.asarray(self)[key]
            return taken
        lead, rest = parts[: len(self._stack)], parts[len(self._stack) :]
        picks = [_picked(part, length) for part, length in zip(lead, self._stack, strict=True)]
        places = itertools.product(*([p] if isinstance(p, int) else p for p in picks))
        planes = [self._frame(place)[rest] for place in places]
        kept = [len(pick) for pick in picks if not isinstance(pick, int)]
        if not planes:
            return np.zeros((*kept, *np.zeros(self._plane)[rest].shape), self.dtype)
        return planes[0] if not kept else np.stack(planes).reshape(*kept, *planes[0].shape)

    @property
    def _count(self) -> int:
        return int(np.prod(self._stack, dtype=np.int64))

    def _frame(self, place: tuple[int, ...]) -> npt.NDArray[Any]:
        frame = int(np.ravel_multi_index(place, self._stack)) if place else 0
        plane = self._frames.plane(self._key, frame)
        return np.zeros(self._plane, self.dtype) if plane is None else plane

    def _whole_key(self, key: Any) -> tuple[Any, ...] | None:
        """An index or slice per axis; None if it is something else, as an array."""
        parts = key if isinstance(key, tuple) else (key,)
        if any(part is Ellipsis for part in parts):
            where = [part is Ellipsis for part in parts].index(True)
            missing = self.ndim - len(parts) + 1
            parts = (*parts[:where], *[slice(None)] * missing, *parts[where + 1 :])
        parts = (*parts, *[slice(None)] * (self.ndim - len(parts)))
        simple = all(isinstance(part, slice | int | np.integer) for part in parts)
        return parts if simple and len(parts) == self.ndim else None


def _picked(part: Any, length: int) -> int | range:
    if isinstance(part, slice):
        return range(length)[part]
    return range(length)[operator.index(part)]
