"""ROIs in files: what is read of them, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files import rois
from napari_inconsistency_masks.files.rois import Shape, is_roi_file, read_rois

CORNERS = [[1, 2], [6, 2], [6, 9]]


def polygon(**changes: object) -> ImagejRoi:
    roi = ImagejRoi.frompoints(CORNERS)
    for name, value in changes.items():
        setattr(roi, name, value)
    return roi


def write_set(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def write_one(folder: Path, roi: ImagejRoi) -> Path:
    path = folder / "a.roi"
    path.write_bytes(roi.tobytes())
    return path


def test_one_roi_and_a_set_in_its_order(tmp_path: Path) -> None:
    (one,) = read_rois(write_one(tmp_path, polygon(t_position=3, z_position=2)))
    assert (one.shape, one.t, one.z, one.slices.tolist()) == (Shape.OUTLINES, 3, 2, [0])
    np.testing.assert_array_equal(one.parts[0], [[2, 1], [2, 6], [9, 6]])
    members = {"b.roi": polygon(position=4).tobytes(), "a.ROI": polygon().tobytes()}
    found = read_rois(write_set(tmp_path / "a.zip", **members))
    assert [roi.name for roi in found] == ["b.roi", "a.ROI"]
    assert found[0].slices.tolist() == [4]


def test_an_empty_set(tmp_path: Path) -> None:
    assert read_rois(write_set(tmp_path / "a.zip")) == ()


def test_what_macos_adds_is_left_out(tmp_path: Path) -> None:
    members = {
        "set/a.roi": polygon().tobytes(),
        "__MACOSX/set/._a.roi": b"x",
        "set/.DS_Store": b"x",
    }
    assert len(read_rois(write_set(tmp_path / "a.zip", **members))) == 1


def test_points_lie_on_slices_of_their_own(tmp_path: Path) -> None:
    points = ImagejRoi.frompoints([[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]], position=0)
    points.roitype = ROI_TYPE.POINT
    data = bytearray(points.tobytes())
    header = int.from_bytes(data[60:64], "big")
    data[header + 48 : header + 52] = len(data).to_bytes(4, "big")
    for counter, position in ((0, 7), (3, 0), (0, 70_000)):
        data += (counter + (position << 8)).to_bytes(4, "big")
    path = tmp_path / "a.roi"
    path.write_bytes(data)
    (roi,) = read_rois(path)
    assert roi.shape is Shape.POINTS
    assert roi.slices.tolist() == [7, 1, 70_000]  # where the point says nothing, the ROI does
    np.testing.assert_array_equal(roi.parts[0], [[2.5, 1.5], [4.5, 3.5], [6.5, 5.5]])


def test_positions_that_are_none(tmp_path: Path) -> None:
    roi = polygon(position=-2, t_position=-1)  # -2 where the points of a ROI lie on several slices
    (found,) = read_rois(write_one(tmp_path, roi))
    assert (found.slices.tolist(), found.t, found.z) == ([0], 0, 0)


def test_rectangles_and_ellipses_with_fractions(tmp_path: Path) -> None:
    roi = ImagejRoi(roitype=ROI_TYPE.OVAL, left=1, top=2, right=5, bottom=8)
    (found,) = read_rois(write_one(tmp_path, roi))
    assert found.shape is Shape.ELLIPSE
    np.testing.assert_array_equal(found.parts[0], [[2, 1], [8, 5]])
    roi.version, roi.options = 228, ROI_OPTIONS.SUB_PIXEL_RESOLUTION  # of ImageJ 1.53
    roi.xd, roi.yd, roi.widthd, roi.heightd = 1.25, 2.5, 3.5, 6.0
    (found,) = read_rois(write_one(tmp_path, roi))
    np.testing.assert_array_equal(found.parts[0], [[2.5, 1.25], [8.5, 4.75]])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"roitype": ROI_TYPE.LINE}, "is a line, which marks no area"),
        ({"roitype": ROI_TYPE.FREELINE}, "is a line"),
        ({"roitype": ROI_TYPE.POLYLINE}, "is a line"),
        ({"roitype": ROI_TYPE.ANGLE}, "is an angle"),
        ({"roitype": ROI_TYPE.NOROI}, "is empty"),
        ({"roitype": ROI_TYPE.RECT, "subtype": ROI_SUBTYPE.TEXT, "text": "x"}, "is text"),
        ({"roitype": ROI_TYPE.RECT, "rounded_rect_arc_size": 5}, "has curves"),
        ({"options": ROI_OPTIONS.SPLINE_FIT}, "has curves"),
        ({"shape_roi_size": -4}, "is a damaged combination"),
    ],
)
def test_what_marks_no_area_is_refused(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    path = write_one(tmp_path, polygon(**changes))
    with pytest.raises(InputError, match=rf"a\.roi: the ROI a\.roi {said}") as refused:
        read_rois(path)
    assert len(str(refused.value)) <= 200


def test_an_unknown_type_is_refused(tmp_path: Path) -> None:
    data = bytearray(polygon().tobytes())
    data[6] = 77
    path = tmp_path / "a.roi"
    path.write_bytes(data)
    says = "the ROI a.roi is of an unknown type|cannot be read"  # roifile knows them from 2026.2 on
    with pytest.raises(InputError, match=rf"a\.roi: ({says})"):
        read_rois(path)


def test_a_combination_with_curves_is_refused(tmp_path: Path) -> None:
    roi = ImagejRoi(roitype=ROI_TYPE.RECT, right=9, bottom=9, shape_roi_size=10)
    roi.multi_coordinates = np.array([0, 1, 1, 2, 4, 4, 8, 1, 4, 0], np.float32)
    with pytest.raises(InputError, match="has curves"):
        read_rois(write_one(tmp_path, roi))


def test_numbers_that_are_none(tmp_path: Path) -> None:
    roi = ImagejRoi.frompoints([[1.0, 2.0], [6.0, np.float32(3)], [6.5, 9.0]])
    assert roi.subpixel_coordinates is not None
    roi.subpixel_coordinates[1, 1] = np.nan
    with pytest.raises(InputError, match="coordinates that are no numbers"):
        read_rois(write_one(tmp_path, roi))


@pytest.mark.parametrize("size", [0, 3, 40, 63, 70])
def test_a_file_that_was_cut_short(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.roi"
    path.write_bytes(polygon().tobytes()[:size])
    with pytest.raises(InputError, match=r"a\.roi: "):
        read_rois(path)
    with pytest.raises(InputError, match=r"a\.zip: "):
        read_rois(write_set(tmp_path / "a.zip", **{"a.roi": path.read_bytes()}))


@pytest.mark.parametrize("count", [0, 2, 60_000])
def test_a_number_of_corners_that_lies(tmp_path: Path, count: int) -> None:
    data = bytearray(polygon().tobytes())
    data[16:18] = count.to_bytes(2, "big")
    path = tmp_path / "a.roi"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.roi: "):
        read_rois(path)


def test_no_bytes_crash_it(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.roi", polygon(t_position=1, name="x").tobytes()
    random = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        for place in random.integers(4, len(data), 3):
            data[place] = random.integers(256)
        path.write_bytes(data)
        try:
            found = read_rois(path)
        except InputError:
            continue
        assert all(np.isfinite(part).all() for roi in found for part in roi.parts)


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"a\.zip: cannot be read"):
        read_rois(path)
    write_set(path, **{"images/a.tif": b"II*\0"})
    with pytest.raises(InputError, match=r"a\.zip: holds a\.tif, which is no ImageJ ROI"):
        read_rois(path)
    write_set(path, **{"a.roi": b"II*\0" * 50})
    with pytest.raises(InputError, match=r"a\.zip: a\.roi is no ImageJ ROI"):
        read_rois(path)


def test_a_set_that_is_too_large_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rois, "MOST_BYTES", 2**20)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    path = write_set(tmp_path / "a.zip", **{"a.roi": bytes(2**20 + 1)})
    with pytest.raises(InputError, match=r"a\.zip: holds more than 1 MB of ROIs"):
        read_rois(path)
    (tmp_path / "a.roi").write_bytes(bytes(2**20 + 1))
    with pytest.raises(InputError, match="more than 1 MB"):
        read_rois(tmp_path / "a.roi")


def test_files_are_known_by_their_names() -> None:
    assert is_roi_file(Path("a.ROI"))
    assert is_roi_file(Path("RoiSet.Zip"))
    assert not is_roi_file(Path("a.roi.tif"))
