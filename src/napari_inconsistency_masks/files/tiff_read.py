"""Reading TIFF files plane by plane: axes, calibration, and everything that is refused.

Classic TIFF, BigTIFF, ImageJ hyperstacks and OME-TIFF, through tifffile.
"""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import numpy as np
import tifffile

from ..errors import InputError
from .calibration import read_calibration
from .guard import OpenFile, check_memory, refusing
from .header import ImageHeader, Planes, leading_axes, only_rows
from .names import about
from .tiff_axes import named_axes
from .tiff_chain import Page, differing, walk_pages
from .tiff_colors import told
from .tiff_data import check_page
from .tiff_planes import contiguous_planes, paged_planes

_PALETTE = 3


def open_tiff(file: OpenFile, *, palette: bool = False) -> tuple[ImageHeader, Planes]:
    """Check a TIFF file and prepare to read it plane by plane.

    Parameters
    ----------
    file
        Must stay open while planes are read.
    palette
        Whether the header is to have the colors of a palette; planes are of indices in any case.

    Raises
    ------
    InputError
        If the file is no TIFF, damaged, cut short, or holds pages of different sizes or types.
    """
    with refusing(file.path):
        pages = walk_pages(file)
        file.stream.seek(0)
        tiff = tifffile.TiffFile(file.stream, name=file.path.name, _multifile=False)
        tiff, notes = _without_false_ome(file, tiff, pages)
        calibration = read_calibration(tiff)
        notes += [about(file.path, note) for note in calibration.notes]
        series = _only_series(file, tiff, pages, notes)
        axes, shape, remarks = named_axes(file, series)
        notes += told(file, series.keyframe)
        header = ImageHeader(
            shape=shape,
            axes=axes,
            dtype=np.dtype(series.dtype).newbyteorder("="),
            pixel_size=calibration.pixel_size,
            unit=calibration.unit,
            frame_interval=calibration.frame_interval,
            slice_spacing=calibration.slice_spacing,
            notes=(*notes, *remarks),
            palette=_palette(tiff.pages.first) if palette else None,
        )
        return header, _planes(file, tiff, series, header)


def _palette(page: tifffile.TiffPage | tifffile.TiffFrame) -> tuple[tuple[int, ...], ...] | None:
    first = page.keyframe
    colors = None if first is None else first.colormap  # (3, entries), of 16 bits
    if first is None or colors is None or first.photometric != _PALETTE or len(colors[0]) > 256:
        return None
    return tuple(map(tuple, (colors.T >> 8).tolist()))


def _without_false_ome(
    file: OpenFile, tiff: tifffile.TiffFile, pages: list[Page]
) -> tuple[tifffile.TiffFile, list[str]]:
    """The file opened without its OME description if that describes another one.

    tifffile believes the description, and would build an image of whatever size it claims.
    """
    if not tiff.is_ome or _ome_fits(tiff, pages):
        return tiff, []
    file.stream.seek(0)
    tiff = tifffile.TiffFile(file.stream, name=file.path.name, _multifile=False, is_ome=False)
    note = "its OME description does not fit its pages, which were read in their order instead."
    return tiff, [about(file.path, note)]


def _ome_fits(tiff: tifffile.TiffFile, pages: list[Page]) -> bool:
    try:
        # Entity bombs are stopped by expat itself.
        root = ET.fromstring(tiff.ome_metadata or "")  # noqa: S314
        images = [item for item in root.iter() if item.tag.endswith("}Pixels")]
        planes = sum(_ome_planes(image) for image in images)
        sizes = [(int(image.attrib["SizeY"]), int(image.attrib["SizeX"])) for image in images]
    except (ET.ParseError, KeyError, ValueError):
        return False
    return sizes[:1] == [(pages[0].rows, pages[0].columns)] and planes == len(pages)


def _ome_planes(pixels: ET.Element) -> int:
    samples = next(
        (int(i.get("SamplesPerPixel", 1)) for i in pixels if i.tag.endswith("}Channel")), 1
    )
    return math.prod(int(pixels.attrib[f"Size{axis}"]) for axis in "ZCT") // samples


def _only_series(
    file: OpenFile, tiff: tifffile.TiffFile, pages: list[Page], notes: list[str]
) -> tifffile.TiffPageSeries:
    """The first image of the file; others are noted if the file says what they are.

    Pages of one size that are stored in different ways would be images of their own, and all but
    the first few of a stack be lost.
    """
    odd = differing(pages)
    if odd and not tiff.is_ome:
        raise InputError(about(file.path, f"its pages differ ({odd[0]}, {odd[1]}); split it."))
    check_page(file, tiff.pages.first)
    series = tiff.series[0]
    announced = (tiff.imagej_metadata or {}).get("images", 1) if tiff.is_imagej else 1
    planes = math.prod(series.shape) // tiff.pages.first.size
    if planes < announced:
        raise InputError(
            about(file.path, f"cut short: announces {announced} planes and holds {planes}.")
        )
    if len(tiff.series) > 1 and not tiff.is_ome:
        text = (
            f"its {len(pages)} pages have one size and are stored in {len(tiff.series)} different "
            f"ways (compression or type of pixels, or as images of their own), so that it is no "
            f"stack; save it anew as one stack, or split it."
        )
        raise InputError(about(file.path, text))
    if len(tiff.series) > 1:
        text = f"holds {len(tiff.series)} images, of which the first was read."
        notes.append(about(file.path, text))
    return series


def _planes(
    file: OpenFile,
    tiff: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    header: ImageHeader,
) -> Planes:
    """The quickest way to a plane: straight from the file, page by page, or all at once."""
    lead = len(leading_axes(header.axes))
    shape, count = header.shape[lead:], math.prod(header.shape[:lead])
    offset = series.dataoffset
    if offset is not None:
        return contiguous_planes(file, offset, tiff.byteorder, header)
    if len(series.pages) == count and math.prod(series.keyframe.shape) == math.prod(shape):
        return paged_planes(file, series, header)
    return _all_at_once(file, series, header, (count, *shape))


def _all_at_once(
    file: OpenFile,
    series: tifffile.TiffPageSeries,
    header: ImageHeader,
    shape: tuple[int, ...],
) -> Planes:
    """For the rare layouts where a page is no plane (volumes, several channels per tile)."""
    check_memory(header.nbytes, file.path)
    for page in series.pages:
        if page is None:
            raise InputError(about(file.path, "one of its planes is missing."))
        check_page(file, page)
    pixels = series.asarray().reshape(shape)
    return lambda plane, rows=None: only_rows(pixels[plane], header.axes, rows)
