"""Areas of a class that are drawn with several numbers, as single objects are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.masks import apart

ROOM: type[np.unsignedinteger[Any]] = np.uint16
"""Of layers to draw areas in: napari's next number (M) is above those of all frames, so that 8 bits
would be full with a few frames of nuclei."""

_MOST = 2**32 - 1
_FEW = 2**16 - 1


def numbered(plane: npt.NDArray[Any]) -> bool:
    """Whether more than one number above 0 is in a plane ``(Y, X)``."""
    if plane.dtype == np.bool_:
        return False
    top = plane.max(initial=0)
    return bool(top > 1 and np.count_nonzero(plane == top) < np.count_nonzero(plane > 0))


def area(plane: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a plane ``(Y, X)`` marks its class: above 0, touching objects set apart (`apart`)."""
    return apart(plane) if numbered(plane) else plane > 0


def numbers(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy of a plane ``(Y, X)``: bool if it has one number, else its numbers.

    They are uint16 or uint32; numbers that do not fit into these are given anew, from 1 on.
    """
    if not numbered(plane):
        marked: npt.NDArray[np.bool_] = plane > 0
        return marked
    found = np.where(plane > 0, plane, 0)
    if found.max() > _MOST:
        found = np.unique(found, return_inverse=True)[1].reshape(plane.shape)
    return found.astype(np.uint16 if found.max() <= _FEW else np.uint32)
