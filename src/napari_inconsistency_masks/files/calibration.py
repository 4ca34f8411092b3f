"""Pixel size, unit, frame interval and slice spacing of a TIFF file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree as ET

import tifffile

MICROMETERS = {"Å": 1e-4, "nm": 1e-3, "µm": 1.0, "mm": 1e3, "cm": 1e4, "inch": 25_400.0, "m": 1e6}
"""Lengths by their unit, as `spell_unit` gives it."""

_LENGTHS = {"micron": "µm", "micrometer": "µm", "nanometer": "nm", "millimeter": "mm"}
_LENGTHS |= {"centimeter": "cm", "meter": "m", "angstrom": "Å", "inche": "inch", "inch": "inch"}
_SECONDS = {"ns": 1e-9, "ms": 1e-3, "s": 1.0, "h": 3600.0, "d": 86_400.0}
_SECONDS |= dict.fromkeys(("us", "\u00b5s"), 1e-6)
_SECONDS |= {"nanosecond": 1e-9, "microsecond": 1e-6, "millisecond": 1e-3, "msec": 1e-3}
_SECONDS |= {"sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0}
_SECONDS |= {"hr": 3600.0, "hour": 3600.0, "day": 86_400.0}
_CENTIMETER = 3


@dataclass(frozen=True)
class Calibration:
    """Physical sizes; see `ImageHeader` for the fields. Notes do not name the file."""

    pixel_size: tuple[float, float] | None = None
    unit: str | None = None
    frame_interval: float | None = None
    slice_spacing: float | None = None
    notes: tuple[str, ...] = ()


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
    sizes = {axis: _positive(pixels.get(f"PhysicalSize{axis}")) for axis in "YXZ"}
    units = {axis: pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in "YXZ"}
    interval = _positive(pixels.get("TimeIncrement"))
    return calibrate(sizes, units, interval, pixels.get("TimeIncrementUnit", "s"))


def calibrate(
    sizes: Mapping[str, float | None],
    units: Mapping[str, str | None],
    interval: float | None,
    time_unit: str | None,
) -> Calibration:
    """Sizes of pixels in one unit, that of X, and the time between frames in seconds.

    Parameters
    ----------
    sizes, units
        By axis, of Y, X and Z; each size in the unit of its axis. Both as the file gives them.
    interval, time_unit
        Between frames of T.

    Returns
    -------
    Calibration
        Without what cannot be converted, with a note on it.
    """
    space, seconds = _in_space(sizes, units), _seconds(interval, time_unit)
    if interval is None or seconds is not None:
        return replace(space, frame_interval=seconds)
    note = f"its unit of time ({time_unit}) is not known, so the time between frames is left out."
    return replace(space, notes=(*space.notes, note))


def _in_space(sizes: Mapping[str, float | None], units: Mapping[str, str | None]) -> Calibration:
    x, spelled = sizes.get("X"), {axis: spell_unit(units.get(axis)) for axis in "YXZ"}
    unit = spelled["X"]
    y, z = (_converted(sizes.get(axis), spelled[axis], unit) for axis in "YZ")
    if x is None or sizes.get("Y") is None:
        return Calibration()
    if y is None:
        given = f"{spelled['Y'] or 'no unit'}, and X in {unit or 'no unit'}"
        return Calibration(notes=(f"its pixel size is left out, as Y is in {given}.",))
    if z is None and sizes.get("Z") is not None:
        given = f"{spelled['Z'] or 'no unit'}, and X in {unit or 'no unit'}"
        note = f"its distance between slices is left out, as Z is in {given}."
        return Calibration((y, x), unit, notes=(note,))
    return Calibration((y, x), unit, slice_spacing=z)


def _converted(size: float | None, unit: str | None, wanted: str | None) -> float | None:
    """A length in another unit; None if it is not known, or one of the units."""
    if size is None or unit == wanted:
        return size
    factors = [MICROMETERS.get(one or "") for one in (unit, wanted)]
    return size * factors[0] / factors[1] if factors[0] and factors[1] else None


def _seconds(interval: float | None, unit: str | None) -> float | None:
    """A time in seconds; None if it or its unit is not known."""
    unit = _cleaned(unit)
    factor = _SECONDS.get(unit) or _SECONDS.get(_singular(unit))
    return None if interval is None or factor is None else interval * factor


def spell_unit(unit: str | None) -> str | None:
    """One spelling for each unit of length that is known; None for pixels and for no unit."""
    unit = _cleaned(unit)
    if unit.lower() in ("um", "\u00b5m"):
        return "µm"
    word = _singular(unit)
    return None if word in ("", "pixel", "px", "none", "null") else _LENGTHS.get(word, unit)


def _cleaned(unit: str | None) -> str:
    """Without blanks around it, and with one letter for micro, which ImageJ spells as its code."""
    unit = (unit or "").strip().strip("\0")
    return re.sub(r"\u03bc|\\u(00b5|03bc)", "\u00b5", unit, flags=re.IGNORECASE)


def _singular(unit: str) -> str:
    """A word in lower case, without the s of several, in American spelling; symbols as they are."""
    if len(unit) < 3:
        return unit
    return unit.lower().removesuffix("s").removesuffix(".").replace("metre", "meter")


def _from_imagej(
    metadata: Mapping[str, Any], per_x: float | None, per_y: float | None
) -> Calibration:
    unit = str(metadata.get("unit", ""))
    units = {axis: str(metadata.get(f"{axis.lower()}unit", unit)) for axis in "YZ"}
    sizes: dict[str, float | None] = {}
    if spell_unit(unit) is not None and per_x and per_y:
        sizes = {"Y": 1 / per_y, "X": 1 / per_x, "Z": _positive(metadata.get("spacing"))}
    interval = _positive(metadata.get("finterval"))
    return calibrate(sizes, {**units, "X": unit}, interval, str(metadata.get("tunit", "sec")))


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
