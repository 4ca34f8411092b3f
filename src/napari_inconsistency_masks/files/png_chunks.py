"""The checksums of a PNG file, which Pillow does not look at where the pixels are."""

from __future__ import annotations

import struct
import zlib

from ..errors import InputError
from .guard import OpenFile
from .names import about

_SIGNATURE = 8
_PIECE = 2**20


def check_png(file: OpenFile) -> None:
    """Refuse a PNG file whose pixels are not those that were written.

    A copy that broke off may have its full length, with zeros for all that was not copied. Those
    can be decoded, to an image that is wrong from some row on. What is cut short the decoder
    refuses itself. The position in the file stays what it was.
    """
    stream, where = file.stream, file.stream.tell()
    stream.seek(_SIGNATURE)
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind != b"IDAT":
            stream.seek(length + 4, 1)
            continue
        checksum = zlib.crc32(kind)
        while length and (piece := stream.read(min(length, _PIECE))):
            length -= len(piece)
            checksum = zlib.crc32(piece, checksum)
        written = stream.read(4)
        if len(written) == 4 and written != struct.pack(">I", checksum):
            text = "damaged: its pixels do not fit their checksum; copy or save it anew."
            raise InputError(about(file.path, text))
    stream.seek(where)
