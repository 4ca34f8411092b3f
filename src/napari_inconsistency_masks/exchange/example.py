"""The example image of a package."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..inference.predict import mirrored
from ..inference.trained import TrainedEnsemble
from .gray import AS_IS
from .tensors import smallest_side

LARGEST = 512
"""Pixels of a side, at most; a multiple of all divisors."""


def example_tensor(
    image: npt.NDArray[Any], trained: TrainedEnsemble, gray: str
) -> npt.NDArray[Any]:
    """An image ``(C, Y, X)`` as the networks take it: ``(1, C, Y', X')``.

    Of a large one the middle; a small one is mirrored at its lower and right border.

    Raises
    ------
    InputError
        If it has not the networks' channels, or not the 8 bits that they need.
    """
    if len(image) != trained.channels:
        raise InputError(
            f"The example image has {len(image)} channels, and the networks take "
            f"{trained.channels}: give an image like those they were trained on."
        )
    if gray == AS_IS and image.dtype != np.uint8:
        raise InputError(
            f"The example image has gray values of the type {image.dtype}, and these networks take "
            f"8 bits as they are: give an 8-bit image."
        )
    rows, columns = (_chosen(length, trained) for length in image.shape[1:])
    return np.ascontiguousarray(image[:, rows][:, :, columns])[None]


def _chosen(length: int, trained: TrainedEnsemble) -> npt.NDArray[np.int64]:
    """Numbers of the rows or columns that are taken."""
    least = smallest_side(trained)
    if length < least:
        return mirrored(length, least - length).numpy()
    side = min(length, LARGEST) // trained.networks.divisor * trained.networks.divisor
    return np.arange(side) + (length - side) // 2
