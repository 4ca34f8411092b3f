"""Stacks of masks, labels and votes, with the axes and the calibration of the image."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...files.tiff_stream import StripFormat, write_strips
from ...task import LabelScheme
from ..images import Image
from ..settings import BatchOptions

STACKS = ("masks", "labels", "mask", "votes")


def strip_format(kind: str, image: Image, options: BatchOptions) -> StripFormat:
    """How the planes of a kind are stored."""
    dtype = "uint16" if kind == "labels" else "uint8"
    return StripFormat(image.known.size_yx, dtype, compression(options))


def compression(options: BatchOptions) -> str:
    """The compression that was chosen; ``auto`` is what Fiji, QuPath and napari all open."""
    return "deflate" if options.compression == "auto" else options.compression


def write_stack(
    path: Path,
    strips: Iterable[bytes],
    kind: str,
    image: Image,
    frames: int,
    options: BatchOptions,
    scheme: LabelScheme,
) -> None:
    """Write the planes of one kind of some or all frames.

    Parameters
    ----------
    strips
        Of all planes.
    frames
        How many; if they are not all of the image, they are a plain sequence.
    """
    axes, shape = image.stack_axes, image.stack_shape
    if frames != image.frame_count:
        axes, shape = "T", (frames,)
    names = scheme.classes if kind == "masks" else ()
    write_strips(
        path,
        strips,
        strip_format(kind, image, options),
        axes=axes + ("C" if names else ""),
        shape=(*shape, len(names)) if names else shape,
        ome=options.format == "ome",
        header=image.known,
        channel_names=names,
    )
