"""What the numbers of a TIFF file are to look like: told if they do not, or refused."""

from __future__ import annotations

import tifffile

from ..errors import InputError
from .guard import OpenFile
from .names import about

TURNED = "says it is to be shown turned; its pixels are read as stored."

_WHITE_IS_ZERO, _PALETTE, _YCBCR = 0, 3, 6
_NO_GRAY_NOR_RGB = {5: "CMYK", _YCBCR: "YCbCr", 8: "Lab", 9: "ICC Lab", 10: "ITU Lab"}
_JPEG = (6, 7)  # decoders make RGB of it


def told(file: OpenFile, page: tifffile.TiffPage) -> list[str]:
    """Notes on a page that is to be shown in another way than as its numbers, one sentence each.

    Raises
    ------
    InputError
        If it has colors that are not red, green and blue.
    """
    kind = page.photometric
    if kind in _NO_GRAY_NOR_RGB and not (kind == _YCBCR and page.compression in _JPEG):
        name = _NO_GRAY_NOR_RGB[kind]
        raise InputError(about(file.path, f"colors stored as {name}; save it as RGB or gray."))
    notes = []
    if kind == _WHITE_IS_ZERO and page.bitspersample > 1:  # of two values none is lighter
        notes.append("says that 0 is white; its gray values are read as stored.")
    if kind == _PALETTE:
        notes.append("has a palette of colors; its gray values are read as stored, without it.")
    if page.tags.valueof("Orientation", 1) not in (0, 1):
        notes.append(TURNED)
    return [about(file.path, note) for note in notes]
