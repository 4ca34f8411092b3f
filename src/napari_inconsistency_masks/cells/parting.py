"""Parting objects that touch: an area with a waist is two objects.

Labels keep objects that touch apart by a line of one pixel (`data.masks.apart`). Networks predict
such a line rarely whole.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from ..task import LabelScheme
from .markers import EIGHT_NEIGHBORS

_Bool = npt.NDArray[np.bool_]
_Float = npt.NDArray[np.float32]

_SMOOTHING = np.array([1, 2, 1], np.float32) / 4
_PASSES = 2  # as much as a Gaussian with a standard deviation of 1 pixel


def part_objects(channels: _Bool, scheme: LabelScheme) -> _Bool:
    """Part the objects of each class where the rule of a scheme says so, `CountRule.waists`.

    Parameters
    ----------
    channels
        Hard labels ``(..., K, Y, X)`` of whole images; they are left as they are.
    scheme
        What they mean.

    Returns
    -------
    bool ``(..., K, Y, X)``
        Without the pixels at which objects are parted.
    """
    waists = scheme.rule.waists
    if not any(waists):
        return channels
    images = channels.reshape(-1, *channels.shape[-3:])
    return np.stack([Parting(image).by(waists) for image in images]).reshape(channels.shape)


class Parting:
    """Parts the objects of one image, by one rule or several.

    Parameters
    ----------
    channels
        Hard labels ``(K, Y, X)``.
    """

    def __init__(self, channels: _Bool) -> None:
        self._channels = channels
        self._shapes: dict[int, _Shapes] = {}

    def by(self, waists: tuple[float, ...]) -> _Bool:
        """The channels without the pixels at which objects are parted, see `CountRule`."""
        if not any(waists):
            return self._channels
        parted = self._channels.copy()
        for place, waist in enumerate(waists, -len(waists)):  # not "blanked"
            if waist:
                if place not in self._shapes:
                    self._shapes[place] = _Shapes(self._channels[place])
                parted[place] = self._shapes[place].parted_at(waist)
        return parted


class _Shapes:
    """The 8-connected objects of a mask ``(Y, X)``, and how wide they are.

    The half width of an object at a pixel is the distance to the nearest pixel outside, smoothed
    within the object. Its *peaks* are where it is widest, one in the middle of each round part. A
    *waist* between two of them is as deep as its half width is less than that of the lower peak
    (the dynamics of the peak: Grimaud 1992).
    """

    def __init__(self, mask: _Bool) -> None:
        self._mask = mask
        self._labels, count = ndimage.label(mask, EIGHT_NEIGHBORS)
        self._boxes = ndimage.find_objects(self._labels)
        peaks, number = ndimage.label(
            local_maxima(self._half_width, connectivity=2) & mask, EIGHT_NEIGHBORS
        )
        object_of = np.zeros(number + 1, np.int64)
        object_of[peaks] = self._labels
        self._with_several = np.flatnonzero(np.bincount(object_of[1:], minlength=count + 1) > 1)

    @cached_property
    def _half_width(self) -> _Float:
        """In pixels ``(Y, X)``; 0 outside, which begins at the borders of the image."""
        distance = ndimage.distance_transform_edt(np.pad(self._mask, 1))
        width: _Float = distance[1:-1, 1:-1].astype(np.float32)
        for _ in range(_PASSES):  # none of the eight neighbors is of another object
            for axis in (0, 1):
                width = ndimage.convolve1d(width, _SMOOTHING, axis, mode="constant")
            width *= self._mask
        return width

    def parted_at(self, waist: float) -> _Bool:
        """The mask without the pixels that part objects at waists that are deeper than this.

        Each peak gets the pixels from which the way to it is the widest one (watershed); where two
        such parts would touch, a line of pixels is left out.
        """
        parted = self._mask.copy()
        for number in self._with_several:
            box = self._boxes[number - 1]
            own = self._labels[box] == number
            width = np.pad(np.where(own, self._half_width[box], 0), 1)
            lowered = reconstruction(width - waist, width)  # only deep waists are left
            peaks, count = ndimage.label(local_maxima(lowered, connectivity=2), EIGHT_NEIGHBORS)
            if count > 1:
                parts = watershed(
                    -width, peaks, connectivity=2, mask=width > 0, watershed_line=True
                )
                parted[box] &= ~own | (parts[1:-1, 1:-1] > 0)
        return parted
