"""Pixel size, unit, frame interval and slice spacing of a TIFF file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import tifffile

_MICROMETER = {"um", "µm", "μm", "\\u00b5m", "\\u03bcm", "micron", "microns", "micrometer"}
_SECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
_SECONDS |= {"millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_SECONDS |= {"d": 86400.0, "ns": 1e-9, "nanosecond": 1e-9, "microsecond": 1e-6}
_SECONDS |= dict.fromkeys(("us", "\u00b5s", "\u03bcs"), 1e-6)
_CENTIMETER = 3


@dataclass(frozen=True)
class Calibration:
    """Physical sizes; see `ImageHeader` for the fields."""

    pixel_size: tuple[float, float] | None = None
    unit: str | None = None
    frame_interval: float | None = None
    slice_spacing: float | None = None


def read_calibration(tiff: tifffile.TiffFile) -> Calibration:
    """What ImageJ, OME or the plain resolution tags say.

    Dots per inch are a printing size that cameras and editors fill in at random; they are ignored.
    """
    if tiff.is_ome and tiff.ome_metadata:
        return from_ome(tiff.ome_metadata)
    per_x, per_y = _ratio(tiff, "XResolution"), _ratio(tiff, "YResolution")
    if tiff.is_imagej:
        return _from_imagej(tiff.imagej_metadata or {}, per_x, per_y)
    if tiff.pages.first.resolutionunit == _CENTIMETER and per_x and per_y:
        return Calibration((10_000 / per_y, 10_000 / per_x), "µm")
    return Calibration()


def from_ome(xml: str) -> Calibration:
    """Calibration of the first image of an OME-XML text."""
    try:
        root = ET.fromstring(xml)  # noqa: S314  expat itself stops entity bombs
        pixels = next(item for item in root.iter() if item.tag.endswith("}Pixels"))
    except (ET.ParseError, StopIteration):
        return Calibration()
    x, y, z = (_positive(pixels.get(f"PhysicalSize{axis}")) for axis in "XYZ")
    interval = _positive(pixels.get("TimeIncrement"))
    interval = seconds(interval, pixels.get("TimeIncrementUnit", "s"))
    if x is None or y is None:
        return Calibration(frame_interval=interval)
    return Calibration((y, x), spell_unit(pixels.get("PhysicalSizeXUnit", "µm")), interval, z)


def seconds(interval: float | None, unit: str | None) -> float | None:
    """A time in seconds; None if it or its unit is not known."""
    factor = _SECONDS.get(unit or "s")
    return None if interval is None or factor is None else interval * factor


def spell_unit(unit: str | None) -> str | None:
    """One spelling for micrometers; None for pixels and for no unit."""
    unit = (unit or "").strip().strip("\0")
    if unit.lower() in _MICROMETER:
        return "µm"
    return None if unit.lower() in ("", "pixel", "pixels", "px", "none", "null") else unit


def _from_imagej(
    metadata: Mapping[str, Any], per_x: float | None, per_y: float | None
) -> Calibration:
    interval = _positive(metadata.get("finterval"))
    unit = spell_unit(str(metadata.get("unit", "")))
    if unit is None or not per_x or not per_y:
        return Calibration(frame_interval=interval)
    return Calibration((1 / per_y, 1 / per_x), unit, interval, _positive(metadata.get("spacing")))


def _ratio(tiff: tifffile.TiffFile, name: str) -> float | None:
    value = tiff.pages.first.tags.valueof(name)
    try:
        return _positive(value[0] / value[1])
    except (TypeError, IndexError, ZeroDivisionError):
        return None


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None
