"""Resizing as the reference does: OpenCV's ``resize`` on uint8, bit for bit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_UNIT = 2048
"""OpenCV's weights of neighboring pixels are multiples of 1 / 2048."""


def resize_bilinear(image: npt.NDArray[np.uint8], shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Resize ``(C, Y, X)`` to height and width `shape`; ``INTER_LINEAR``, without smoothing."""
    rows, down = _neighbors(image.shape[-2], shape[0])
    columns, right = _neighbors(image.shape[-1], shape[1])
    right[columns[0] < 0] = 0  # across the border the nearest pixel counts
    right[columns[0] >= image.shape[-1] - 1] = 0
    rows, columns = rows.clip(0, image.shape[-2] - 1), columns.clip(0, image.shape[-1] - 1)
    upper, lower = (_mix(image[:, row], columns, right) for row in rows)  # (C, Y', X')
    mixed = (upper >> 4) * _weight(1 - down)[:, None] >> 16
    mixed += (lower >> 4) * _weight(down)[:, None] >> 16
    resized: npt.NDArray[np.uint8] = (mixed + 2 >> 2).astype(np.uint8)
    return resized


def resize_nearest(labels: npt.NDArray[np.uint8], shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Resize labels ``(Y, X)`` without mixing them; ``INTER_NEAREST``."""
    rows, columns = (
        np.minimum((np.arange(new) * (old / new)).astype(np.intp), old - 1)
        for old, new in zip(labels.shape, shape, strict=True)
    )
    resized: npt.NDArray[np.uint8] = labels[rows[:, None], columns]
    return resized


def _neighbors(old: int, new: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """The two pixels that each new one lies between ``(2, new)``, and how near to the second."""
    place = ((np.arange(new) + 0.5) * (old / new) - 0.5).astype(np.float32)
    first = np.floor(place)
    indices = np.stack([first, first + 1]).astype(np.intp)
    return indices, place - first


def _mix(
    rows: npt.NDArray[np.uint8], columns: npt.NDArray[np.intp], right: npt.NDArray[np.float32]
) -> npt.NDArray[np.int64]:
    mixed: npt.NDArray[np.int64] = rows[..., columns[0]] * _weight(1 - right)
    mixed += rows[..., columns[1]] * _weight(right)
    return mixed


def _weight(share: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    weight: npt.NDArray[np.int64] = np.rint(share * np.float32(_UNIT)).astype(np.int64)
    return weight
