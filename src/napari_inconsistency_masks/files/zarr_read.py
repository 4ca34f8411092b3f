"""Reading Zarr arrays and OME-Zarr images (NGFF 0.4 and 0.5), with the extra ``zarr``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .calibration import calibrate
from .guard import refusing
from .header import ImageHeader, Planes, leading_axes, only_rows
from .json_files import read_json
from .names import about

_METADATA = ("zarr.json", ".zattrs", ".zarray", ".zgroup")
_SAFE_CODECS = {"blosc", "bytes", "bz2", "crc32c", "delta", "gzip", "lz4", "lzma"}
_SAFE_CODECS |= {"sharding_indexed", "shuffle", "transpose", "zlib", "zstd"}
"""Others are refused; one of them (pickle) runs code."""


@dataclass(frozen=True)
class OpenFolder:
    """A Zarr image being read; its chunks are files that nobody keeps open.

    Attributes
    ----------
    path
        For messages.
    """

    path: Path

    def close(self) -> None:
        """Nothing is open."""

    def check_unchanged(self) -> None:
        """Chunks are not watched; `zarr_size` tells of a folder whether it changed."""


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr array or group."""
    return any((path / name).is_file() for name in _METADATA)


def zarr_images(path: Path) -> Iterator[Path]:
    """The images in a Zarr folder: itself, or those of the wells of a plate, in order."""
    if not is_zarr(path):
        return
    if _is_array(path) or "multiscales" in _attributes(path):
        yield path
        return
    for inside in sorted(path.iterdir()):
        if inside.is_dir() and inside.name not in ("labels", "OME"):
            yield from zarr_images(inside)


def zarr_size(path: Path) -> tuple[int, int]:
    """Bytes of all files in a folder, and the latest modification time in ns."""
    facts = [file.stat() for file in path.rglob("*") if file.is_file()]
    return sum(f.st_size for f in facts), max((f.st_mtime_ns for f in facts), default=0)


def open_zarr(path: Path) -> tuple[OpenFolder, ImageHeader, Planes]:
    """Open a Zarr array, or the full resolution of an OME-Zarr image.

    Raises
    ------
    InputError
        If it is none, the extra is missing, or its codecs are not known to be harmless.
    """
    with refusing(path):
        scales, place = _multiscales(path), _place_of_array(path)
        _check_codecs(place)
        array = _open_array(place)
        dtype = np.dtype(array.dtype)
        if dtype.kind not in "buif":
            raise InputError(about(path, f"{dtype} pixels are no gray values."))
        axes = _axes(scales, array.ndim, path)
        header = _header(scales, axes, tuple(array.shape), dtype, path)
        return OpenFolder(path), header, _planes(array, axes, header)


def lacking_chunks(path: Path) -> tuple[str, ...]:
    """A note, if chunks of an image are not there; all names of its chunks are looked at.

    Programs leave out chunks that hold nothing but the value for empty pixels, and a copy that was
    cut short looks the same.

    Raises
    ------
    InputError
        As `open_zarr`.
    """
    with refusing(path):
        array = _open_array(_place_of_array(path))
        count, there = array.nchunks, array.nchunks_initialized
        if there >= count:
            return ()
        text = (
            f"{count - there:,} of its {count:,} chunks are not there, and are read as "
            f"{array.fill_value}; if it was copied, compare it with the original."
        )
        return (about(path, text),)


def _place_of_array(path: Path) -> Path:
    """The folder of the array of full resolution."""
    scales = _multiscales(path)
    place = path / str(scales["datasets"][0]["path"]) if scales else path
    if not place.resolve().is_relative_to(path.resolve()) or not _is_array(place):
        raise InputError(
            about(path, "a folder, no regular file; and no Zarr array or OME-Zarr image.")
        )
    return place


def _open_array(place: Path) -> Any:
    try:
        import zarr
    except ImportError as error:
        text = 'Zarr needs another package: pip install "napari-inconsistency-masks[zarr]".'
        raise InputError(about(place, text)) from error
    return zarr.open_array(str(place), mode="r")


def _is_array(path: Path) -> bool:
    if (path / ".zarray").is_file():
        return True
    listing = path / "zarr.json"
    return listing.is_file() and read_json(listing).get("node_type") == "array"


def _attributes(path: Path) -> Mapping[str, Any]:
    """Attributes of version 2 or 3; those of NGFF 0.5 lie one level deeper."""
    if (path / "zarr.json").is_file():
        found = read_json(path / "zarr.json").get("attributes", {})
        return dict(found.get("ome", found))
    return dict(read_json(path / ".zattrs")) if (path / ".zattrs").is_file() else {}


