"""How gray values of any type become the 0 to 255 that networks see.

The same scaling is stored with every network, so that it sees the same in training and afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .settings import Config, option


class Scaled(NamedTuple):
    """An image as the networks see it.

    Attributes
    ----------
    image
        uint8 ``(C, Y, X)``.
    finite
        bool ``(Y, X)``: False where any channel was NaN or infinite (there `image` is 0), or None
        if there is no such pixel.
    notes
        What a person should know, one sentence each, without the name of the image.
    """

    image: npt.NDArray[np.uint8]
    finite: npt.NDArray[np.bool_] | None
    notes: tuple[str, ...]


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
        if array.dtype.kind not in "buif":
            raise InputError(f"{array.dtype} pixels are no gray values.")
        if array.dtype == np.uint8 and self.mode != "percentile":
            return Scaled(array, None, ())
        if array.dtype == np.bool_:
            return Scaled(array.astype(np.uint8) * np.uint8(255), None, ())
        with np.errstate(over="ignore"):
            values = array.astype(np.float64)
        finite = np.isfinite(values)
        if finite.all():
            return self._scale(values, None)
        if not finite.any():
            raise InputError("no pixel has a value (all are NaN or infinite).")
        return self._scale(values, finite)

    def _scale(
        self, array: npt.NDArray[np.float64], finite: npt.NDArray[np.bool_] | None
    ) -> Scaled:
        """Scale float64 pixels; `finite` is ``(C, Y, X)``."""
        values = array if finite is None else array[finite]
        low, high = self._limits(values)
        if self.mode == "as-is":
            if low < 0 or high > 255:
                raise InputError(
                    f"gray values from {low:g} to {high:g} cannot be used as they are (0 to 255); "
                    f"choose 'auto' or 'percentile'."
                )
            low, high = 0.0, 255.0
        notes = []
        if finite is not None:
            array = np.where(finite, array, low)
            notes.append(f"{np.count_nonzero(~finite)} pixels without a value (NaN or infinite).")
        if low == high:
            notes.append("all pixels have the same gray value.")
            image = np.zeros(array.shape, np.uint8)
        else:
            # Halves: the difference of two huge numbers may be infinite.
            share = (array / 2 - low / 2) / (high / 2 - low / 2)
            image = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
        if finite is None:
            return Scaled(image, None, tuple(notes))
        image[~finite] = 0
        return Scaled(image, np.logical_and.reduce(finite, axis=0), tuple(notes))

    def _limits(self, values: npt.NDArray[np.float64]) -> tuple[float, float]:
        """Gray values that become black and white; those of all pixels if percentiles coincide."""
        least, most = float(values.min()), float(values.max())
        if self.mode != "as-is" and least < most:
            scale = max(abs(least), abs(most))  # interpolation between huge numbers overflows
            low, high = np.percentile(values / scale, (self.low, self.high)) * scale
            if low < high:
                return float(low), float(high)
        return least, most
