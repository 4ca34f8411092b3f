"""Lengths in the units of layers and of a viewer, which napari tells apart: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def ratios(units: Sequence[Any], others: Sequence[Any] | None) -> npt.NDArray[np.float64]:
    """How many of the other units one of each is ``(axes,)``: 1000 nm are a micrometer.

    Where the two measure different things, as pixels and micrometers do, it is 1, as for napari.

    Parameters
    ----------
    units
        Of the axes of a layer.
    others
        Of another layer, or of the viewer, which may have more axes in front; None if they have no
        units in common.
    """
    found = np.ones(len(units))
    if others is None:
        return found
    for axis, (unit, other) in enumerate(zip(units[::-1], others[::-1], strict=False), start=1):
        if unit != other and unit.dimensionality == other.dimensionality:
            found[-axis] = (1 * unit).to(other).magnitude
    return found
