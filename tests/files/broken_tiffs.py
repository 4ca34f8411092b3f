"""Small TIFF files, right and wrong, built byte by byte, and how a refusal must look."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.images import read_image

SHORT, LONG = 3, 4


def tiff_page(**tags: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    """The tags ``{number: (type, count, value)}`` of a page of 4 x 5 gray pixels at offset 8."""
    page = {
        256: (SHORT, 1, 5),
        257: (SHORT, 1, 4),
        258: (SHORT, 1, 8),
        259: (SHORT, 1, 1),
        262: (SHORT, 1, 1),
        273: (LONG, 1, 8),
        277: (SHORT, 1, 1),
        278: (SHORT, 1, 4),
        279: (LONG, 1, 20),
    }
    return page | {int(name[1:]): value for name, value in tags.items()}


def tiff_file(
    pages: list[dict[int, tuple[int, int, int]]],
    data: bytes = bytes(range(20)),
    last: int | None = None,
) -> bytes:
    """A classic little-endian TIFF: data at offset 8, then the pages.

    ``last`` is where the last page's link points: a page number, or an offset if negative.
    """
    first = 8 + len(data)
    offsets = [first]
    for page in pages:
        offsets.append(offsets[-1] + 2 + 12 * len(page) + 4)
    body = struct.pack("<2sHI", b"II", 42, first if pages else 0) + data
    for number, page in enumerate(pages):
        body += struct.pack("<H", len(page))
        for tag, (kind, count, value) in sorted(page.items()):
            body += struct.pack("<HHII", tag, kind, count, value)
        following = offsets[number + 1]
        if number == len(pages) - 1:
            following = 0 if last is None else offsets[last] if last >= 0 else -last
        body += struct.pack("<I", following)
    return body


BROKEN = {
    "empty": b"",
    "header_only": tiff_file([]),
    "header_cut": b"II*\0",
    "no_tiff": b"this is no image at all",
    "bits_0": tiff_file([tiff_page(t258=(SHORT, 1, 0))]),
    "bits_255": tiff_file([tiff_page(t258=(SHORT, 1, 255))]),
    "float_of_8_bits": tiff_file([tiff_page(t339=(SHORT, 1, 3))]),
    "width_0": tiff_file([tiff_page(t256=(SHORT, 1, 0))]),
    "width_missing": tiff_file([{k: v for k, v in tiff_page().items() if k != 256}]),
    "size_4_exabytes": tiff_file([tiff_page(t256=(LONG, 1, 2**31), t257=(LONG, 1, 2**31))]),
    "size_39_gigabytes": tiff_file([tiff_page(t256=(LONG, 1, 200_000), t257=(LONG, 1, 200_000))]),
    "deflate_lies": tiff_file(
        [tiff_page(t259=(SHORT, 1, 8), t256=(LONG, 1, 30_000), t257=(LONG, 1, 30_000))]
    ),
    "data_outside": tiff_file([tiff_page(t273=(LONG, 1, 100_000))]),
    "data_partly_outside": tiff_file([tiff_page(t279=(LONG, 1, 10_000))]),
    "data_never_written": tiff_file([tiff_page(t273=(LONG, 1, 0), t279=(LONG, 1, 0))]),
    "too_few_strips": tiff_file([tiff_page(t278=(SHORT, 1, 1), t279=(LONG, 1, 5))]),
    "table_outside": tiff_file([tiff_page(t273=(LONG, 2**30, 8))]),
    "first_page_outside": struct.pack("<2sHI", b"II", 42, 2**31),
    "last_page_outside": tiff_file([tiff_page(), tiff_page()], last=-(2**30)),
    "loop_of_1": tiff_file([tiff_page()], last=0),
    "loop_of_2": tiff_file([tiff_page(), tiff_page()], last=0),
    "loop_at_120": tiff_file([tiff_page() for _ in range(130)], last=120),
    "sizes_differ": tiff_file([tiff_page(), tiff_page(t257=(SHORT, 1, 2))]),
    "bits_differ_in_page_2_of_4": tiff_file(
        [tiff_page(), tiff_page(t258=(SHORT, 1, 16)), tiff_page(), tiff_page()]
    ),
    "tags_outside": tiff_file([tiff_page()])[:60],
    "printing_colors": tiff_file(
        [tiff_page(t262=(SHORT, 1, 5), t277=(SHORT, 1, 4), t258=(SHORT, 1, 8))],
        bytes(80),
    ),
}
"""Files that must be refused, by what is wrong with them."""


def refusal(path: Path) -> str:
    """The sentence with which a file is refused, checked for what holds for all of them."""
    with pytest.raises(InputError) as caught:
        read_image(path)
    message = str(caught.value)
    assert path.name in message
    assert len(message) <= 200
    assert "\n" not in message
    assert "Traceback" not in message
    return message
