"""What the axes of an array mean, and its frames one by one: plain logic, no Qt.

Letters: Y rows, X columns, C channels of one image (color); all others, such as T and Z, count
frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import InputError

MEANINGS = {
    "T": "Frames over time",
    "Z": "Slices in depth",
    "P": "Other images (positions, wells …)",
    "C": "Channels of one image (color)",
    "Y": "Rows",
    "X": "Columns",
}
"""What a person can say about an axis."""

_STACK_LETTERS = "TZPMQRUVW"
_FEW = 4


@dataclass(frozen=True)
class FrameAxes:
    """The axes of an image layer's array.

    Attributes
    ----------
    letters
        One per axis.
    shape
        Length of every axis.
    color_last
        Whether the last axis is the colors of an RGB layer, which napari does not count.

    Raises
    ------
    InputError
        If letters and shape do not fit, or there is not exactly one Y and one X.
    """

    letters: str
    shape: tuple[int, ...]
    color_last: bool = False

    def __post_init__(self) -> None:
        once = all(self.letters.count(letter) == 1 for letter in self.letters)
        if len(self.letters) != len(self.shape) or not once or not {*"YX"} <= {*self.letters}:
            raise InputError(
                f"Axes {self.letters!r} for an image of shape {self.shape}: give one letter per "
                f"axis, Y and X among them, none twice."
            )

    @property
    def stack_letters(self) -> str:
        """The axes that count frames."""
        return "".join(letter for letter in self.letters if letter not in "CYX")

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """Their lengths."""
        return tuple(self._length(letter) for letter in self.stack_letters)

    @property
    def count(self) -> int:
        """Number of frames."""
        return math.prod(self.stack_shape)

    @property
    def channels(self) -> int:
        """Channels of one frame; of red, green, blue and alpha the first three."""
        if "C" not in self.letters:
            return 1
        return min(3, self._length("C")) if self.color_last else self._length("C")

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._length("Y"), self._length("X")

    @property
    def layer_letters(self) -> str:
        """The axes napari shows."""
        return self.letters[:-1] if self.color_last else self.letters

    @property
    def layer_shape(self) -> tuple[int, ...]:
        """Shape of a layer with one value per pixel: 1 along channels."""
        return tuple(1 if letter == "C" else self._length(letter) for letter in self.layer_letters)

    def describe(self) -> str:
        """Such as ``"24 frames of 220 x 220"``."""
        rows, columns = self.size
        frames = f"{self.count} frames of " if self.count > 1 else ""
        return f"{frames}{rows} x {columns}"

    def renamed(self, axis: int, letter: str) -> FrameAxes:
        """The axes with another letter for one of them; who had that letter gets the old one."""
        letters = list(self.letters)
        if letter in letters:
            letters[letters.index(letter)] = letters[axis]
        letters[axis] = letter
        return replace(self, letters="".join(letters))

    def place(self, frame: int) -> tuple[int, ...]:
        """Where a frame is along the stack axes."""
        where = np.unravel_index(frame, self.stack_shape) if self.stack_shape else ()
        return tuple(int(index) for index in where)

    def frame_at(self, place: Sequence[float]) -> int:
        """The frame nearest to a place along all axes napari shows (in pixels)."""
        nearest = [
            min(max(round(value), 0), self._length(letter) - 1)
            for letter, value in zip(self.layer_letters, place, strict=True)
            if letter in self.stack_letters
        ]
        return int(np.ravel_multi_index(nearest, self.stack_shape)) if nearest else 0

    def label(self, frame: int) -> str:
        """A frame in words, such as ``"3"`` or ``"t 3, z 1"``, counted from 0 as in napari."""
        pairs = list(zip(self.stack_letters, self.place(frame), strict=True))
        if len(pairs) == 1:
            return str(pairs[0][1])
        return ", ".join(f"{letter.lower()} {index}" for letter, index in pairs)

    def read(self, data: Any, frame: int) -> npt.NDArray[Any]:
        """One frame ``(C, Y, X)`` of an array, also of one that reads from disk when asked."""
        plane = np.asarray(data[self._key(self.letters, frame)])
        rest = [letter for letter in self.letters if letter in "CYX"]
        if "C" not in rest:
            plane, rest = plane[np.newaxis], ["C", *rest]
        ordered = plane.transpose([rest.index(letter) for letter in "CYX"])
        return ordered[: self.channels]

    def read_plane(self, data: Any, frame: int, channel: int = 0) -> npt.NDArray[Any]:
        """One frame ``(Y, X)`` of an array of `layer_shape`, or one channel of it of `shape`."""
        plane = np.asarray(data[self._key(self.layer_letters, frame, channel=channel)])
        return plane if self._rows_first else plane.T

    def write_plane(self, data: Any, frame: int, plane: npt.NDArray[Any]) -> None:
        """Replace one frame ``(Y, X)`` of an array of `layer_shape`."""
        key = self._key(self.layer_letters, frame, channel=0)
        data[key] = plane if self._rows_first else plane.T

    def indices(
        self, frame: int, rows: npt.NDArray[Any], columns: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.int64], ...]:
        """Indices ``(N,)`` along each axis of `layer_shape`, of pixels of a frame."""
        return tuple(self.points(frame, np.column_stack([rows, columns])).astype(np.int64).T)

    def points(self, frame: int, centers: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Points ``(N, axes)`` for a layer, from (row, column) ``(N, 2)`` in a frame."""
        places = dict(zip(self.stack_letters, self.place(frame), strict=True))
        columns = {"Y": centers[:, 0], "X": centers[:, 1], "C": np.zeros(len(centers))}
        columns |= {letter: np.full(len(centers), place) for letter, place in places.items()}
        return np.column_stack([columns[letter] for letter in self.layer_letters]).astype(float)

    def frames_of_points(
        self, points: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Frame ``(N,)`` and (row, column) ``(N, 2)`` of points in pixels ``(N, axes)``.

        Points outside the stack have the frame -1.
        """
        whole = np.rint(points).astype(np.int64)
        column = {letter: whole[:, i] for i, letter in enumerate(self.layer_letters)}
        positions = np.column_stack([column["Y"], column["X"]])
        if not self.stack_shape:
            return np.zeros(len(points), np.int64), positions
        index = np.stack([column[letter] for letter in self.stack_letters])
        inside = ((index >= 0) & (index < np.array(self.stack_shape)[:, None])).all(axis=0)
        frames = np.ravel_multi_index(list(index), self.stack_shape, mode="clip")
        return np.where(inside, frames, -1), positions

    @property
    def _rows_first(self) -> bool:
        return self.letters.index("Y") < self.letters.index("X")

    def _length(self, letter: str) -> int:
        return self.shape[self.letters.index(letter)]

    def _key(self, letters: str, frame: int, channel: int | None = None) -> tuple[Any, ...]:
        place = dict(zip(self.stack_letters, self.place(frame), strict=True))
        if channel is not None:
            place["C"] = channel
        return tuple(place.get(letter, slice(None)) for letter in letters)


def guess_axes(
    shape: Sequence[int], *, rgb: bool = False, names: Sequence[str] = ()
) -> tuple[FrameAxes, str]:
    """Guess what axes mean, and a sentence if the guess may well be wrong.

    Parameters
    ----------
    shape
        Of the array.
    rgb
        Whether the last axis is color.
    names
        What the layer calls its axes; used where they are the known letters.

    Raises
    ------
    InputError
        If the array has less than two axes besides color.
    """
    count = len(shape) - rgb
    if count < 2:
        raise InputError(f"An image of shape {tuple(shape)} has no rows and columns.")
    letters = [name.upper() if name.upper() in ("T", "Z", "C") else "" for name in names]
    letters = letters if len(letters) == count else [""] * count
    letters[-2:] = ["Y", "X"]
    note = ""
    for axis in range(count - 2):
        if not letters[axis] or letters[axis] in letters[:axis] or (letters[axis] == "C" and rgb):
            letters[axis] = next(item for item in _STACK_LETTERS if item not in letters)
            if 1 < shape[axis] <= _FEW:
                note = (
                    f"The axis of length {shape[axis]} is taken for frames; if it is channels of "
                    f"one image, click it and say so."
                )
    return FrameAxes("".join(letters) + "C" * rgb, tuple(map(int, shape)), rgb), note
