"""The page chain of a TIFF file, walked before a decoder is let loose on it.

A chain that comes back to an earlier page keeps decoders reading for ever, one that leads out of
the file makes them return fewer pages without a word, and pages that differ are dropped silently.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from ..errors import InputError
from .guard import OpenFile
from .names import about

MAX_PAGES = 1_000_000
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TYPE_BYTES |= {16: 8, 17: 8, 18: 8}
_WIDTH, _LENGTH, _BITS, _SAMPLES, _SUBFILE = 256, 257, 258, 277, 254
_NEEDED_TAGS = {270, 273, 279, 324, 325}  # description and where the pixels are
_REDUCED_OR_MASK = 0b101


@dataclass(frozen=True)
class Page:
    """What two pages must have in common to be slices of one stack."""

    rows: int
    columns: int
    samples: int
    bits: int

    def __str__(self) -> str:
        return f"{self.rows} x {self.columns} with {self.samples} x {self.bits} bit"


@dataclass(frozen=True)
class _Layout:
    """Sizes and `struct` codes of classic TIFF and BigTIFF."""

    order: str
    offset: str
    count: str
    entry: int

    def unpack(self, code: str, data: bytes) -> int:
        value: int = struct.unpack_from(self.order + code, data)[0]
        return value


def walk_pages(file: OpenFile) -> list[Page]:
    """Follow the page chain to its end.

    Returns
    -------
    list of Page
        One per full-resolution page; thumbnails, pyramid levels and transparency are left out.

    Raises
    ------
    InputError
        If the chain loops, leaves the file, holds no page or is absurdly long, or if the table
        of a page's data lies outside the file.
    """
    layout, offset = _start(file)
    pages: list[Page] = []
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise InputError(about(file.path, "damaged: its pages form an endless loop."))
        if len(seen) >= MAX_PAGES:
            raise InputError(about(file.path, f"has more than {MAX_PAGES} pages."))
        seen.add(offset)
        page, offset = _read_page(file, layout, offset)
        if page is not None:
            pages.append(page)
    if not pages:
        raise InputError(about(file.path, "holds no image (the recording may have died)."))
    return pages


def differing(pages: list[Page]) -> tuple[Page, Page] | None:
    """The first two neighboring pages that do not fit together, or None."""
    return next(((one, two) for one, two in pairwise(pages) if one != two), None)


def _start(file: OpenFile) -> tuple[_Layout, int]:
    file.stream.seek(0)
    head = file.stream.read(16).ljust(16, b"\0")
    order = "<" if head[:2] == b"II" else ">"
    if head[2:4] in (b"+\0", b"\0+"):
        layout = _Layout(order, offset="Q", count="Q", entry=20)
        return layout, layout.unpack("Q", head[8:])
    layout = _Layout(order, offset="I", count="H", entry=12)
    return layout, layout.unpack("I", head[4:])


def _read_page(file: OpenFile, layout: _Layout, offset: int) -> tuple[Page | None, int]:
    """The page at `offset` (None for a thumbnail) and the offset of the next one."""
    stream = file.stream
    stream.seek(min(offset, file.size))
    entries = layout.unpack(layout.count, _exactly(file, struct.calcsize("<" + layout.count)))
    if entries > 65_535:
        raise InputError(about(file.path, f"damaged: a page with {entries} tags."))
    table = _exactly(file, entries * layout.entry)
    following = layout.unpack(layout.offset, _exactly(file, struct.calcsize("<" + layout.offset)))
    values = {_SUBFILE: 0, _WIDTH: 0, _LENGTH: 0, _BITS: 1, _SAMPLES: 1}
    for start in range(0, len(table), layout.entry):
        _read_tag(file, layout, table[start : start + layout.entry], values)
    if values[_SUBFILE] & _REDUCED_OR_MASK:
        return None, following
    if not values[_LENGTH] or not values[_WIDTH]:
        raise InputError(about(file.path, "damaged: a page of 0 rows or columns."))
    page = Page(values[_LENGTH], values[_WIDTH], values[_SAMPLES], values[_BITS])
    return page, following


def _read_tag(file: OpenFile, layout: _Layout, entry: bytes, values: dict[int, int]) -> None:
    tag, kind = layout.unpack("H", entry), layout.unpack("H", entry[2:])
    if tag not in _NEEDED_TAGS and tag not in values:
        return
    count = layout.unpack(layout.offset, entry[4:])
    value = entry[4 + struct.calcsize("<" + layout.offset) :]
    nbytes = count * _TYPE_BYTES.get(kind, 1)
    where = 0 if nbytes <= len(value) else layout.unpack(layout.offset, value)
    if where + nbytes > max(file.size, len(value)):
        raise InputError(about(file.path, "cut short or damaged: a page points outside the file."))
    if tag in values and count:
        if where:
            value = _peek(file.stream, where)
        code = {1: "B", 3: "H", 16: "Q"}.get(kind, "I")
        values[tag] = layout.unpack(code, value)


def _peek(stream: BinaryIO, where: int) -> bytes:
    stream.seek(where)
    return stream.read(8).ljust(8, b"\0")


def _exactly(file: OpenFile, nbytes: int) -> bytes:
    data = file.stream.read(nbytes)
    if len(data) < nbytes:
        raise InputError(about(file.path, "cut short: the file ends before its last page."))
    return data
