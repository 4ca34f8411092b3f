"""From the frame of a file to the channels of an image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..files.header import ImageHeader

ALPHA = {2: 1, 4: 3}
"""Samples per pixel that include transparency, and how many remain without it."""


def channel_count(header: ImageHeader) -> int:
    """Channels of a file's frames without transparency."""
    for axis in "SC":
        if axis in header.frame_axes:
            count = header.shape[header.axes.index(axis)]
            return ALPHA.get(count, count) if axis == "S" else count
    return 1


def has_alpha(header: ImageHeader) -> bool:
    """Whether a file stores transparency, which is left out."""
    return "S" in header.axes and header.shape[header.axes.index("S")] in ALPHA


def to_channels(frame: npt.NDArray[Any], axes: str) -> npt.NDArray[Any]:
    """A frame as ``(C, Y, X)`` without transparency.

    Parameters
    ----------
    frame, axes
        As `StackFile` gives them: ``YX``, ``CYX``, ``YXC``, ``YXS`` or ``SYX``.
    """
    if axes == "YX":
        return frame[None]
    if axes[0] not in "CS":
        frame = np.moveaxis(frame, -1, 0)
    return frame[: ALPHA.get(len(frame), len(frame))] if "S" in axes else frame


def is_gray(channels: npt.NDArray[Any]) -> bool:
    """Whether all channels of ``(C, Y, X)`` are the same."""
    return all(np.array_equal(channels[0], channel) for channel in channels[1:])
