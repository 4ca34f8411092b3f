"""Parting objects that touch: an area with a waist is two objects.

Labels keep objects that touch apart by a line of one pixel (`data.masks.apart`). Networks predict
such a line rarely whole.
"""

from __future__ import annotations

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
    """The 8-connected objects of a mask ``(Y, X)`` that have a waist.

    The half width of an object at a pixel is the distance to the nearest pixel outside, smoothed
    within the object. Its *peaks* are where it is widest, one in the middle of each round part. A
    *waist* between two of them is as deep as its half width is less than that of the lower peak
    (the dynamics of the peak: Grimaud 1992).
    """

    def __init__(self, mask: _Bool) -> None:
        self._mask = mask
        labels, _ = ndimage.label(mask, EIGHT_NEIGHBORS)
        self._with_waist: list[tuple[tuple[slice, slice], _Float]] = []
        for number, box in enumerate(ndimage.find_objects(labels), start=1):
            width = _half_width(labels[box] == number)
            if _peaks(width)[1] > 1:
                self._with_waist.append((box, width))

    def parted_at(self, waist: float) -> _Bool:
        """The mask without the pixels that part objects at waists that are deeper than this.

        Each peak gets the pixels from which the way to it is the widest one (watershed); where two
        such parts would touch, a line of pixels is left out.
        """
        parted = self._mask.copy()
        for box, width in self._with_waist:
            peaks, count = _peaks(reconstruction(width - waist, width))  # the others are filled
            if count > 1:
                inside = width > 0
                parts = watershed(-width, peaks, connectivity=2, mask=inside, watershed_line=True)
                parted[box] &= ~(inside & (parts == 0))[1:-1, 1:-1]
        return parted


def _half_width(mask: _Bool) -> _Float:
    """Of one object ``(Y, X)``, in pixels: float32 ``(Y + 2, X + 2)`` with 0 all around it."""
    inside = np.pad(mask, 1)
    width: _Float = ndimage.distance_transform_edt(inside).astype(np.float32)
    for _ in range(_PASSES):
        for axis in (0, 1):
            width = ndimage.convolve1d(width, _SMOOTHING, axis, mode="constant")
        width *= inside
    return width


def _peaks(width: _Float) -> tuple[npt.NDArray[np.int32], int]:
    """The places that are wider than all around them, numbered, and how many there are."""
    labels, count = ndimage.label(local_maxima(width, connectivity=2), EIGHT_NEIGHBORS)
    return labels, count
