"""Reading images and stacks: PNG, JPEG, BMP and TIFF, told apart by their first bytes."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .axes import corrected, has_same_planes, reordered
from .guard import OpenFile, check_memory, open_regular, refusing
from .header import ImageFile, ImageHeader, Planes, leading_axes
from .names import about
from .pictures import open_picture
from .tiff_read import open_tiff
from .zarr_read import OpenFolder, open_zarr

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
"""Extensions, in lower case, of the files taken for images."""

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class StackFile(Sequence[npt.NDArray[Any]]):
    """An open image file whose frames are read when asked for.

    A sequence of frames: item ``i`` is an array with axes ``header.frame_axes``. Close it, or use
    it in a ``with`` statement.

    Attributes
    ----------
    header : ImageHeader
    """

    def __init__(self, file: OpenFile | OpenFolder, header: ImageHeader, planes: Planes) -> None:
        self.header = header
        self._file = file
        self._planes = planes
        self._frames = _planes_of_frames(header)

    def __len__(self) -> int:
        return self.header.frame_count

    @overload
    def __getitem__(self, index: int) -> npt.NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[npt.NDArray[Any]]: ...
    def __getitem__(self, index: int | slice) -> npt.NDArray[Any] | list[npt.NDArray[Any]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._read(self._frames[index])  # an IndexError here ends a for loop

    def rows(self, index: int, rows: slice) -> npt.NDArray[Any]:
        """Some rows of frame ``index``; of a large frame only they are read, if possible."""
        return self._read(self._frames[index], rows)

    def _read(self, numbers: npt.NDArray[np.intp], rows: slice | None = None) -> npt.NDArray[Any]:
        with refusing(self._file.path):
            planes = [self._planes(int(number), rows) for number in numbers]
            self._file.check_unchanged()
        return np.stack(planes) if self.header.frame_axes.startswith("C") else planes[0]

    def read(self) -> ImageFile:
        """The whole image at once.

        Raises
        ------
        InputError
            If it does not fit into the free memory, or cannot be read.
        """
        check_memory(self.header.nbytes, self._file.path)
        with refusing(self._file.path):
            planes = [self._planes(plane) for plane in range(self._frames.size)]
            self._file.check_unchanged()
            array = np.stack(planes).reshape(self.header.shape)
        return ImageFile(**_fields(self.header), array=array)

    def with_axes(self, axes: str) -> StackFile:
        """The same file, its axes taken for others; close only one of the two.

        Raises
        ------
        InputError
            If the letters do not fit the shape, or the axes are so unusual that the whole image
            must be read and it does not fit into the free memory.
        """
        header = corrected(self.header, axes, self._file.path)
        if has_same_planes(self.header, header):
            return StackFile(self._file, header, self._planes)
        pixels = self.read().array
        return StackFile(self._file, *reordered(header, pixels))

    def close(self) -> None:
        """Close the file; frames can no longer be read."""
        self._file.close()

    def __enter__(self) -> StackFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_stack(path: str | os.PathLike[str], *, palette_indices: bool = False) -> StackFile:
    """Open an image file of any size; only its header is read.

    Parameters
    ----------
    path
        A regular file, or a folder that is a Zarr array or an OME-Zarr image.
    palette_indices
        Whether a picture with a color palette gives the indices (class ids) instead of colors; the
        header then has the palette.

    Raises
    ------
    InputError
        If the file is missing, no supported image, damaged or cut short; the message names it.
    """
    if os.path.isdir(path):  # noqa: PTH112
        return StackFile(*open_zarr(Path(path)))
    return _open(open_regular(path), palette_indices)


def open_bytes(data: bytes, path: str | os.PathLike[str], **options: bool) -> StackFile:
    """`open_stack` for the bytes of a file that is not on disk; `path` is for messages."""
    return _open(OpenFile(io.BytesIO(data), Path(path), len(data)), **options)


def read_image(path: str | os.PathLike[str], *, palette_indices: bool = False) -> ImageFile:
    """Read a whole image or stack with its axes and calibration; parameters as `open_stack`."""
    with open_stack(path, palette_indices=palette_indices) as stack:
        return stack.read()


def read_header(path: str | os.PathLike[str]) -> ImageHeader:
    """Shape, axes, type and calibration of an image file, without its pixels."""
    with open_stack(path) as stack:
        return stack.header


def _open(file: OpenFile, palette_indices: bool = False) -> StackFile:
    with _closing_on_error(file), refusing(file.path):
        start = file.stream.read(4)
        if not start:
            raise InputError(about(file.path, "the file is empty (0 bytes)."))
        file.stream.seek(0)
        if start in _TIFF_STARTS:
            return StackFile(file, *open_tiff(file, palette=palette_indices))
        return StackFile(file, *open_picture(file, palette_indices=palette_indices))


@contextmanager
def _closing_on_error(file: OpenFile) -> Iterator[None]:
    try:
        yield
    except BaseException:
        file.stream.close()
        raise


def _planes_of_frames(header: ImageHeader) -> npt.NDArray[np.intp]:
    """Plane numbers ``(frames, planes per frame)``: one each, or one per channel."""
    lead = leading_axes(header.axes)
    shape = header.shape[: len(lead)]
    numbers = np.arange(math.prod(shape)).reshape(shape)
    if not header.frame_axes.startswith("C"):
        return numbers.reshape(-1, 1)
    numbers = np.moveaxis(numbers, lead.index("C"), -1)
    return numbers.reshape(-1, numbers.shape[-1])


def _fields(header: ImageHeader) -> dict[str, Any]:
    return {name: getattr(header, name) for name in ImageHeader.__dataclass_fields__}
