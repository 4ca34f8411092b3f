"""The axes of a TIFF file, each named once, from what tifffile says of them."""

from __future__ import annotations

import re

import tifffile

from ..errors import InputError
from .guard import OpenFile
from .names import about

_ORDERLY = re.compile(r"[^YXS]*(YX[SC]?|SYX)")
_KNOWN = "TZCYXS"
_UNKNOWN = "QRUVWAEHPIDKLMN"
_GRAY = (0, 1)  # white is zero, black is zero
_ALPHA = (1, 2)


def named_axes(
    file: OpenFile, series: tifffile.TiffPageSeries
) -> tuple[str, tuple[int, ...], tuple[str, ...]]:
    """Axes and shape as in `ImageHeader`, and notes.

    Raises
    ------
    InputError
        If planes are no rows and columns, an axis has no length, or two count channels.
    """
    axes, shape = series.axes, series.shape
    if not _ORDERLY.fullmatch(axes) or 0 in shape:
        raise InputError(
            about(file.path, f"axes {axes} of shape {shape} are not supported; save as TCYX.")
        )
    kept = [i for i, axis in enumerate(axes) if axis in "YX" or shape[i] > 1]
    axes, shape = "".join(axes[i] for i in kept), tuple(shape[i] for i in kept)
    axes = _each_once(axes)
    if "S" in axes and _samples_are_channels(series):
        if "C" in axes:
            raise InputError(
                about(file.path, f"axes {axes}: C and S are both channels; save it as TCYX.")
            )
        axes = axes.replace("S", "C")
    unknown = sum(axis not in _KNOWN for axis in axes)
    if not unknown:
        return axes, shape, ()
    leading = "leading axis is" if unknown == 1 else f"{unknown} leading axes are"
    note = f"does not say what its {leading}; taken as separate frames."
    return axes, shape, (about(file.path, note),)


def _each_once(axes: str) -> str:
    """The axes, with letters of their own for those that share one: tifffile writes QQYX."""
    free = [letter for letter in _UNKNOWN if letter not in axes]
    return "".join(axis if axes.count(axis) == 1 else free.pop(0) for axis in axes)


def _samples_are_channels(series: tifffile.TiffPageSeries) -> bool:
    """Whether several samples per pixel are neither colors nor transparency."""
    page = series.keyframe
    return page.photometric in _GRAY and not {*page.extrasamples} & {*_ALPHA}
