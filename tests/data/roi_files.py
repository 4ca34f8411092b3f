"""ImageJ ROIs for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from roifile import ROI_TYPE, ImagejRoi, roiwrite


def area(corners: Sequence[Sequence[float]], **place: int) -> ImagejRoi:
    """A polygon with corners of x and y; its place in a stack counts from 0."""
    return ImagejRoi.frompoints(corners, **place)


def rectangle(left: int, top: int, width: int, height: int, **fields: Any) -> ImagejRoi:
    """A rectangle; its place in a stack counts from 1."""
    right, bottom = left + width, top + height
    return ImagejRoi(
        roitype=ROI_TYPE.RECT, left=left, top=top, right=right, bottom=bottom, **fields
    )


def points(found: Sequence[Sequence[float]], **place: int) -> ImagejRoi:
    """A multi-point with x and y; its place in a stack counts from 0."""
    roi = ImagejRoi.frompoints(found, **place)
    roi.roitype = ROI_TYPE.POINT
    return roi


def write_rois(path: Path, rois: Iterable[ImagejRoi]) -> Path:
    """Write a set of ROIs, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    given = list(rois)
    roiwrite(path, given, name=[f"{number:04d}" for number in range(len(given))], mode="w")
    return path
