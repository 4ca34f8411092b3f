"""Reading planes of a TIFF file, whole or only some rows of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import tifffile

from ..errors import InputError
from .guard import OpenFile
from .header import ImageHeader, Planes, leading_axes, only_rows
from .names import about
from .tiff_data import check_page

Page = tifffile.TiffPage | tifffile.TiffFrame


def contiguous_planes(
    file: OpenFile, offset: int, byteorder: Literal["<", ">"], header: ImageHeader
) -> Planes:
    """For pixels that lie in the file one after the other."""
    lead = len(leading_axes(header.axes))
    shape, count = header.shape[lead:], math.prod(header.shape[:lead])
    dtype = header.dtype.newbyteorder(byteorder)
    nbytes = math.prod(shape) * dtype.itemsize
    if offset + count * nbytes > file.size:
        raise InputError(about(file.path, "cut short: pixels lie beyond the end of the file."))

    def read_from(start: int, wanted: tuple[int, ...]) -> npt.NDArray[Any]:
        file.stream.seek(start)
        data = bytearray(file.stream.read(math.prod(wanted) * dtype.itemsize))
        if len(data) < math.prod(wanted) * dtype.itemsize:
            raise InputError(about(file.path, "cut short while it was being read."))
        array = np.frombuffer(data, dtype).reshape(wanted)
        return array.astype(dtype.newbyteorder("="), copy=False)

    def read(plane: int, rows: slice | None = None) -> npt.NDArray[Any]:
        start = offset + plane * nbytes
        if rows is None or header.axes[lead] != "Y":
            return only_rows(read_from(start, shape), header.axes, rows)
        first, stop, _ = rows.indices(shape[0])
        per_row = nbytes // shape[0]
        return read_from(start + first * per_row, (max(0, stop - first), *shape[1:]))

    return read


def paged_planes(file: OpenFile, series: tifffile.TiffPageSeries, header: ImageHeader) -> Planes:
    """For files with a page per plane, compressed or not."""
    shape = header.shape[len(leading_axes(header.axes)) :]
    kept: dict[int, npt.NDArray[Any]] = {}  # a plane that can only be decoded as a whole

    def read(plane: int, rows: slice | None = None) -> npt.NDArray[Any]:
        page = series.pages[plane]
        if page is None:
            raise InputError(about(file.path, "one of its planes is missing."))
        check_page(file, page)
        with _naming_missing_codecs(file):
            if rows is None:
                whole: npt.NDArray[Any] = page.asarray().reshape(shape)
                return whole
            if _has_rows_apart(page, shape):
                return _some_rows(file, page, shape, rows)
            if plane not in kept:
                kept.clear()
                kept[plane] = page.asarray().reshape(shape)
        return only_rows(kept[plane], header.axes, rows)

    return read


def _has_rows_apart(page: Page, shape: tuple[int, ...]) -> bool:
    """Whether rows can be decoded without the others: strips or tiles of interleaved samples."""
    key = page.keyframe
    apart = key is not None and key.shape == shape and key.planarconfig == 1
    return apart and len(page.dataoffsets) > 1


def _some_rows(file: OpenFile, page: Page, shape: tuple[int, ...], rows: slice) -> npt.NDArray[Any]:
    key = page.keyframe
    assert key is not None
    first, stop, _ = rows.indices(shape[0])
    result = np.zeros((max(0, stop - first), *shape[1:]), key.dtype)
    high = key.chunks[0]
    per_row = math.prod(key.chunked[1:])  # strips or tiles side by side
    wanted = range(first // high * per_row, min(-(-stop // high) * per_row, len(page.dataoffsets)))
    for number in wanted:
        file.stream.seek(page.dataoffsets[number])
        data = file.stream.read(page.databytecounts[number])
        decoded, (_, _, top, left, _), _ = key.decode(data, number, jpegtables=key.jpegtables)
        assert decoded is not None
        begin, end = max(first, top), min(stop, top + decoded.shape[1])
        part = decoded[0, begin - top : end - top, : shape[1] - left]
        target = result[begin - first : end - first, left : left + part.shape[1]]
        target[...] = part.reshape(target.shape)
    return result


@contextmanager
def _naming_missing_codecs(file: OpenFile) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        text = (
            "its compression needs another package: "
            'pip install "napari-inconsistency-masks[codecs]".'
        )
        raise InputError(about(file.path, text)) from error
