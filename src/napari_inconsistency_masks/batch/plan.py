"""What a batch will do, decided before it starts: what is read as what, written, and left out.

A plan is plain values: it becomes JSON, travels to another process, and never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from os.path import realpath
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.folders import check_writable
from .images import Image, look_at
from .listing import NO_INPUTS, Inputs, Listing
from .model import Model
from .names import unique_stems
from .repeated import noting
from .settings import BatchOptions

UNIT_PIXELS = 1 << 28
"""About how many pixels are done between two entries of the journal: minutes on a CPU."""

_SUFFIXES = {
    "masks": "_masks.tif",
    "labels": "_labels.tif",
    "mask": "_inconsistency.tif",
    "votes": "_votes.tif",
    "rois": "_rois.zip",
    "geojson": ".geojson",
}
_BYTES_PER_PIXEL = {"masks": 0.01, "labels": 0.02, "mask": 0.02, "votes": 0.02}
"""About what compressed results need, per pixel and channel."""


@dataclass(frozen=True)
class Unit:
    """Work that is done or not: some frames of an image.

    Attributes
    ----------
    image
        The image.
    number, of
        Which part of the image, and of how many.
    first, stop
        Places in ``image.frame_indices()``.
    """

    image: Image
    number: int
    of: int
    first: int
    stop: int

    @property
    def key(self) -> str:
        """Its name in the journal."""
        if self.of == 1:
            return self.image.key
        return f"part {self.number + 1} of {self.of}: {self.image.stem}"

    @property
    def frames(self) -> list[int]:
        """The frames to read, as counted in the file."""
        return self.image.frame_indices()[self.first : self.stop]

    def to_json(self) -> dict[str, Any]:
        """JSON values; `from_json` is the inverse."""
        return {**vars(self), "image": self.image.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Unit:
        """Make it from JSON values."""
        return cls(**{**values, "image": Image.from_json(values["image"])})


@dataclass(frozen=True)
class Plan:
    """Everything a batch will do.

    Attributes
    ----------
    folder
        Where results go.
    model, options, images
        What is used, chosen and read.
    others
        Files found that are no images.
    seconds, megabytes
        Estimates of the time and of the disk space; the time is None if it was not measured.
    inputs
        What the images were found by.
    unsearched
        Number of folders inside of folders that were not looked into.
    """

    folder: str
    model: Model
    options: BatchOptions
    images: tuple[Image, ...]
    others: tuple[str, ...] = ()
    seconds: float | None = None
    megabytes: float = 0.0
    inputs: Inputs = NO_INPUTS
    unsearched: int = 0

    @property
    def good(self) -> tuple[Image, ...]:
        """The images that can be processed."""
        return tuple(image for image in self.images if image.problem is None)

    @property
    def frame_count(self) -> int:
        """Frames to process."""
        return sum(image.frame_count for image in self.good)

    def to_json(self) -> dict[str, Any]:
        """JSON values; `from_json` is the inverse."""
        return {
            **vars(self),
            "model": self.model.to_json(),
            "options": self.options.to_json(),
            "images": [image.to_json() for image in self.images],
            "inputs": asdict(self.inputs),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Plan:
        """Make it from JSON values."""
        return cls(
            **{
                **values,
                "model": Model.from_json(values["model"]),
                "options": BatchOptions.from_json(values["options"]),
                "images": tuple(Image.from_json(image) for image in values["images"]),
                "others": tuple(values["others"]),
                "inputs": inputs_from_json(values.get("inputs", {})),
            }
        )


def make_plan(
    listing: Listing,
    model: Model,
    options: BatchOptions,
    folder: Path,
    *,
    seconds_per_pixel: float | None = None,
    looked: Callable[[Image, int], None] | None = None,
) -> Plan:
    """Read the headers of all images and decide what will be done; nothing is written.

    Parameters
    ----------
    listing, model, options, folder
        What to read, with which networks, how, and where results go.
    seconds_per_pixel
        To estimate the time.
    looked
        Is told each image as soon as its header was read, and of how many it is one.

    Raises
    ------
    InputError
        If the results would go where the images are taken from, or cannot be written there.
    """
    check_writable(Path(realpath(folder)))
    stems = unique_stems(found.name for found in listing.images)
    images: list[Image] = []
    first: dict[str, str] = {}
    for found, stem in zip(listing.images, stems, strict=True):
        images.append(noting(look_at(found, stem, options, model.channels), first))
        if looked is not None:
            looked(images[-1], len(stems))
    _refuse_inputs_as_outputs(images, folder, options)
    good = [image for image in images if image.problem is None]
    pixels = sum(image.frame_count * image.pixels for image in good)
    seconds = None if seconds_per_pixel is None else seconds_per_pixel * pixels
    per_pixel = sum(
        _BYTES_PER_PIXEL.get(kind, 0.002) * (len(model.scheme.classes) if kind == "masks" else 1)
        for kind in options.write
    )
    return Plan(
        realpath(folder),
        model,
        options,
        tuple(images),
        listing.others,
        seconds,
        pixels * per_pixel / 1e6,
        listing.inputs,
        listing.unsearched,
    )


def inputs_from_json(values: dict[str, Any]) -> Inputs:
    """What images were found by, from JSON values; nothing is known of older batches."""
    return Inputs(**{**values, "paths": tuple(values.get("paths", ()))})


def units_of(image: Image) -> list[Unit]:
    """The parts of an image that are done one after the other, or by different processes."""
    frames = image.frame_count
    each = max(1, UNIT_PIXELS // image.pixels)
    starts = range(0, frames, each)
    return [
        Unit(image, number, len(starts), first, min(first + each, frames))
        for number, first in enumerate(starts)
    ]


def output_paths(image: Image, plan: Plan) -> dict[str, Path]:
    """The files of results of one image, by kind."""
    return dict(_outputs(image, Path(plan.folder), plan.options))


def _outputs(image: Image, folder: Path, options: BatchOptions) -> Iterator[tuple[str, Path]]:
    for kind in options.write if image.header is None else image.writes(options):
        if kind in _SUFFIXES:
            suffix = _SUFFIXES[kind]
            if options.format == "ome":
                suffix = suffix.replace(".tif", ".ome.tif")
            yield kind, folder / "images" / f"{image.stem}{suffix}"


def _refuse_inputs_as_outputs(images: Sequence[Image], folder: Path, options: BatchOptions) -> None:
    inputs = {realpath(image.path) for image in images}
    for image in images:
        for _, path in _outputs(image, folder, options):
            if realpath(path) in inputs:
                raise InputError(f"{path}: this image would be replaced; choose another folder.")
