"""ROIs drawn as masks: areas, points, and the frames on which they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from roi_files import area, points, rectangle, write_rois
from roifile import ROI_TYPE, ImagejRoi
from scipy import ndimage

from napari_inconsistency_masks.cells import find_marks, position_markers
from napari_inconsistency_masks.data.masks import apart
from napari_inconsistency_masks.data.roi_masks import RoiMasks, open_masks
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.header import ImageHeader
from napari_inconsistency_masks.files.images import StackFile
from napari_inconsistency_masks.files.tiff import write_tiff

SIZE = (40, 60)


def header(axes: str = "YX", *lengths: int) -> ImageHeader:
    sizes = iter(lengths)
    shape = tuple({"Y": 40, "X": 60}.get(axis) or next(sizes) for axis in axes)
    return ImageHeader(shape=shape, axes=axes, dtype=np.dtype(np.uint8))


def masks(folder: Path, *rois: ImagejRoi, of: ImageHeader | None = None) -> RoiMasks:
    path = write_rois(folder / "cells" / "a.zip", rois)
    return RoiMasks(path, folder / "images" / "a.tif", of or header())


def frames_with(found: RoiMasks) -> list[int]:
    return [number for number, frame in enumerate(found) if frame.any()]


def test_areas_that_touch_are_set_apart(tmp_path: Path) -> None:
    found = masks(tmp_path, rectangle(2, 3, 4, 5), rectangle(6, 3, 8, 5))
    numbers = np.zeros(SIZE, int)
    numbers[3:8, 2:6], numbers[3:8, 6:14] = 1, 2
    np.testing.assert_array_equal(found[0], apart(numbers))
    assert ndimage.label(found[0])[1] == 2
    assert found[0].dtype == np.bool_
    assert found.header == ImageHeader(shape=SIZE, axes="YX", dtype=np.dtype(np.bool_))


def test_one_rectangle_covers_its_pixels(tmp_path: Path) -> None:
    (found,) = masks(tmp_path, rectangle(2, 3, 4, 5))
    assert found.sum() == found[3:8, 2:6].sum() == 20


def test_a_later_area_lies_in_front(tmp_path: Path) -> None:
    (found,) = masks(tmp_path, rectangle(2, 2, 20, 20), rectangle(8, 8, 5, 5))
    assert found[8:13, 8:13].all()
    assert ndimage.label(found, np.ones((3, 3)))[1] == 2


def test_300_areas_stay_300(tmp_path: Path) -> None:
    rois = [rectangle(2 * (n % 20), 2 * (n // 20), 2, 2) for n in range(300)]
    (found,) = masks(tmp_path, *rois)
    assert ndimage.label(found, np.ones((3, 3)))[1] > 255


def test_ellipses_and_combinations_with_holes(tmp_path: Path) -> None:
    oval = rectangle(10, 10, 8, 6)
    oval.roitype = ROI_TYPE.OVAL
    (found,) = masks(tmp_path, oval)
    assert found[12:14, 10:18].all()
    assert not found[10, 10]
    ring = rectangle(2, 2, 9, 9)
    path = []
    for x0, y0, x1, y1 in ((2, 2, 11, 11), (5, 5, 7, 7)):
        path += [0, x0, y0, 1, x1, y0, 1, x1, y1, 1, x0, y1, 4]
    ring.multi_coordinates, ring.shape_roi_size = np.array(path, np.float32), len(path)
    (found,) = masks(tmp_path, ring)
    assert found.sum() == 81 - 4
    assert not found[5:7, 5:7].any()


def test_what_lies_outside_is_cut_off(tmp_path: Path) -> None:
    (found,) = masks(tmp_path, rectangle(-3, 35, 10, 100), rectangle(58, 0, 5, 5))
    assert (found[35:, :7].sum(), found[:5, 58:].sum(), found.sum()) == (35, 10, 45)


@pytest.mark.parametrize(
    "roi",
    [
        rectangle(60, 0, 5, 5),
        rectangle(-5, 0, 5, 5),
        rectangle(0, 40, 5, 5),
        area([[70, 50], [80, 50], [80, 60]]),
        points([[5, 5], [61, 5]]),
        points([[5.5, -0.75]]),
    ],
)
def test_rois_of_another_image_are_refused(tmp_path: Path, roi: ImagejRoi) -> None:
    said = r"cells/a\.zip: the ROI 0000\.roi lies outside of a\.tif \(40 x 60, rows x columns\)"
    with pytest.raises(InputError, match=said):
        masks(tmp_path, roi)


def test_an_area_without_a_pixel_is_refused(tmp_path: Path) -> None:
    found = masks(tmp_path, rectangle(2, 2, 4, 4), area([[9.6, 9.6], [10.4, 9.6], [10.4, 10.4]]))
    with pytest.raises(InputError, match=r"the ROI 0001\.roi is so small"):
        found[0]


def test_points_are_markers_as_positions_become(tmp_path: Path) -> None:
    given = [[10, 12], [40, 30], [43, 30], [59, 39]]
    (found,) = masks(tmp_path, points(given[:3]), points(given[3:]))
    expected = position_markers(np.array(given)[:, ::-1], SIZE)
    np.testing.assert_array_equal(found, expected)
    assert len(find_marks(found).centers) == 4


def test_points_with_fractions_lie_in_the_nearest_pixel(tmp_path: Path) -> None:
    (found,) = masks(tmp_path, points([[9.7, 12.4], [-0.5, 39.9], [40.5, 20.5]]))
    expected = position_markers(np.array([[12, 10], [39, 0], [20, 40]]), SIZE)
    np.testing.assert_array_equal(found, expected)


def test_areas_and_points_in_one_set(tmp_path: Path) -> None:
    (found,) = masks(tmp_path, rectangle(2, 3, 30, 30), points([[10, 10]]))
    assert ndimage.label(found, np.ones((3, 3)))[1] == 2


def test_nothing_is_there(tmp_path: Path) -> None:
    assert not masks(tmp_path)[0].any()
    assert [frame.any() for frame in masks(tmp_path, of=header("TYX", 3))] == [False] * 3


@pytest.mark.parametrize(
    ("of", "roi", "frames"),
    [
        (header(), rectangle(1, 1, 5, 5, position=9, t_position=7), [0]),
        (header("CYX", 2), rectangle(1, 1, 5, 5, position=2), [0]),
        (header("TYX", 5), rectangle(1, 1, 5, 5, position=3), [2]),
        (header("TYX", 5), rectangle(1, 1, 5, 5, t_position=3), [2]),
        (header("TYX", 5), rectangle(1, 1, 5, 5, t_position=3, z_position=1), [2]),
        (header("ZYX", 5), rectangle(1, 1, 5, 5, c_position=4, z_position=5), [4]),
        (header("TCYX", 5, 2), rectangle(1, 1, 5, 5, position=6), [2]),
        (header("QYX", 5), rectangle(1, 1, 5, 5, position=3), [2]),
        (header("QYX", 5), rectangle(1, 1, 5, 5, t_position=3), [2]),
        (header("TZYX", 5, 3), rectangle(1, 1, 5, 5, t_position=3, z_position=2), [7]),
        (header("ZTYX", 3, 5), rectangle(1, 1, 5, 5, t_position=3, z_position=2), [7]),
        (header("TZYX", 5, 3), rectangle(1, 1, 5, 5, position=8), [7]),
        (header("ZTYX", 3, 5), rectangle(1, 1, 5, 5, position=8), [7]),
        (header("TZCYX", 5, 3, 2), points([[5, 5]], position=14), [7]),
    ],
)
def test_frames_of_stacks(
    tmp_path: Path, of: ImageHeader, roi: ImagejRoi, frames: list[int]
) -> None:
    found = masks(tmp_path, roi, of=of)
    assert frames_with(found) == frames
    assert found.header.stack == of.stack


def test_points_of_one_roi_on_several_frames(tmp_path: Path) -> None:
    roi = points([[5, 5], [20, 20], [30, 30]])
    data = bytearray(roi.tobytes())
    at = int.from_bytes(data[60:64], "big") + 48
    data[at : at + 4] = len(data).to_bytes(4, "big")
    for position in (2, 4, 2):
        data += (position << 8).to_bytes(4, "big")
    path = tmp_path / "a.roi"
    path.write_bytes(data)
    found = RoiMasks(path, tmp_path / "a.tif", header("TYX", 4))
    expected = {1: [[5, 5], [30, 30]], 3: [[20, 20]]}
    assert frames_with(found) == [*expected]
    for frame, places in expected.items():
        np.testing.assert_array_equal(found[frame], position_markers(np.array(places), SIZE))


@pytest.mark.parametrize(
    ("of", "roi", "said"),
    [
        (header("TYX", 5), rectangle(1, 1, 5, 5), "has no position in the stack a.tif"),
        (header("TYX", 5), points([[5, 5]]), "has no position"),
        (header("TZYX", 5, 3), rectangle(1, 1, 5, 5, t_position=2), "has no position"),
        (header("QWYX", 5, 3), rectangle(1, 1, 5, 5, z_position=2), "has no position"),
        (header("TYX", 5), rectangle(1, 1, 5, 5, position=6), "lies on T 6, Z 1, which a.tif"),
        (header("TYX", 5), rectangle(1, 1, 5, 5, t_position=6), "lies on T 6"),
        (header("TYX", 5), rectangle(1, 1, 5, 5, t_position=2, z_position=2), "lies on T 2, Z 2"),
        (header("TZYX", 5, 3), rectangle(1, 1, 5, 5, position=16), "lies on T 6, Z 1"),
    ],
)
def test_no_frame_to_lie_on(tmp_path: Path, of: ImageHeader, roi: ImagejRoi, said: str) -> None:
    with pytest.raises(InputError, match=rf"cells/a\.zip: the ROI 0000\.roi {said}") as refused:
        masks(tmp_path, roi, of=of)
    assert len(str(refused.value)) <= 200


def test_frames_are_counted_like_those_of_other_masks(tmp_path: Path) -> None:
    write_tiff(tmp_path / "images.tif", np.zeros((3, *SIZE), np.uint8), "TYX")
    path = write_rois(tmp_path / "a.zip", [rectangle(1, 1, 5, 5, t_position=3)])
    with open_masks(path, tmp_path / "images.tif") as found:
        assert len(found) == 3
        assert found[2].sum() == 25
        with pytest.raises(IndexError):
            found[3]
    with open_masks(tmp_path / "images.tif", tmp_path / "images.tif") as found:
        assert isinstance(found, StackFile)
