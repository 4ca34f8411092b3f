"""How gray values of any type become the 0 to 255 that networks see.

The same scaling is stored with every network, so that it sees the same in training and afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .gray_values import GrayValues, Parts, survey
from .settings import Config, option

_HARDLY = 16
"""Of the 256 gray values, so few left of a channel are hardly anything to learn from."""

_AT_ONCE = 1 << 20
"""Pixels that are scaled at once: as floats they need many times the memory of the image."""


class Scaled(NamedTuple):
    """An image as the networks see it.

    Attributes
    ----------
    image
        uint8 ``(C, Y, X)``.
    finite
        bool ``(Y, X)``: False where any channel was NaN or infinite (there that channel of
        `image` is 0), or None if there is no such pixel.
    notes
        What a person should know, one sentence each, without the name of the image.
    """

    image: npt.NDArray[np.uint8]
    finite: npt.NDArray[np.bool_] | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Scaling:
    """How the gray values of one image become 0 to 255, the same for all its parts.

    Attributes
    ----------
    black, white
        Gray values that become 0 and 255; None for an image that is left as it is.
    incomplete
        Whether there are pixels without a value.
    notes
        As in `Scaled`.
    """

    black: float | None = None
    white: float | None = None
    incomplete: bool = False
    notes: tuple[str, ...] = ()

    def apply(
        self, part: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]:
        """Scale a part ``(C, y, x)``; also where all channels have a value ``(y, x)``, or None."""
        if self.black is None or self.white is None:
            return part, None
        channels, height, width = part.shape
        image = np.empty(part.shape, np.uint8)
        finite = np.empty((height, width), np.bool_) if self.incomplete else None
        step = max(1, _AT_ONCE // (channels * width))
        for rows in (slice(first, first + step) for first in range(0, height, step)):
            image[:, rows], known = self._apply(part[:, rows], self.black, self.white)
            if finite is not None:
                finite[rows] = known
        return image, finite

    def _apply(
        self, part: npt.NDArray[Any], black: float, white: float
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]:
        with np.errstate(over="ignore"):
            values = part.astype(np.float64)
        finite = np.isfinite(values) if self.incomplete else None
        if finite is not None:
            values = np.where(finite, values, black)
        if black == white:
            image = np.zeros(part.shape, np.uint8)
        else:
            # Halves: the difference of two huge numbers may be infinite.
            share = (values / 2 - black / 2) / (white / 2 - black / 2)
            image = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
        if finite is None:
            return image, None
        image[~finite] = 0
        return image, np.logical_and.reduce(finite, axis=0)


@dataclass(frozen=True)
class Intensity(Config):
    """A rule for scaling gray values to 0 to 255.

    Percentiles are taken per image over all finite pixels of all channels together, so that
    the colors keep their relation, and multiplying an image or adding to it changes nothing.
    """

    mode: Annotated[
        Literal["auto", "as-is", "percentile"],
        option(
            "Gray values",
            "'auto' leaves 8-bit images alone and scales all others by percentiles; 'percentile' "
            "scales every image; 'as-is' scales none.",
        ),
    ] = "auto"
    low: Annotated[
        float, option("Black", "Percentile of the gray values that becomes black.", ge=0, le=100)
    ] = 1.0
    high: Annotated[
        float, option("White", "Percentile of the gray values that becomes white.", ge=0, le=100)
    ] = 99.8

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low >= self.high:
            raise InputError(
                f"Intensity: black at percentile {self.low:g} is not below white at "
                f"{self.high:g}; give the lower one first."
            )

    def stretches(self, dtype: np.dtype[Any]) -> bool:
        """Whether the gray values of images of a type are scaled by percentiles."""
        if self.mode == "auto":
            return dtype not in (np.uint8, np.bool_)
        return self.mode == "percentile"

    def apply(self, array: npt.NDArray[Any]) -> Scaled:
        """Scale one image.

        Parameters
        ----------
        array
            ``(C, Y, X)``: bool, any integer or float type, any byte order.

        Raises
        ------
        InputError
            If no pixel is finite, the type is no number, or with "as-is" a value is outside of 0
            to 255. The message does not name the image.
        """
        scaling = self.scaling(lambda: [array], array.dtype)
        image, finite = scaling.apply(array)
        return Scaled(image, finite, (*scaling.notes, *_dim_channels(array, image, scaling)))

    def scaling(self, parts: Parts, dtype: np.dtype[Any]) -> Scaling:
        """How an image of any size is scaled, from its parts.

        Parameters
        ----------
        parts
            Arrays of `dtype` that together are the image.

        Raises
        ------
        InputError
            As `apply`.
        """
        if dtype.kind not in "buif":
            raise InputError(f"{dtype} pixels are no gray values.")
        if dtype == np.uint8 and self.mode != "percentile":
            return Scaling()
        if dtype == np.bool_:
            return Scaling(0.0, 1.0)
        gray = survey(parts, (self.low, self.high))
        if not gray.finite:
            raise InputError("no pixel has a value (all are NaN or infinite).")
        black, white = self._limits(gray)
        notes = []
        if gray.missing:
            notes.append(f"{gray.missing} pixels without a value (NaN or infinite).")
        if black == white:
            notes.append("all pixels have the same gray value.")
        return Scaling(black, white, bool(gray.missing), tuple(notes))

    def _limits(self, gray: GrayValues) -> tuple[float, float]:
        """Gray values that become black and white; those of all pixels if percentiles coincide."""
        if self.mode == "as-is":
            if gray.least < 0 or gray.most > 255:
                raise InputError(
                    f"gray values from {gray.least:g} to {gray.most:g} cannot be used as they are "
                    f"(0 to 255); choose 'auto' or 'percentile'."
                )
            return 0.0, 255.0
        low, high = gray.percentiles
        return (low, high) if low < high else (gray.least, gray.most)


def _dim_channels(
    array: npt.NDArray[Any], image: npt.NDArray[np.uint8], scaling: Scaling
) -> tuple[str, ...]:
    """A note on channels ``(C, Y, X)`` of which stretching all together leaves hardly anything.

    Black and white are those of all channels, so one with small gray values beside another with
    large ones becomes nearly constant.
    """
    if len(image) == 1 or scaling.black is None or scaling.white == scaling.black:
        return ()
    dim = [
        str(number)
        for number, (values, seen) in enumerate(zip(array, image, strict=True))
        if int(np.ptp(seen)) < _HARDLY and np.unique(values[np.isfinite(values)]).size > _HARDLY
    ]
    if not dim:
        return ()
    note = (
        f"channel {', '.join(dim)} (counted from 0) keeps less than {_HARDLY} gray values beside "
        f"the others, as all are stretched alike; stretch each to the full range before."
    )
    return (note,)
