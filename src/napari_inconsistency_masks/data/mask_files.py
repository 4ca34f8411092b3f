"""From a frame of a mask file to channels, where it has a palette of colors or transparency."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..files.header import ImageHeader
from ..files.names import about
from .pixels import has_alpha, is_gray, to_channels

_TABLE = 256
"""Entries of a lookup table, which says how values are shown and not what they are."""


def class_channels(frame: npt.NDArray[Any], header: ImageHeader, path: Path) -> npt.NDArray[Any]:
    """A mask of one class as ``(C, Y, X)``, for `read_mask`.

    Of a palette the colors count: black is background. Its indices count where they are the values
    of the mask: they are 0 and 255, black is index 0 of several colors, or the palette is a lookup
    table, as ImageJ writes one for masks that it shows inverted.

    Parameters
    ----------
    frame, header
        Of a file that was opened for its palette indices, as for all functions here.
    path
        For the message.

    Raises
    ------
    InputError
        If the mask is drawn in its transparency, or in colors of which none is black.
    """
    colors = color_channels(frame, header, path)
    palette = header.palette
    if palette is None:
        return colors
    used = np.unique(frame)
    if _is_table(palette) or (used[-1] == 255 and not used[(used > 0) & (used < 255)].size):
        return frame[None]
    black = ~colors.any(axis=0)  # (Y, X)
    begins_black = not any(palette[0][:3])
    if not (begins_black or black.any() or (colors == 255).all()):
        raise InputError(
            about(
                path,
                "a mask with a palette of colors, none of them black, so that it is not clear what "
                "is background; save it as gray, 0 and 255.",
            )
        )
    if is_gray(colors):
        return colors[:1]
    if begins_black and (black == (frame == 0)).all():
        return frame[None]
    return np.where(black, 0, frame.astype(np.uint16) + 1)[None]


def id_channels(frame: npt.NDArray[Any], header: ImageHeader, path: Path) -> npt.NDArray[Any]:
    """A mask of class ids as ``(C, Y, X)``; of a palette the indices.

    Raises
    ------
    InputError
        If the mask is drawn in its transparency, or its palette shows other numbers than its
        indices: it was made from a gray mask, and nobody knows which of both are the ids.
    """
    colors = color_channels(frame, header, path)
    palette = header.palette
    if palette is None:
        return colors
    if not _is_table(palette) and is_gray(colors):
        shown = np.unique(colors[0])
        if shown[-1] < _TABLE // 8 and (colors[0] != frame).any():
            raise InputError(
                about(
                    path,
                    f"holds the palette indices {_few(np.unique(frame))}, which are shown as the "
                    f"grays {_few(shown)}; save class ids as gray values, without a palette.",
                )
            )
    return frame[None]


def color_channels(frame: npt.NDArray[Any], header: ImageHeader, path: Path) -> npt.NDArray[Any]:
    """A mask as ``(C, Y, X)`` as it is shown; of a palette ``(3, Y, X)``, the colors.

    Raises
    ------
    InputError
        If the mask is drawn in its transparency.
    """
    if header.palette is not None:
        colors = np.zeros((_TABLE, len(header.palette[0])), np.uint8)
        colors[: len(header.palette)] = header.palette
        samples = np.moveaxis(colors[frame.astype(np.uint8)], -1, 0)
    elif has_alpha(header):
        samples = frame if header.frame_axes[0] == "S" else np.moveaxis(frame, -1, 0)
    else:
        return to_channels(frame, header.frame_axes)
    if len(samples) not in (2, 4):
        return samples
    channels, alpha = samples[:-1], samples[-1]
    _refuse_drawn_in(alpha, channels, path)
    return channels


def _refuse_drawn_in(alpha: npt.NDArray[Any], channels: npt.NDArray[Any], path: Path) -> None:
    """Refuse a mask whose transparency says something else than its color."""
    plain = (channels == channels[:, :1, :1]).all()
    varies = (alpha != alpha.flat[0]).any()
    marks_unseen = ((alpha == 0) & channels.any(axis=0)).any()
    if not (plain and varies) and not (marks_unseen and (plain or varies)):
        return
    raise InputError(
        about(
            path,
            "drawn in its transparency (alpha), or transparent where its color marks something; "
            "save the mask as gray, 0 and 255, without transparency.",
        )
    )


def _is_table(palette: tuple[tuple[int, ...], ...]) -> bool:
    """Whether a palette is a lookup table: 256 grays in order, or 256 colors.

    Where a palette of few colors has as many entries, black fills the rest.
    """
    colors = np.array(palette)[:, :3]
    if len(colors) < _TABLE:
        return False
    if not is_gray(colors.T):
        return bool(colors[-1].any())
    steps = np.diff(colors[:, 0])
    return bool((steps > 0).all() or (steps < 0).all())


def _few(values: npt.NDArray[Any]) -> str:
    shown = ", ".join(map(str, values[:4].tolist()))
    return shown if len(values) <= 4 else f"{shown} ..."
