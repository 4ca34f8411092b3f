"""Writing TIFF files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.images import read_header, read_image
from napari_inconsistency_masks.files.tiff import write_tiff

STACK = np.arange(3 * 2 * 4 * 5).reshape(3, 2, 4, 5)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int16", "uint32", "float64"])
@pytest.mark.parametrize("axes", ["TZYX", "TCYX", "ZCYX"])
def test_round_trip(tmp_path: Path, dtype: str, axes: str, compress: bool) -> None:
    array = STACK.astype(dtype)
    if dtype in ("int16", "uint32"):
        array.flat[0] = np.iinfo(dtype).min or np.iinfo(dtype).max
    write_tiff(
        tmp_path / "a.tif",
        array,
        axes,
        pixel_size=(0.65, 0.325),
        unit="µm",
        frame_interval=2.5 if "T" in axes else None,
        slice_spacing=3.0 if "Z" in axes else None,
        compress=compress,
    )
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array, array)
    assert (image.dtype.name, image.axes) == (dtype, axes)
    assert image.pixel_size == pytest.approx((0.65, 0.325))
    assert image.unit == "µm"
    assert image.frame_interval == (2.5 if "T" in axes else None)
    assert image.slice_spacing == (3.0 if "Z" in axes else None)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.is_imagej == (dtype in ("uint8", "uint16", "float32"))


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_axes_and_type(tmp_path: Path, data: st.DataObject) -> None:
    lead = data.draw(st.permutations("TZC"))[: data.draw(st.integers(0, 3))]
    axes = "".join([*lead, *data.draw(st.permutations("YX"))])
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16, np.float32, np.int32, np.bool_, ">u2"]))
    shape = data.draw(hnp.array_shapes(min_dims=len(axes), max_dims=len(axes), max_side=4))
    array = data.draw(hnp.arrays(dtype, shape))
    write_tiff(tmp_path / "a.tif", array, axes)
    image = read_image(tmp_path / "a.tif")
    kept = [axis for axis in "TZCYX" if axis in axes]
    expected = array.transpose([axes.index(axis) for axis in kept])
    kept = [a for a, n in zip(kept, expected.shape, strict=True) if n > 1 or a in "YX"]
    expected = expected.reshape(image.shape)
    assert image.axes == "".join(kept)
    np.testing.assert_array_equal(image.array, expected * 255 if dtype is np.bool_ else expected)


def test_anisotropic_and_uncalibrated(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", STACK[0, 0].astype(np.uint8), "YX")
    header = read_header(tmp_path / "a.tif")
    assert (header.pixel_size, header.unit, header.frame_interval) == (None, None, None)
    write_tiff(tmp_path / "a.tif", STACK[0, 0].astype(np.uint8), "YX", pixel_size=(2, 3), unit="Å")
    header = read_header(tmp_path / "a.tif")
    assert header.pixel_size == pytest.approx((2, 3))


def test_other_programs_calibration(tmp_path: Path) -> None:
    gray = STACK[0, 0].astype(np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, gray, resolution=(20_000, 10_000), resolutionunit="CENTIMETER")
    assert read_header(path).pixel_size == pytest.approx((1.0, 0.5))
    assert read_header(path).unit == "µm"
    tifffile.imwrite(path, gray, resolution=(300, 300), resolutionunit="INCH")
    assert read_header(path).pixel_size is None
    for unit in ("micron", "um", "\\u00B5m"):
        tifffile.imwrite(path, gray, imagej=True, resolution=(4, 2), metadata={"unit": unit})
        assert (read_header(path).pixel_size, read_header(path).unit) == ((0.5, 0.25), "µm")
    tifffile.imwrite(
        path,
        gray,
        ome=True,
        metadata={
            "PhysicalSizeX": 0.2,
            "PhysicalSizeY": 0.3,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeYUnit": "nm",
            "TimeIncrement": 2.0,
            "TimeIncrementUnit": "min",
        },
    )
    header = read_header(path)
    assert (header.pixel_size, header.unit, header.frame_interval) == ((0.3, 0.2), "nm", 120.0)
    for unit, seconds in (("µs", 2e-6), ("ns", 2e-9), ("d", 172_800.0), ("moons", None)):
        step = {"axes": "TYX", "TimeIncrement": 2.0, "TimeIncrementUnit": unit}
        tifffile.imwrite(path, np.stack([gray, gray]), ome=True, metadata=step)
        assert read_header(path).frame_interval == pytest.approx(seconds)


def test_color(tmp_path: Path) -> None:
    color = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    write_tiff(tmp_path / "a.tif", color, "YXS")
    assert read_image(tmp_path / "a.tif").axes == "YXS"
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").array, color)
    write_tiff(tmp_path / "a.tif", np.stack([color, color]).astype(np.uint16) * 9, "TYXS")
    assert read_image(tmp_path / "a.tif").shape == (2, 2, 3, 3)


def test_small_integers_become_what_imagej_knows(tmp_path: Path) -> None:
    labels = np.array([[0, 1], [2, 65535]], np.int64)
    write_tiff(tmp_path / "a.tif", labels, "YX")
    assert read_header(tmp_path / "a.tif").dtype == np.uint16
    write_tiff(tmp_path / "a.tif", labels + 1, "YX")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").array, labels + 1)


def test_unexplained_axis_becomes_time(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", STACK[:, 0].astype(np.uint8), "QYX")
    assert read_header(tmp_path / "a.tif").axes == "TYX"


@pytest.mark.parametrize(
    ("array", "axes", "said"),
    [
        (STACK, "YX", "do not fit"),
        (STACK[0], "YYX", "do not fit"),
        (STACK[0], "CZY", "do not fit"),
        (STACK, "QRYX", None),
        (np.zeros((2, 2, 2, 2, 2), np.uint8), "QRVYX", "only T, Z, C"),
        (np.zeros((0, 4)), "YX", "nothing to write"),
        (np.zeros((2, 2), complex), "YX", "complex128"),
        (np.zeros((2, 2), object), "YX", "object"),
    ],
)
def test_refusals(tmp_path: Path, array: np.ndarray, axes: str, said: str | None) -> None:
    path = tmp_path / "a.tif"
    if said is None:
        write_tiff(path, array, axes)
        return
    with pytest.raises(InputError, match=f"a.tif: .*{said}"):
        write_tiff(path, array, axes)
    assert list(tmp_path.iterdir()) == []


def test_writer_that_loses_a_page_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    write_tiff(path, STACK.astype(np.uint8), "TZYX")
    good = path.read_bytes()
    real = tifffile.imwrite
    monkeypatch.setattr(tifffile, "imwrite", lambda p, a, **k: real(p, a[..., ::-1], **k))
    with pytest.raises(InputError, match="reading it back"):
        write_tiff(path, STACK.astype(np.uint8), "TZYX")
    assert path.read_bytes() == good
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]
