"""Writing TIFF files that ImageJ, QuPath and napari open with their axes and pixel size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from ..errors import InputError
from .atomic import write_atomically
from .images import open_stack
from .names import about

IMAGEJ_ORDER = "TZCYXS"
_IMAGEJ_TYPES = ("uint8", "uint16", "float32")
CLASSIC_LIMIT = 3_900_000_000


def write_tiff(
    path: str | os.PathLike[str],
    array: npt.NDArray[Any],
    axes: str,
    *,
    pixel_size: tuple[float, float] | None = None,
    unit: str | None = None,
    frame_interval: float | None = None,
    slice_spacing: float | None = None,
    compress: bool = True,
) -> None:
    """Write an image or stack atomically, and read it back before it replaces an older file.

    The file is an ImageJ hyperstack where ImageJ knows the type (uint8, uint16, float32, below
    3.9 GB), otherwise an OME-TIFF. Integers are stored as uint16 if they fit, else in at most 32
    bits; bool is stored as 0 and 255.

    Parameters
    ----------
    path
        Where to; an existing file is replaced.
    array
        Any real type but float of more than 64 bits.
    axes
        One letter per axis, of T, Z, C, Y, X and S (red, green, blue). They are stored in that
        order; an axis with any other letter is stored as the first free one of T and Z.
    pixel_size, unit, frame_interval, slice_spacing
        As in `ImageHeader`.
    compress
        Whether to compress without loss (deflate, which everything can read).

    Raises
    ------
    InputError
        If axes and array do not fit together, or the type cannot be stored.
    WriteError
        If the operating system refuses; see `write_atomically`.
    """
    target = Path(path)
    stored, axes = _in_imagej_order(target, _storable(target, array), axes)
    calibration: dict[str, Any] = {
        "pixel_size": pixel_size,
        "unit": unit,
        "frame_interval": frame_interval,
        "slice_spacing": slice_spacing,
    }
    samples = stored.shape[-1] if "S" in axes else 0
    imagej = (
        stored.dtype.name in _IMAGEJ_TYPES
        and stored.nbytes < CLASSIC_LIMIT
        and (not samples or (samples == 3 and stored.dtype == np.uint8))
        and stored.shape[axes.index("X")] > 1  # tifffile takes a width of 1 for samples
    )
    options = (imagej_options if imagej else ome_options)(axes, **calibration)

    def write(temporary: Path) -> None:
        tifffile.imwrite(
            temporary,
            stored,
            photometric="rgb" if samples in (3, 4) else "minisblack",
            compression="zlib" if compress else None,
            bigtiff=not imagej and stored.nbytes >= CLASSIC_LIMIT,
            **options,
        )

    write_atomically(target, write, lambda temporary: _check(temporary, target, stored, axes))


def _storable(path: Path, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array in a type that TIFF readers know, without loss."""
    if array.size == 0:
        raise InputError(about(path, f"nothing to write: the shape is {array.shape}."))
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    native = array.dtype.newbyteorder("=")
    if native.kind not in "iuf" or native.itemsize > 8:
        raise InputError(about(path, f"{array.dtype} pixels cannot be stored as TIFF."))
    if native == np.uint8 or native.kind == "f":
        return array.astype(native, copy=False)
    low, high = int(array.min()), int(array.max())
    for dtype in (np.dtype(np.uint16), native, np.dtype(np.int32), np.dtype(np.uint32)):
        limits = np.iinfo(dtype)
        if limits.min <= low and high <= limits.max and dtype.itemsize <= 4:
            return array.astype(dtype, copy=False)
    raise InputError(about(path, f"numbers from {low} to {high} do not fit into 32 bits."))


def _in_imagej_order(
    path: Path, array: npt.NDArray[Any], axes: str
) -> tuple[npt.NDArray[Any], str]:
    """The array with its axes in ImageJ's order, without axes of length 1, and their letters."""
    for unknown in [axis for axis in axes if axis not in IMAGEJ_ORDER]:
        free = [axis for axis in "TZ" if axis not in axes]
        axes = axes.replace(unknown, free[0]) if free else axes
    if len(axes) != array.ndim or len(set(axes)) != len(axes) or not {*"YX"} <= {*axes}:
        raise InputError(about(path, f"axes {axes!r} do not fit an image of shape {array.shape}."))
    if not {*axes} <= {*IMAGEJ_ORDER}:
        raise InputError(about(path, f"axes {axes!r}: only T, Z, C, Y, X and S can be stored."))
    array = array.transpose([axes.index(axis) for axis in IMAGEJ_ORDER if axis in axes])
    axes = "".join(axis for axis in IMAGEJ_ORDER if axis in axes)
    kept = [i for i, axis in enumerate(axes) if axis in "YX" or array.shape[i] > 1]
    array = np.ascontiguousarray(array.reshape([array.shape[i] for i in kept]))
    return array, "".join(axes[i] for i in kept)


def imagej_options(
    axes: str,
    pixel_size: tuple[float, float] | None,
    unit: str | None,
    frame_interval: float | None,
    slice_spacing: float | None,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": axes, "finterval": frame_interval}
    options: dict[str, Any] = {"imagej": True}
    if pixel_size is not None:
        spelled = "um" if unit == "µm" else unit or "pixel"
        metadata["unit"] = spelled.encode("unicode_escape").decode("ascii")  # as ImageJ does
        metadata["spacing"] = slice_spacing
        options["resolution"] = (1 / pixel_size[1], 1 / pixel_size[0])
    options["metadata"] = {key: value for key, value in metadata.items() if value is not None}
    return options


def ome_options(
    axes: str,
    pixel_size: tuple[float, float] | None,
    unit: str | None,
    frame_interval: float | None,
    slice_spacing: float | None,
) -> dict[str, Any]:
    y, x = pixel_size or (None, None)
    sizes = {"Y": y, "X": x, "Z": slice_spacing if pixel_size else None}
    metadata: dict[str, Any] = {"axes": axes}
    for axis, size in sizes.items():
        if size is not None:
            metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": unit or "pixel"}
    if frame_interval is not None:
        metadata |= {"TimeIncrement": frame_interval, "TimeIncrementUnit": "s"}
    return {"ome": True, "metadata": metadata}


def _check(temporary: Path, target: Path, stored: npt.NDArray[Any], axes: str) -> None:
    """Read the file back, frame by frame, and compare every pixel."""
    with open_stack(temporary) as stack:
        header = stack.header
        same = (header.axes, header.shape, header.dtype) == (axes, stored.shape, stored.dtype)
        if same:
            frames = stored.reshape(header.frame_count, *stored.shape[len(header.stack_axes) :])
            same = all(
                np.array_equal(read, frame, equal_nan=stored.dtype.kind == "f")
                for read, frame in zip(stack, frames, strict=True)
            )
    if not same:
        raise InputError(about(target, "not written: reading it back gave something else."))
