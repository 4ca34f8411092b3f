"""PNG, JPEG and BMP files through Pillow, which must never cut 16 bits to 8 unasked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ..errors import InputError
from .guard import OpenFile, check_memory
from .header import ImageHeader, Planes
from .names import about
from .png_chunks import check_png
from .tiff_colors import TURNED

_MODES: dict[str, tuple[str, int]] = {
    "1": ("bool", 1),
    "L": ("uint8", 1),
    "P": ("uint8", 1),
    "I;16": ("uint16", 1),
    "I;16B": ("uint16", 1),
    "I": ("int32", 1),
    "LA": ("uint8", 2),
    "RGB": ("uint8", 3),
    "RGBA": ("uint8", 4),
}
"""dtype and samples per pixel of each Pillow mode that is read as it is."""

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 274


def open_picture(file: OpenFile, *, palette_indices: bool) -> tuple[ImageHeader, Planes]:
    """Check a picture and prepare to read its one plane; as `open_tiff`.

    Raises
    ------
    InputError
        If it is no PNG, JPEG or BMP file, an animation, a color PNG of 16 bits per channel (which
        would be cut to 8), or absurdly large.
    """
    _refuse_16_bit_color(file)
    try:
        image = Image.open(file.stream, formats=("PNG", "JPEG", "BMP"))
    except UnidentifiedImageError as error:
        raise InputError(about(file.path, "no PNG, JPEG, BMP or TIFF image.")) from error
    if getattr(image, "n_frames", 1) > 1:
        raise InputError(about(file.path, "an animation; save its frames as a TIFF stack."))
    mode = image.mode
    if mode == "P" and not palette_indices:
        mode = "RGBA" if "transparency" in image.info else "RGB"
    elif mode not in _MODES:
        mode = "RGB"
    dtype, samples = _MODES[mode]
    shape: tuple[int, ...] = (image.height, image.width)
    header = ImageHeader(
        shape=shape if samples == 1 else (*shape, samples),
        axes="YX" if samples == 1 else "YXS",
        dtype=np.dtype(dtype),
        notes=_notes(file, image),
    )
    check_memory(header.nbytes, file.path)
    if mode == "P":
        header = replace(header, palette=_palette(image))

    checked = image.format != "PNG"

    def read(plane: int, rows: slice | None = None) -> npt.NDArray[Any]:
        nonlocal checked
        assert plane == 0
        if not checked:
            check_png(file)
            checked = True
        image.load()  # a second call is free
        part: Image.Image = image
        if rows is not None:
            first, stop, _ = rows.indices(image.height)
            part = image.crop((0, first, image.width, max(first, stop)))
        return np.array(part if part.mode == mode else part.convert(mode), dtype)

    return header, read


def _refuse_16_bit_color(file: OpenFile) -> None:
    """Pillow reads 16-bit color as 8-bit without a word."""
    start = file.stream.read(26)
    file.stream.seek(0)
    gray = 0
    if start.startswith(_PNG) and len(start) == 26 and start[24] == 16 and start[25] != gray:
        raise InputError(
            about(file.path, "a color PNG of 16 bits per channel; save it as TIFF instead.")
        )


def _palette(image: Image.Image) -> tuple[tuple[int, ...], ...] | None:
    flat = image.getpalette() or []
    colors = [tuple(flat[start : start + 3]) for start in range(0, len(flat), 3)]
    transparent = image.info.get("transparency")
    if transparent is None:
        return tuple(colors) or None
    if isinstance(transparent, int):
        transparent = bytes(0 if index == transparent else 255 for index in range(len(colors)))
    alphas = transparent.ljust(len(colors), b"\xff")
    return tuple((*color, alpha) for color, alpha in zip(colors, alphas, strict=False)) or None


def _notes(file: OpenFile, image: Image.Image) -> tuple[str, ...]:
    with suppress(Exception):  # what a camera says may be damaged, and the pixels are none of it
        if image.getexif().get(_ORIENTATION, 1) not in (0, 1):
            return (about(file.path, TURNED),)
    return ()
