"""Physical sizes of images, each axis with a unit of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_inconsistency_masks.files.images import read_header

FRAMES = np.zeros((3, 16, 16), np.uint8)


@pytest.mark.parametrize(
    ("unit", "seconds"),
    [
        (None, 2.0),
        ("sec", 2.0),
        ("seconds", 2.0),
        ("ms", 0.002),
        ("\\u00B5s", 2e-6),
        ("min", 120.0),
        ("minutes", 120.0),
        ("h", 7200.0),
        ("Hours", 7200.0),
        ("days", 172_800.0),
        ("moons", None),
    ],
)
def test_time_between_frames_has_the_unit_of_imagej(
    tmp_path: Path, unit: str | None, seconds: float | None
) -> None:
    metadata: dict[str, Any] = {"axes": "TYX", "finterval": 2.0}
    metadata |= {} if unit is None else {"tunit": unit}
    tifffile.imwrite(tmp_path / "a.tif", FRAMES, imagej=True, metadata=metadata)
    header = read_header(tmp_path / "a.tif")
    assert header.frame_interval == pytest.approx(seconds)
    assert [("moons" in note) for note in header.notes] == [True] * (seconds is None)


def ome(path: Path, **units: str) -> Path:
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 500.0, "PhysicalSizeZ": 0.002}
    given = {f"PhysicalSize{axis}Unit": unit for axis, unit in units.items()}
    tifffile.imwrite(path, FRAMES, ome=True, metadata={"axes": "ZYX", **sizes, **given})
    return path


def imagej(path: Path, **units: str) -> Path:
    metadata = {"axes": "ZYX", "spacing": 0.002, "unit": units["X"]}
    metadata |= {"yunit": units["Y"], "zunit": units["Z"]}
    tifffile.imwrite(path, FRAMES, imagej=True, metadata=metadata, resolution=(2.0, 0.002))
    return path


def zarr_image(path: Path, **units: str) -> Path:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    group.create_array("0", shape=FRAMES.shape, dtype="uint8", chunks=FRAMES.shape)
    axes = [{"name": axis.lower(), "type": "space", "unit": units[axis]} for axis in "ZYX"]
    scale = [{"type": "scale", "scale": [0.002, 500.0, 0.5]}]
    scales = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    group.attrs["multiscales"] = [scales]
    return path


@pytest.mark.parametrize("write", [ome, imagej, zarr_image])
def test_each_axis_has_its_own_unit(tmp_path: Path, write: Any) -> None:
    header = read_header(write(tmp_path / "a", X="micrometers", Y="nm", Z="mm"))
    assert header.pixel_size == pytest.approx((0.5, 0.5))
    assert header.unit == "µm"
    assert header.slice_spacing == pytest.approx(2.0)
    assert header.notes == ()


@pytest.mark.parametrize("write", [ome, imagej, zarr_image])
def test_a_unit_that_cannot_be_converted_gives_no_size_and_a_note(
    tmp_path: Path, write: Any
) -> None:
    header = read_header(write(tmp_path / "a", X="um", Y="furlong", Z="um"))
    assert (header.pixel_size, header.unit, header.slice_spacing) == (None, None, None)
    assert ["Y is in furlong, and X in µm" in note for note in header.notes] == [True]
    header = read_header(write(tmp_path / "b", X="um", Y="nm", Z="furlong"))
    assert header.pixel_size == pytest.approx((0.5, 0.5))
    assert header.slice_spacing is None
    assert ["Z is in furlong, and X in µm" in note for note in header.notes] == [True]


@pytest.mark.parametrize(
    ("unit", "spelled"),
    [("nanometer", "nm"), ("Millimetres", "mm"), ("microns", "µm"), ("inches", "inch")],
)
def test_units_are_spelled_alike(tmp_path: Path, unit: str, spelled: str) -> None:
    header = read_header(imagej(tmp_path / "a", X=unit, Y=unit, Z=unit))
    assert header.unit == spelled
    assert header.pixel_size == pytest.approx((500.0, 0.5))
