"""Writing a TIFF file whose pixels come in compressed strips, plane by plane, as they are ready."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from ..errors import InputError
from .atomic import write_atomically
from .header import ImageHeader
from .images import read_header
from .names import about
from .tiff import CLASSIC_LIMIT, IMAGEJ_ORDER, imagej_options, ome_options

_STRIP_BYTES = 1 << 18
_TAGS = {"none": 1, "deflate": 8, "packbits": 32773, "zstd": 50000}
_NAMED_PLANES = 2000
_DEFLATE_LEVEL = 1


@dataclass(frozen=True)
class StripFormat:
    """How planes of one size and type are cut into strips and compressed.

    Attributes
    ----------
    size
        Rows and columns of a plane.
    dtype
        Name of the type of the pixels.
    compression
        ``none``, ``deflate``, ``packbits`` or ``zstd``.
    """

    size: tuple[int, int]
    dtype: str = "uint8"
    compression: str = "deflate"

    @property
    def rows(self) -> int:
        """Rows of a strip."""
        per_row = self.size[1] * np.dtype(self.dtype).itemsize
        return max(1, min(self.size[0], _STRIP_BYTES // per_row))

    @property
    def count(self) -> int:
        """Strips of a plane."""
        return -(-self.size[0] // self.rows)

    def encode(self, rows: npt.NDArray[Any]) -> bytes:
        """Compress the rows of one strip."""
        pixels = np.ascontiguousarray(rows, np.dtype(self.dtype).newbyteorder("<"))
        if self.compression == "none":
            return pixels.tobytes()
        if self.compression == "deflate":
            return zlib.compress(pixels.data, _DEFLATE_LEVEL)
        import imagecodecs

        if self.compression == "zstd":
            return bytes(imagecodecs.zstd_encode(pixels.tobytes(), level=3))
        data = pixels.view(np.uint8).reshape(len(rows), -1)
        return bytes(imagecodecs.packbits_encode(data, axis=-1))  # each row apart, as TIFF wants


class StripBuffer:
    """Makes the strips of one plane from rows that come in any number at a time."""

    def __init__(self, form: StripFormat) -> None:
        self._form = form
        self._waiting: list[npt.NDArray[Any]] = []
        self.strips: list[bytes] = []

    def add(self, rows: npt.NDArray[Any]) -> None:
        """Take the next rows ``(y, X)``; full strips are compressed at once."""
        self._waiting.append(rows)
        have = sum(len(part) for part in self._waiting)
        done = sum(len(part) for part in self._waiting[:-1])
        total = len(self.strips) * self._form.rows + have
        if have < self._form.rows and total < self._form.size[0]:
            self._waiting[-1] = rows.copy() if done == 0 else rows
            return
        whole = np.concatenate(self._waiting) if len(self._waiting) > 1 else rows
        end = have if total >= self._form.size[0] else have - have % self._form.rows
        for first in range(0, end, self._form.rows):
            self.strips.append(self._form.encode(whole[first : min(first + self._form.rows, end)]))
        self._waiting = [whole[end:].copy()] if end < have else []


def write_strips(
    path: Path,
    strips: Iterable[bytes],
    form: StripFormat,
    *,
    axes: str,
    shape: Sequence[int],
    ome: bool,
    header: ImageHeader,
    channel_names: Sequence[str] = (),
) -> None:
    """Write a stack atomically, and read the strips back before it replaces an older file.

    Parameters
    ----------
    path
        Where to.
    strips
        From `StripFormat.encode`, those of a plane from top to bottom, planes in the order of
        `axes`; may be a generator.
    axes, shape
        Of the planes: some of T, Z, C in this order, and their lengths.
    ome
        Whether to write an OME-TIFF; ImageJ hyperstacks above 3.9 GB become one in any case.
    header
        Whose calibration the file gets.
    channel_names
        Names of the channels of C.

    Raises
    ------
    InputError
        If it cannot be read back.
    WriteError
        If the operating system refuses.
    """
    if not {*axes} <= {*IMAGEJ_ORDER}:
        raise InputError(about(path, f"axes {axes!r}: only T, Z and C can be stored."))
    kept = [i for i, length in enumerate(shape) if length > 1]
    axes = "".join(axes[i] for i in kept) + "YX"
    shape = (*(shape[i] for i in kept), *form.size)
    options = _options(form, axes, shape, ome, header)
    if "C" in axes and channel_names:
        _name_channels(options, channel_names, math.prod(shape[:-2]))
    digest = _Digest()

    def write(temporary: Path) -> None:
        tifffile.imwrite(
            temporary,
            digest.following(strips),
            shape=tuple(shape),
            dtype=np.dtype(form.dtype),
            photometric="minisblack",
            compression=_TAGS[form.compression],
            rowsperstrip=form.rows,
            byteorder="<",
            **options,
        )

    def check(temporary: Path) -> None:
        found = read_header(temporary)
        expected = (axes, tuple(shape), np.dtype(form.dtype))
        again = _Digest()
        for _ in again.following(read_strips(temporary)):
            pass
        if (found.axes, found.shape, found.dtype) != expected or again != digest:
            raise InputError(about(path, "not written: reading it back gave something else."))

    write_atomically(path, write, check)


def read_strips(path: Path) -> Iterator[bytes]:
    """The compressed strips of all planes of a file, in order."""
    with tifffile.TiffFile(path) as tiff:
        for page in tiff.pages:
            for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
                tiff.filehandle.seek(offset)
                yield tiff.filehandle.read(count)


@dataclass
class _Digest:
    """Number and checksum of strips that went by."""

    strips: int = 0
    checksum: int = 0

    def following(self, strips: Iterable[bytes]) -> Iterator[bytes]:
        for strip in strips:
            self.strips += 1
            self.checksum = zlib.crc32(strip, self.checksum)
            yield strip


def _options(
    form: StripFormat, axes: str, shape: Sequence[int], ome: bool, header: ImageHeader
) -> dict[str, Any]:
    """What `tifffile.imwrite` is told about axes and calibration."""
    nbytes = math.prod(shape) * np.dtype(form.dtype).itemsize
    imagej = not ome and nbytes < CLASSIC_LIMIT and form.size[1] > 1
    options = (imagej_options if imagej else ome_options)(
        axes,
        pixel_size=header.pixel_size,
        unit=header.unit,
        frame_interval=header.frame_interval,
        slice_spacing=header.slice_spacing,
    )
    return options | {"bigtiff": not imagej and nbytes >= CLASSIC_LIMIT}


def _name_channels(options: dict[str, Any], names: Sequence[str], planes: int) -> None:
    metadata = options["metadata"]
    if "ome" in options:
        metadata["Channel"] = {"Name": list(names)}
    elif planes <= _NAMED_PLANES:  # ImageJ wants a name for each plane
        metadata["Labels"] = list(names) * (planes // len(names))
