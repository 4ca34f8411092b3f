"""Whether the pixels a TIFF page promises can be in the file, checked before any is decoded."""

from __future__ import annotations

import math

import tifffile

from ..errors import InputError
from .guard import OpenFile, check_memory
from .names import about

_DEFLATE, _LZW, _PACKBITS = 1100, 1400, 128
LARGEST_RATIO = {1: 1, 5: _LZW, 8: _DEFLATE, 32773: _PACKBITS, 32946: _DEFLATE}
"""Bytes one stored byte can unpack to at most, by TIFF compression number (1 = none)."""

_JPEG = 7
_END_OF_JPEG = b"\xff\xd9"


def check_page(file: OpenFile, page: tifffile.TiffPage | tifffile.TiffFrame) -> None:
    """Refuse a page whose data is missing, cut, outside the file, or too little for its size.

    Decoders fill such places with zeros, or allocate whatever the header claims.
    """
    if page.dtype is None or page.size == 0 or page.ndim < 2:
        raise InputError(about(file.path, f"pixels of an unknown kind, shape {page.shape}."))
    if page.dtype.kind not in "buif":
        raise InputError(about(file.path, f"{page.dtype} pixels are no gray values."))
    check_memory(page.nbytes, file.path)
    counts, offsets = page.databytecounts, page.dataoffsets
    ends = [offset + count for offset, count in zip(offsets, counts, strict=False)]
    if len(offsets) != len(counts) or not ends or 0 in counts or 0 in offsets:
        raise InputError(about(file.path, "damaged: a part of its pixels was never written."))
    if max(ends) > file.size:
        raise InputError(about(file.path, "cut short: pixels lie beyond the end of the file."))
    bits = 8 if page.keyframe is None else page.keyframe.bitspersample
    packed = math.ceil(page.size * bits / 8)
    if sum(counts) * LARGEST_RATIO.get(page.compression, math.inf) < packed:
        raise InputError(
            about(
                file.path,
                f"damaged: promises {packed / 1e6:.3g} MB of pixels and holds "
                f"{sum(counts) / 1e6:.3g} MB.",
            )
        )
    in_one_piece = page.compression == 1 and len(offsets) == 1
    if len(offsets) < math.prod(page.chunked) and not in_one_piece:
        raise InputError(about(file.path, "damaged: strips or tiles are missing."))
    if page.compression == _JPEG:
        _check_jpeg_ends(file, ends)


def _check_jpeg_ends(file: OpenFile, ends: list[int]) -> None:
    """A cut JPEG decodes to gray without a word; a complete one ends with its end marker."""
    for end in ends:
        file.stream.seek(max(0, end - 16))
        if _END_OF_JPEG not in file.stream.read(16):
            raise InputError(about(file.path, "damaged: JPEG data without its end."))