def _multiscales(path: Path) -> Mapping[str, Any] | None:
    scales = _attributes(path).get("multiscales")
    return dict(scales[0]) if scales else None


def _check_codecs(place: Path) -> None:
    if (place / "zarr.json").is_file():
        codecs = list(_names(read_json(place / "zarr.json").get("codecs", []), "name"))
    else:
        settings = read_json(place / ".zarray")
        codecs = list(_names([settings.get("compressor"), settings.get("filters")], "id"))
    unknown = sorted({name.removeprefix("numcodecs.") for name in codecs} - _SAFE_CODECS)
    if unknown:
        raise InputError(about(place, f"its compression {unknown[0]!r} is not supported."))


def _names(value: Any, key: str) -> Iterator[str]:
    """The names of all codecs in nested metadata."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item, key)
    elif isinstance(value, dict):
        if key in value:
            yield str(value[key])
        yield from _names(list(value.values()), key)


def _axes(scales: Mapping[str, Any] | None, count: int, path: Path) -> str:
    """A letter per axis; unknown ones where nothing says what they are."""
    if scales is None:
        letters = list("QRUVWYX"[-count:])
    else:
        named = scales.get("axes") or list("tczyx")
        letters = [str(axis["name"] if isinstance(axis, dict) else axis).upper() for axis in named]
        letters = letters if scales.get("axes") else letters[-count:]
    axes = "".join(letters)
    if len(letters) != count or len(axes) != count or not {*"YX"} <= {*axes}:
        raise InputError(about(path, f"axes {letters} do not fit its {count} dimensions."))
    return axes


def _header(
    scales: Mapping[str, Any] | None,
    axes: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    path: Path,
) -> ImageHeader:
    """The header in the order T, Z, C, Y, X, without axes of length 1."""
    kept = [axis for axis in _ordered(axes) if axis in "YX" or shape[axes.index(axis)] > 1]
    sizes, units = _calibration(scales, axes)
    interval = sizes.get("T") if units.get("T") else None
    known = calibrate(sizes, units, interval, units.get("T"))
    calibrated = known.unit is not None
    notes = tuple(about(path, note) for note in known.notes)
    if scales is None and len(shape) > 2:
        notes = (about(path, "does not say what its axes are; correct them."),)
    return ImageHeader(
        shape=tuple(shape[axes.index(axis)] for axis in kept),
        axes="".join(kept),
        dtype=dtype.newbyteorder("="),
        pixel_size=known.pixel_size if calibrated else None,
        unit=known.unit,
        frame_interval=known.frame_interval,
        slice_spacing=known.slice_spacing if calibrated else None,
        notes=notes,
    )


def _ordered(axes: str) -> str:
    known = "".join(axis for axis in "TZCYX" if axis in axes)
    return "".join(axis for axis in axes if axis not in "TZCYX") + known


def _calibration(
    scales: Mapping[str, Any] | None, axes: str
) -> tuple[dict[str, float], dict[str, str]]:
    if scales is None:
        return {}, {}
    sizes = [1.0] * len(axes)
    steps = [scales["datasets"][0], scales]
    for step in (step for each in steps for step in each.get("coordinateTransformations", [])):
        if step.get("type") == "scale" and len(step["scale"]) == len(axes):
            sizes = [
                size * float(factor) for size, factor in zip(sizes, step["scale"], strict=True)
            ]
    named = [axis for axis in scales.get("axes", []) if isinstance(axis, dict)]
    units = {str(axis["name"]).upper(): str(axis["unit"]) for axis in named if "unit" in axis}
    usable = {a: s for a, s in zip(axes, sizes, strict=True) if math.isfinite(s) and s > 0}
    return usable, units


def _planes(array: Any, axes: str, header: ImageHeader) -> Planes:
    lead = leading_axes(header.axes)
    shape = header.shape[: len(lead)]
    kept = [axis for axis in axes if axis in header.axes[len(lead) :]]
    order = [kept.index(axis) for axis in header.axes[len(lead) :]]

    def read(plane: int, rows: slice | None = None) -> npt.NDArray[Any]:
        where: dict[str, Any] = dict.fromkeys(axes, 0)
        where |= dict(zip(lead, map(int, np.unravel_index(plane, shape)), strict=True))
        where |= {"Y": slice(None) if rows is None else rows, "X": slice(None)}
        pixels = np.asarray(array[tuple(where[axis] for axis in axes)]).transpose(order)
        return only_rows(pixels.astype(header.dtype, copy=False), header.axes, None)

    return read
