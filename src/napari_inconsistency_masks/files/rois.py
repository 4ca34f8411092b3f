"""Reading ImageJ ROIs: one in a ``.roi`` file, or a set of them in a ``.zip`` file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from ..errors import InputError
from .archive import Archive
from .guard import read_bytes, refusing
from .names import about, display_name

ROI_SUFFIXES = frozenset({".roi", ".zip"})
"""Extensions, in lower case, of the files taken for ROIs."""

MOST_BYTES = 2**27
"""Of all ROIs of a file."""

_POLYGONS = {ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED}
_NO_AREAS = {
    ROI_TYPE.LINE: "a line",
    ROI_TYPE.FREELINE: "a line",
    ROI_TYPE.POLYLINE: "a line",
    ROI_TYPE.ANGLE: "an angle",
    ROI_TYPE.NOROI: "empty",
}


class Shape(Enum):
    """What a ROI marks: areas inside of outlines, an ellipse in a box, or points."""

    OUTLINES = "outlines"
    ELLIPSE = "ellipse"
    POINTS = "points"


@dataclass(frozen=True, eq=False)
class Roi:
    """A ROI.

    Attributes
    ----------
    name
        For messages.
    shape
        What `parts` are.
    parts
        Rows and columns ``(N, 2)``: outlines, of which what is inside of an odd number belongs to
        the ROI; two opposite corners of the box of an ellipse; or points. Those of outlines and
        ellipses are counted from the corner of the first pixel, those of points from its center.
    slices
        Numbers of the plane of the stack, from 1, one for all or one per point. Channels are
        counted first, then slices, then times. Where a number is 0, `t` and `z` say it.
    t, z
        Time and slice, from 1, or 0 where that is not said either.
    """

    name: str
    shape: Shape
    parts: tuple[npt.NDArray[np.float64], ...]
    slices: npt.NDArray[np.int64]
    t: int = 0
    z: int = 0


def is_roi_file(path: Path) -> bool:
    """Whether a file is taken for ROIs, by its name."""
    return path.suffix.lower() in ROI_SUFFIXES


def read_rois(path: Path) -> tuple[Roi, ...]:
    """The ROIs in a file, in their order; none of a ZIP file without any file in it.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged or holds anything else, or one of its ROIs is
        neither an area nor points. Also rounded rectangles, and areas that are bounded by curves,
        are refused.
    """
    rois = []
    for name, data in _entries(path):
        with refusing(path):
            if not data.startswith(b"Iout"):
                raise InputError(about(path, f"{name} is no ImageJ ROI, or is damaged."))
            rois.append(_Reading(path, name, ImagejRoi.frombytes(data)).roi())
    return tuple(rois)


def _entries(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names of ROIs and their bytes."""
    if path.suffix.lower() == ".roi":
        yield display_name(path, 1), read_bytes(path, MOST_BYTES)
        return
    total = 0
    with Archive(path) as archive:
        names = [name for name in archive.names if not _is_left_out(name)]
        for name in names:
            shown = display_name(PurePosixPath(name), 1)
            if not name.lower().endswith(".roi"):
                text = f"holds {shown}, which is no ImageJ ROI; save ROIs with the ROI Manager."
                raise InputError(about(path, text))
            total += archive.size(name)
            if total > MOST_BYTES:
                text = f"holds more than {MOST_BYTES >> 20} MB of ROIs; leave out what is none."
                raise InputError(about(path, text))
            yield shown, archive.read(name)


def _is_left_out(name: str) -> bool:
    """Whether a file was added by macOS, which puts some into every ZIP file."""
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or parts[-1].startswith(".")


@dataclass(frozen=True)
class _Reading:
    """A ROI being read."""

    path: Path
    name: str
    given: ImagejRoi

    def roi(self) -> Roi:
        shape, parts = self._shape()
        for part in parts:
            if not np.isfinite(part).all():
                raise self._refusal("has coordinates that are no numbers; draw it anew.")
        given = self.given
        t, z = max(0, given.t_position), max(0, given.z_position)
        slices = np.array([0 if t or z else max(0, given.position)], np.int64)
        if shape is Shape.POINTS and given.counter_positions is not None:
            each = np.asarray(given.counter_positions, np.int64)
            slices = np.where(each > 0, each, slices)
        return Roi(self.name, shape, parts, slices, t, z)

    def _shape(self) -> tuple[Shape, tuple[npt.NDArray[np.float64], ...]]:
        given, kind = self.given, self.given.roitype
        if given.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE):
            raise self._no_area("text" if given.subtype == ROI_SUBTYPE.TEXT else "an image")
        if kind in _NO_AREAS:
            raise self._no_area(_NO_AREAS[kind])
        if given.shape_roi_size != 0:
            return Shape.OUTLINES, self._composite()
        if kind == ROI_TYPE.POINT:
            return Shape.POINTS, (self._coordinates(at_least=1),)
        if kind in _POLYGONS:
            if given.options & ROI_OPTIONS.SPLINE_FIT:
                raise self._curved("Edit > Selection > Interpolate")
            return Shape.OUTLINES, (self._coordinates(at_least=3),)
        if kind not in (ROI_TYPE.RECT, ROI_TYPE.OVAL):
            raise self._no_area("of an unknown type")
        top, left, bottom, right = box = self._box()
        if kind == ROI_TYPE.OVAL:
            return Shape.ELLIPSE, (np.array(box, np.float64).reshape(2, 2),)
        if given.rounded_rect_arc_size:
            raise self._curved("Edit > Selection > Interpolate")
        corners = [(top, left), (top, right), (bottom, right), (bottom, left)]
        return Shape.OUTLINES, (np.array(corners, np.float64),)

    def _box(self) -> tuple[float, float, float, float]:
        given = self.given
        if given.subpixelrect:
            return given.yd, given.xd, given.yd + given.heightd, given.xd + given.widthd
        return given.top, given.left, given.bottom, given.right

    def _coordinates(self, at_least: int) -> npt.NDArray[np.float64]:
        found = _rows_and_columns(self.given.coordinates())
        if len(found) < at_least:
            raise self._refusal(f"has {len(found)} points, so its file is damaged; draw it anew.")
        return found

    def _composite(self) -> tuple[npt.NDArray[np.float64], ...]:
        if self.given.multi_coordinates is None:
            raise self._refusal("is a damaged combination of areas; draw it anew.")
        try:
            outlines = self.given.coordinates(multi=True)
        except NotImplementedError:
            raise self._curved("Edit > Selection > Create Mask and Create Selection") from None
        return tuple(_rows_and_columns(outline) for outline in outlines)

    def _no_area(self, what: str) -> InputError:
        return self._refusal(f"is {what}, which marks no area; remove it, or draw an area.")

    def _curved(self, command: str) -> InputError:
        return self._refusal(f"has curves; make a polygon of it in ImageJ ({command}).")

    def _refusal(self, reason: str) -> InputError:
        return InputError(about(self.path, f"the ROI {self.name} {reason}"))


def _rows_and_columns(coordinates: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Points ``(N, 2)`` from such of x and y."""
    return np.asarray(coordinates, np.float64).reshape(-1, 2)[:, ::-1]
