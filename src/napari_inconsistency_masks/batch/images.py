"""What is known of an image before it is processed, and in which order its frames are."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.pixels import channel_count, has_alpha
from ..errors import InputError
from ..files.header import ImageHeader
from ..files.images import StackFile, open_stack
from ..files.names import about, display_name
from ..files.zarr_read import lacking_chunks, zarr_size
from .listing import Found
from .settings import BatchOptions

LARGE = 25_000_000
"""Pixels above which a frame is never in memory as a whole, and gets no label image."""

_STACK_ORDER = "TZ"


@dataclass(frozen=True)
class Image:
    """An image as a batch reads it, or why it cannot.

    Attributes
    ----------
    path, name
        As in `Found`.
    stem
        Where its results go, relative to the folder of images, without extension.
    size, changed
        Bytes, and modification time in ns, when it was planned; both None if it was not there.
    header
        Its axes corrected; None if it cannot be read.
    frames
        First and last + 1 along the first stack axis.
    problem
        Why it is left out, or None.
    """

    path: str
    name: str
    stem: str
    size: int | None = None
    changed: int | None = None
    header: ImageHeader | None = None
    frames: tuple[int, int] = (0, 1)
    problem: str | None = None

    @property
    def key(self) -> str:
        """Its name in the journal."""
        return f"image: {self.stem}"

    @property
    def known(self) -> ImageHeader:
        """The header of an image without a problem."""
        assert self.header is not None
        return self.header

    @property
    def stack_axes(self) -> str:
        """Axes of the results before C, Y and X: some of T and Z, in this order."""
        return "".join(axis for axis in _STACK_ORDER if axis in _spelled(self.known.stack_axes))

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """Length of each of these axes in the results."""
        spelled = _spelled(self.known.stack_axes)
        lengths = list(self.known.stack_shape)
        if lengths:
            lengths[0] = self.frames[1] - self.frames[0]
        return tuple(lengths[spelled.index(axis)] for axis in self.stack_axes)

    @property
    def frame_count(self) -> int:
        """Frames that are processed."""
        return math.prod(self.stack_shape)

    @property
    def pixels(self) -> int:
        """Rows times columns of a frame."""
        return math.prod(self.known.size_yx)

    @property
    def read_as(self) -> str:
        """Such as ``"TCYX 60 x 2 x 1024 x 1024, uint16, 0.325 µm per pixel"``."""
        header = self.known
        shape = " x ".join(map(str, header.shape))
        size = ""
        if header.pixel_size is not None:
            size = f", {header.pixel_size[0]:g} {header.unit} per pixel"
        return f"{header.axes} {shape}, {header.dtype}{size}"

    def writes(self, options: BatchOptions) -> tuple[str, ...]:
        """The kinds of results that this image gets."""
        large = self.pixels > LARGE
        return tuple(kind for kind in options.write if not (large and kind == "labels"))

    def frame_indices(self) -> list[int]:
        """The frames to read, as counted in the file, in the order of the results."""
        spelled = _spelled(self.known.stack_axes)
        if not spelled:
            return [0]
        numbers = np.arange(self.known.frame_count).reshape(self.known.stack_shape)
        numbers = numbers[self.frames[0] : self.frames[1]]
        ordered = numbers.transpose([spelled.index(axis) for axis in self.stack_axes])
        return [int(number) for number in ordered.ravel()]

    def places(self, frame: int) -> dict[str, int]:
        """Where a frame is along T and Z, as counted in the file from 0."""
        if not self.known.stack_axes:
            return {}
        where = np.unravel_index(frame, self.known.stack_shape)
        spelled = _spelled(self.known.stack_axes)
        return {axis: int(index) for axis, index in zip(spelled, where, strict=True)}

    def label(self, frame: int) -> str:
        """Such as ``t=3,z=1``, counted from 0; empty for a single image."""
        places = self.places(frame)
        return ",".join(f"{axis.lower()}={places[axis]}" for axis in self.stack_axes)

    def without_name(self, sentence: str) -> str:
        """A sentence about the image without its name in front, for where the name stands already.

        Sentences name it as tables do, or by its file with or without the folder.
        """
        path = Path(self.path)
        for name in (self.name, display_name(path), path.name):
            if sentence.startswith(f"{name}: "):
                return sentence.removeprefix(f"{name}: ")
        return sentence

    def open(self, options: BatchOptions) -> StackFile:
        """Open it as it was planned.

        Raises
        ------
        InputError
            If it is gone, or another file than when the batch was planned.
        """
        if identity(Path(self.path)) != (self.size, self.changed):
            raise InputError(f"{self.name}: changed since the batch was planned; start it again.")
        return open_as(Path(self.path), options.axes)

    def to_json(self) -> dict[str, Any]:
        """JSON values; `from_json` is the inverse."""
        header = None
        if self.header is not None:
            header = {**asdict(self.header), "dtype": self.header.dtype.str}
        return {**vars(self), "header": header}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Image:
        """Make it from JSON values."""
        header = values["header"]
        if header is not None:
            pairs = {"shape", "pixel_size", "notes"}
            header = {k: tuple(v) if k in pairs and v is not None else v for k, v in header.items()}
            header = ImageHeader(**{**header, "dtype": np.dtype(header["dtype"])})
        first, stop = values["frames"]
        return cls(**{**values, "header": header, "frames": (first, stop)})


def identity(path: Path) -> tuple[int, int]:
    """Size and modification time in ns; `InputError` if it is gone."""
    try:
        if path.is_dir():
            return zarr_size(path)
        facts = path.stat()
    except OSError:
        raise InputError(f"{path.name}: this file does not exist (any more).") from None
    return facts.st_size, facts.st_mtime_ns


def open_as(path: Path, axes: str | None) -> StackFile:
    """Open an image with its axes corrected."""
    stack = open_stack(path)
    try:
        return stack if axes is None else stack.with_axes(axes)
    except BaseException:
        stack.close()
        raise


def look_at(found: Found, stem: str, options: BatchOptions, channels: int) -> Image:
    """Read the header of an image, and say why it cannot be processed if so."""
    image = Image(str(found.path), found.name, stem)
    try:
        size, changed = identity(found.path)
        image = replace(image, size=size, changed=changed)
        with open_as(found.path, options.axes) as stack:
            header = stack.header
        if found.path.is_dir():
            header = replace(header, notes=(*header.notes, *lacking_chunks(found.path)))
        if has_alpha(header):
            left_out = about(found.path, "its transparency is left out.")
            header = replace(header, notes=(*header.notes, left_out))
        image = replace(image, header=header, frames=_frames(header, options))
        _check(image, options, channels)
    except InputError as error:
        return replace(image, problem=str(error))
    return image


def _frames(header: ImageHeader, options: BatchOptions) -> tuple[int, int]:
    length = header.stack_shape[0] if header.stack_shape else 1
    first, stop, _ = slice(*options.frames).indices(length)
    return first, max(first, stop)


def _check(image: Image, options: BatchOptions, channels: int) -> None:
    header = image.known
    if len(header.stack_axes) > len(_STACK_ORDER) or "C" in header.stack_axes:
        raise InputError(
            f"{image.name}: axes {header.axes} are more than T, Z, C, Y, X; correct the axes, or "
            f"split the file."
        )
    if image.frames[0] >= image.frames[1]:
        raise InputError(
            f"{image.name}: none of its {header.frame_count} frames is among those chosen."
        )
    have = channel_count(header)
    if any(channel >= have for channel in options.channels):
        raise InputError(
            f"{image.name}: there is no channel {max(options.channels)}; channels are counted from "
            f"0, and the last one is {have - 1}."
        )
    given = len(options.channels) or have
    if given != channels and not (channels == 1 and "S" in header.axes and not options.channels):
        raise InputError(f"{image.name}: {unfit_channels(given, have, channels)}")


def unfit_channels(given: int, have: int, wanted: int) -> str:
    """That an image does not fit networks, of whose ``have`` channels some are ``given``."""
    some = "1 channel does" if given == 1 else f"{given} channels do"
    advice = "give images like those they were trained on"
    if have >= wanted:
        advice = f"choose {'one' if wanted == 1 else wanted} of {'them' if given == have else have}"
    return f"{some} not fit networks for {wanted}; {advice}."


def _spelled(stack_axes: str) -> str:
    """Stack axes with unknown letters taken for the first free one of T and Z."""
    for axis in stack_axes:
        if axis not in _STACK_ORDER:
            free = [letter for letter in _STACK_ORDER if letter not in stack_axes]
            stack_axes = stack_axes.replace(axis, free[0]) if free else stack_axes
    return stack_axes
