"""From the gray values of a mask file to labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..cells.markers import EIGHT_NEIGHBORS
from ..errors import InputError
from ..files.names import about
from ..task import MOST_CLASSES
from .pixels import is_gray

GRAY = "gray values; from half of white on counts"
OBJECTS = (
    "numbers of single objects; everything above 0 counts, but for a line of one pixel between "
    "objects that touch, which keeps them apart"
)
PROBABILITIES = "values between 0 and 1; from 0.5 on counts"

LOSSY_SUFFIXES = frozenset({".jpg", ".jpeg"})
_NOISE = 20
_SEVERAL, _MOSTLY = 3, 0.8

_Cut = tuple[slice, slice]


def read_mask(
    channels: npt.NDArray[Any], path: Path, *, objects: bool = True
) -> tuple[npt.NDArray[np.bool_], str | None]:
    """Where a mask marks its class.

    Two values, 0 and any other, are background and foreground. Of more values, gray ones (from
    JPEG or resizing) count from half of white on, and numbers of single objects all count. Objects
    that touch are set apart, see `apart`: else they would be one in every count.

    Parameters
    ----------
    channels
        ``(C, Y, X)``: any number type; several channels must be the same.
    path
        For the message, and to know JPEG by its extension.
    objects
        Whether numbers are those of objects; else they say where something is, and none of it is
        taken away.

    Returns
    -------
    mask : bool ``(Y, X)``
    remark : str or None
        `GRAY`, `OBJECTS` or `PROBABILITIES` if the mask was no plain one.

    Raises
    ------
    InputError
        If the mask is colored, has negative or NaN values, or is a JPEG too dark to tell.
    """
    values = _single_channel(channels, path)
    if values.dtype == np.bool_:
        return values, None
    top = _check_range(values, path)
    if values.dtype.kind == "f" and (values != np.rint(values)).any():
        return _read_probabilities(values, top, path)
    if path.suffix.lower() in LOSSY_SUFFIXES:
        if _NOISE < top < 128:
            raise InputError(about(path, "a dark JPEG; save masks as PNG or TIFF, 0 and 255."))
        return values >= 128, GRAY if top >= 128 else None
    foreground = values > 0
    if top == 0 or (values[foreground] == top).all():
        return foreground, None
    if top in (255, 65_535) and _is_gray_mask(values, foreground, top):
        return values >= (top + 1) / 2, GRAY
    return (apart(values), OBJECTS) if objects else (foreground, None)


def apart(numbers: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where numbered objects are, without the rims at which two of them touch.

    Parameters
    ----------
    numbers
        ``(Y, X)``: 0 is background, every other value an object.

    Returns
    -------
    bool ``(Y, X)``
        No pixel has one of another object among its eight neighbors: of two objects the larger one
        loses its pixels there. If most numbers are several pieces, they are no objects (but
        classes, perhaps), and nothing is taken away.
    """
    ids, sizes = _ids(numbers)
    found = numbers > 0
    rank = np.argsort(np.argsort(sizes, kind="stable"))[ids]  # (Y, X): larger objects have more
    for rows, columns in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one, other = _pairs(numbers.shape, rows, columns)
        touching = (numbers[one] > 0) & (numbers[other] > 0) & (numbers[one] != numbers[other])
        first = rank[one] > rank[other]
        found[one] &= ~(touching & first)
        found[other] &= ~(touching & ~first)
    pieces = ndimage.label(found, EIGHT_NEIGHBORS)[1]
    objects = np.count_nonzero(sizes) - bool((numbers == 0).any())
    return found if pieces <= 2 * objects else numbers > 0


def count_pieces(numbers: npt.NDArray[Any]) -> list[int]:
    """Number of 8-connected regions of each value above 0 in ``(Y, X)``; of an object it is 1.

    Each value is looked at in its own box: a thousand objects in a large image would take half a
    minute else.
    """
    values, ids = np.unique(numbers, return_inverse=True)
    ids = ids.reshape(numbers.shape)
    return [
        int(ndimage.label(ids[box] == index, EIGHT_NEIGHBORS)[1])
        for index, box in enumerate(ndimage.find_objects(ids + 1))
        if values[index] > 0
    ]


