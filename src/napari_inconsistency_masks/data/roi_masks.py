"""ImageJ ROIs as masks of the frames of their image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..cells import position_markers
from ..cells.markers import EIGHT_NEIGHBORS
from ..errors import InputError
from ..files.header import ImageHeader
from ..files.images import StackFile, open_stack, read_header
from ..files.names import about
from ..files.rois import Roi, Shape, is_roi_file, read_rois
from .filling import Filled, fill_ellipse, fill_outlines
from .masks import apart

_STACK_AXES = "TZ"

_HALF = 0.5
"""Of a pixel. Old versions of ImageJ count points from corners of pixels, so that what lies midway
belongs to the pixel before, and the far rim to the image."""


class RoiMasks:
    """The ROIs of an image, drawn as a mask when a frame is asked for.

    Item ``i`` is bool ``(Y, X)``. A pixel belongs to an area if its center lies inside. Areas that
    touch are set apart, of those that overlap the later one is in front, and what lies outside of
    the image is cut off. Each point becomes a marker as `position_markers` draws it.

    Parameters
    ----------
    path
        The file of the ROIs.
    image, header
        The file of the image, for messages, and its header.
    objects
        Whether areas are objects; else they say where something is, and touching ones are one.

    Attributes
    ----------
    header : ImageHeader
        Of the masks: the frames of the image.

    Raises
    ------
    InputError
        As `read_rois`, and for a ROI that lies outside of the image or of its stack, or says of no
        frame of a stack that it lies there.
    """

    def __init__(
        self, path: Path, image: Path, header: ImageHeader, *, objects: bool = True
    ) -> None:
        self.header = ImageHeader(
            shape=(*header.stack_shape, *header.size_yx),
            axes=header.stack_axes + "YX",
            dtype=np.dtype(np.bool_),
        )
        self._path, self._image, self._objects = path, image, objects
        self._stack = _explained(header.stack)
        self._channels = header.shape[header.axes.index("C")] if "C" in header.frame_axes else 1
        self._areas: dict[int, list[Roi]] = {}
        self._points: dict[int, list[npt.NDArray[np.float64]]] = {}
        for roi in read_rois(path):
            self._add(roi)

    def __len__(self) -> int:
        return self.header.frame_count

    def __iter__(self) -> Iterator[npt.NDArray[np.bool_]]:
        return (self[frame] for frame in range(len(self)))

    def __getitem__(self, frame: int) -> npt.NDArray[np.bool_]:
        """Draw a frame.

        Raises
        ------
        InputError
            If an area is so small that it covers no pixel.
        """
        frame = range(len(self))[frame]
        size = self.header.size_yx
        areas = self._areas.get(frame, [])
        numbers = np.zeros(size, np.int32)
        for number, roi in enumerate(areas, start=1):
            box, inside = _fill(roi, size)
            if not inside.any():
                raise self._refusal(roi, "is so small that it covers no pixel; remove it.")
            numbers[box][inside] = number
        points = self._points.get(frame, [])
        if points:
            markers = position_markers(np.concatenate(points), size)
            spots = ndimage.label(markers, EIGHT_NEIGHBORS)[0]
            numbers[markers] = spots[markers] + len(areas)
        return apart(numbers) if self._objects else numbers > 0

    def close(self) -> None:
        """Close it as other masks are; no file is open."""

    def __enter__(self) -> RoiMasks:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _add(self, roi: Roi) -> None:
        """Put an area, or each of several points, onto its frame."""
        corners = np.concatenate(roi.parts)
        if roi.shape is not Shape.POINTS:
            first, last = corners.min(axis=0), corners.max(axis=0)
            if (last <= 0).any() or (first >= self.header.size_yx).any():
                raise self._outside(roi)
            self._areas.setdefault(self._frame(roi, int(roi.slices[0])), []).append(roi)
            return
        if not ((corners >= -_HALF) & (corners <= self.header.size_yx)).all():
            raise self._outside(roi)
        pixels = np.ceil(corners - _HALF).clip(0, np.subtract(self.header.size_yx, 1))
        slices = np.broadcast_to(roi.slices, len(pixels))
        for number in np.unique(slices):
            frame = self._frame(roi, int(number))
            self._points.setdefault(frame, []).append(pixels[slices == number])

    def _frame(self, roi: Roi, number: int) -> int:
        """Where a ROI lies, by the number of its plane in ImageJ or by its time and slice."""
        if not self._stack:
            return 0
        place = self._place(roi, number)
        image = self._image.name
        if place is None:
            raise self._refusal(
                roi,
                f"has no position in the stack {image}, so it lies on every frame; set it in "
                f"ImageJ (ROI Manager > Properties).",
            )
        if any(index >= self._stack.get(axis, 1) for axis, index in place.items()):
            where = ", ".join(f"{axis} {index + 1}" for axis, index in place.items())
            raise self._refusal(
                roi, f"lies on {where}, which {image} does not have; is it of another image?"
            )
        indices = [place[axis] for axis in self._stack]
        return int(np.ravel_multi_index(indices, [*self._stack.values()]))

    def _place(self, roi: Roi, number: int) -> dict[str, int] | None:
        """Index along T and Z from 0, or None if nobody can tell."""
        if not {*self._stack} <= {*_STACK_AXES}:
            return None
        if number:
            t, z = divmod((number - 1) // self._channels, self._stack.get("Z", 1))
            return {"T": t, "Z": z}
        said = {"T": roi.t, "Z": roi.z}
        if not all(said[axis] for axis in self._stack):
            return None
        return {axis: max(0, place - 1) for axis, place in said.items()}

    def _outside(self, roi: Roi) -> InputError:
        height, width = self.header.size_yx
        return self._refusal(
            roi,
            f"lies outside of {self._image.name} ({height} x {width}, rows x columns); is it of "
            f"another image?",
        )

    def _refusal(self, roi: Roi, reason: str) -> InputError:
        return InputError(about(self._path, f"the ROI {roi.name} {reason}"))


Masks = StackFile | RoiMasks
"""Open masks of an image; item ``i`` is that of frame ``i``."""


def open_masks(path: Path, image: Path, *, objects: bool = True) -> Masks:
    """Open a mask file, a picture for its palette indices, or ROIs as masks of their image.

    Parameters
    ----------
    path
        The mask file.
    image
        The file of its image.
    objects
        Whether ROIs that are areas are objects, see `RoiMasks`.

    Raises
    ------
    InputError
        As `open_stack` and `RoiMasks`.
    """
    if is_roi_file(path):
        return RoiMasks(path, image, read_header(image), objects=objects)
    return open_stack(path, palette_indices=True)


def _explained(stack: Mapping[str, int]) -> dict[str, int]:
    """A stack with an axis that its file does not explain taken for T or Z, the first free one."""
    named: dict[str, int] = {}
    for axis, length in stack.items():
        free = [letter for letter in _STACK_AXES if letter not in {*stack, *named}]
        named[free[0] if free and axis not in _STACK_AXES else axis] = length
    return named


def _fill(roi: Roi, size: tuple[int, int]) -> Filled:
    if roi.shape is Shape.ELLIPSE:
        return fill_ellipse(roi.parts[0], size)
    return fill_outlines(roi.parts, size)
