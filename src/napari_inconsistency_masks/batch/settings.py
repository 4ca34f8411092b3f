"""What a person chooses for a batch: which files are written, and how images are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from ..errors import InputError
from ..files.axes import AXES
from ..settings import Config, option

WRITES = {
    "masks": "a channel per class, 0 and 255",
    "labels": "the number of its cell at each pixel",
    "mask": "the inconsistency mask",
    "votes": "how many networks are outvoted at each pixel",
    "rois": "an ImageJ ROI per cell (ZIP)",
    "geojson": "a QuPath object per cell",
    "cells": "cells.csv, a row per cell",
    "report": "report.html",
}
"""What can be written besides counts.csv."""

DEFAULT_WRITES = ("masks", "labels", "mask", "rois", "geojson", "cells", "report")


@dataclass(frozen=True)
class BatchOptions(Config):
    """Settings of a batch.

    Attributes
    ----------
    write
        Some of `WRITES`.
    channels
        The channels that the networks are to see, in their order, counted from 0; empty for those
        of the image.
    frames
        First frame and the one after the last along the first axis of a stack, as in Python.
    """

    write: tuple[str, ...] = DEFAULT_WRITES
    channels: tuple[int, ...] = ()
    frames: tuple[int | None, int | None] = (None, None)
    axes: Annotated[
        str | None,
        option("Axes", "Axes of the images, if the files are wrong: letters such as TYX or ZCYX."),
    ] = None
    format: Annotated[
        Literal["imagej", "ome"],
        option("Format", "'imagej' for ImageJ hyperstacks, 'ome' for OME-TIFF."),
    ] = "imagej"
    compression: Annotated[
        Literal["auto", "none", "deflate", "packbits", "zstd"],
        option(
            "Compression",
            "'auto' is deflate, which everything opens; zstd needs a recent Bio-Formats.",
        ),
    ] = "auto"

    def __post_init__(self) -> None:
        for name in ("write", "channels", "frames"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        super().__post_init__()
        unknown = [word for word in self.write if word not in WRITES]
        if unknown:
            raise InputError(f"write = {unknown[0]!r}: give some of {', '.join(WRITES)}.")
        if self.axes is not None and not {*self.axes} <= {*AXES}:
            raise InputError(f"axes = {self.axes!r}: only the letters {AXES} are known.")
        if self.axes is not None and not (
            {*"YX"} <= {*self.axes} and len({*self.axes}) == len(self.axes)
        ):
            raise InputError(
                f"axes = {self.axes!r}: give each letter once, and Y and X among them, such as TYX."
            )
        if any(channel < 0 for channel in self.channels):
            raise InputError(f"channels = {list(self.channels)}: they are counted from 0.")