def _ids(numbers: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Numbers as indices ``(Y, X)`` in the same order, and how many pixels each index has.

    Small numbers are their own indices, which is faster than to sort them.
    """
    if numbers.min(initial=0) >= 0 and numbers.max(initial=0) <= numbers.size:
        ids = numbers.astype(np.intp)
        return ids, np.bincount(ids.ravel())
    _, inverse, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    return inverse.reshape(numbers.shape), sizes


@dataclass(frozen=True)
class ClassIds:
    """How the class ids in mask files become those of a multi-class target.

    Attributes
    ----------
    classes
        Their number n. The files hold 0 to n - 1, or 1 to n with `zero_is_unlabeled`.
    zero_is_unlabeled
        Whether 0 in a file means that nobody said what the pixel is.
    ignore_value
        A further id that means the same, such as 255, or None.
    """

    classes: int
    zero_is_unlabeled: bool = False
    ignore_value: int | None = None

    def __post_init__(self) -> None:
        if self.classes > MOST_CLASSES:
            raise InputError(f"{self.classes} classes: at most {MOST_CLASSES} are possible.")

    def read(
        self, channels: npt.NDArray[Any], path: Path
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]:
        """Target ``(Y, X)`` with ids 1 to n, and where it is known (None: everywhere).

        Parameters
        ----------
        channels
            ``(C, Y, X)``; several channels must be the same.
        path
            For the message.

        Raises
        ------
        InputError
            If an id has no class name, or the file cannot hold ids (color, fractions, JPEG).
        """
        if path.suffix.lower() in LOSSY_SUFFIXES:
            raise InputError(about(path, "JPEG changes class ids; save masks as PNG or TIFF."))
        values = _single_channel(channels, path)
        unknown = np.zeros(values.shape, np.bool_)
        if self.ignore_value is not None:
            unknown = values == self.ignore_value
        if self.zero_is_unlabeled:
            unknown |= values == 0
        first = int(self.zero_is_unlabeled)
        valid = (values >= first) & (values < first + self.classes) & (values == np.rint(values))
        wrong = values[~valid & ~unknown]
        if wrong.size:
            raise InputError(
                about(
                    path,
                    f"holds class id {wrong[0]:g}, and the {self.classes} named classes are ids "
                    f"{first} to {first + self.classes - 1}; name all classes.",
                )
            )
        target = (np.where(unknown, 0, values) + np.where(unknown, 0, 1 - first)).astype(np.uint8)
        return target, ~unknown if unknown.any() else None


def _pairs(shape: tuple[int, ...], rows: int, columns: int) -> tuple[_Cut, _Cut]:
    """All pixels that have a neighbor so many rows down and columns to the right, and these."""
    height, width = shape
    left, right = max(0, -columns), width - max(0, columns)
    one = slice(0, height - rows), slice(left, right)
    return one, (slice(rows, height), slice(left + columns, right + columns))


def _single_channel(channels: npt.NDArray[Any], path: Path) -> npt.NDArray[Any]:
    if not is_gray(channels):
        raise InputError(about(path, "a colored mask; save it with one gray channel."))
    values: npt.NDArray[Any] = channels[0]
    return values


def _check_range(values: npt.NDArray[Any], path: Path) -> float:
    """The largest value of a mask without negative or missing ones."""
    if not np.isfinite(values).all():
        raise InputError(about(path, "a mask with NaN or infinite values."))
    if values.min() < 0:
        raise InputError(about(path, f"a mask with negative values (down to {values.min():g})."))
    return float(values.max())


def _is_gray_mask(values: npt.NDArray[Any], foreground: npt.NDArray[np.bool_], top: float) -> bool:
    """Tell white with soft edges from objects numbered up to just this value.

    Soft masks are mostly white, or else change from pixel to pixel; numbers do neither, unless
    there are mostly high ones.
    """
    if _are_objects(values.astype(np.int32)):
        return False
    white = np.count_nonzero(values >= 0.9 * top) / np.count_nonzero(foreground)
    inside = foreground[:, 1:] & foreground[:, :-1]
    changes = np.count_nonzero(inside & (values[:, 1:] != values[:, :-1]))
    return bool(white >= 0.25 or changes > 0.5 * np.count_nonzero(inside))


def _are_objects(numbers: npt.NDArray[np.int32]) -> bool:
    """Whether of several values most are one piece each, with room for 3 x 3 equal pixels.

    The values at soft edges have no such room.
    """
    given = np.unique(numbers[numbers > 0])
    equal = ndimage.maximum_filter(numbers, 3) == ndimage.minimum_filter(numbers, 3)
    wide = np.unique(numbers[equal & (numbers > 0)])
    if len(given) < _SEVERAL or 2 * len(wide) <= len(given):
        return False
    return count_pieces(numbers).count(1) >= _MOSTLY * len(given)


def _read_probabilities(
    values: npt.NDArray[Any], top: float, path: Path
) -> tuple[npt.NDArray[np.bool_], str]:
    if top > 1:
        raise InputError(about(path, f"a mask with fractions up to {top:g}; save whole numbers."))
    return values >= 0.5, PROBABILITIES
