"""Folders of classes that hold ImageJ ROIs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from dataset_files import make_folder, noise, save, square
from PIL import Image
from roi_files import area, points, rectangle, write_rois

from napari_inconsistency_masks.batch import images as batch_images
from napari_inconsistency_masks.batch.outputs import rois as batch_rois
from napari_inconsistency_masks.cells import Cells, position_markers
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.folders.inspection import inspect_folder
from napari_inconsistency_masks.data.folders.listing import list_images, list_masks
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.images import read_header
from napari_inconsistency_masks.files.tiff import write_tiff

SIZE = (20, 30)
SHAPES = ([2, 3, 4, 5], [6, 3, 9, 6], [20, 10, 5, 5])  # left, top, width, height; two touch
CORNER = [[0, 12], [6, 12], [6, 15], [3, 15], [3, 20], [0, 20]]
CELLS = [[4, 5], [11, 6], [22, 12]]


def numbers() -> np.ndarray:
    image = np.zeros(SIZE, np.uint8)
    for number, (left, top, width, height) in enumerate(SHAPES, start=1):
        image[top : top + height, left : left + width] = number
    image[12:15, 0:6] = image[12:20, 0:3] = 4
    return image


def all_areas(**fields: Any) -> list[Any]:
    return [*(rectangle(*shape, **fields) for shape in SHAPES), area(CORNER)]


def targets(data: SegmentationData) -> dict[str, np.ndarray]:
    return {sample.name: sample.labeled for sample in (*data.labeled, *data.validation)}


def load(root: Path, *classes: str, **options: Any) -> SegmentationData:
    return load_folder(root, classes, validation=0.0, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images, their cells and positions as ROIs, and the same in folders of masks."""
    for number, name in enumerate("abc"):
        save(tmp_path / "images" / f"{name}.png", noise(number))
        write_rois(tmp_path / "alive" / f"{name}.zip", all_areas())
        save(tmp_path / "alive_masks" / f"{name}.png", numbers())
        write_rois(tmp_path / "position" / f"{name}.zip", [points(CELLS)])
        markers = position_markers(np.array(CELLS)[:, ::-1], SIZE)
        save(tmp_path / "position_masks" / f"{name}.png", markers.astype(np.uint8) * 255)
    one = tmp_path / "alive" / "b.zip"
    one.unlink()
    one.with_suffix(".ROI").write_bytes(rectangle(2, 3, 4, 5).tobytes())
    only = np.zeros(SIZE, np.uint8)
    only[3:8, 2:6] = 255
    save(tmp_path / "alive_masks" / "b.png", only)
    return tmp_path


def test_the_same_is_learned_as_from_masks(folder: Path) -> None:
    rois = load(folder, "alive", "position", position="position")
    drawn = load(folder, "alive_masks", "position_masks", position="position_masks")
    assert [*targets(rois)] == ["a", "b", "c"]
    for name, target in targets(rois).items():
        np.testing.assert_array_equal(target, targets(drawn)[name])
        assert target.dtype == np.uint8
    assert not any("numbers" in note for note in rois.notes)


def test_masks_and_rois_may_lie_in_one_folder(folder: Path) -> None:
    (folder / "alive" / "a.zip").unlink()
    save(folder / "alive" / "a.png", np.zeros(SIZE, np.uint8))
    write_rois(folder / "alive" / "c.zip", [])
    found = targets(load(folder, "alive", "position"))
    assert not found["a"][0].any()
    assert not found["c"][0].any()
    assert found["b"][0].sum() == 20


def test_what_is_found_in_the_folder(folder: Path) -> None:
    write_rois(folder / "alive" / "z.zip", [])
    (folder / "alive" / "c.zip").unlink()
    found = {item.name: item for item in inspect_folder(folder).classes}
    assert {name: (item.matched, item.kind) for name, item in found.items()} == {
        "alive": (2, "binary"),
        "alive_masks": (3, "objects"),
        "position": (3, "binary"),
        "position_masks": (3, "binary"),
    }
    (folder / "position" / "a.zip").write_bytes(b"broken")
    kinds = {item.name: item.kind for item in inspect_folder(folder).classes}
    assert kinds["position"] == "binary", "the others are masks"


def test_classes_are_found_without_their_names(folder: Path) -> None:
    for name in ("alive_masks", "position_masks"):
        (folder / name).rename(folder / f".{name}")
    assert load_folder(folder).classes == ("alive", "position")


def test_rois_are_strays_among_images(tmp_path: Path) -> None:
    make_folder(tmp_path, "abc")
    write_rois(tmp_path / "images" / "a.zip", [rectangle(1, 1, 5, 5)])
    (tmp_path / "images" / "d.roi").write_bytes(rectangle(1, 1, 5, 5).tobytes())
    assert [*list_images(tmp_path / "images").files] == ["a", "b", "c"]
    assert inspect_folder(tmp_path).strays == ("a.zip", "d.roi")
    assert any("a.zip, d.roi" in note for note in load_folder(tmp_path).notes)


def test_rois_and_a_mask_of_one_name(folder: Path) -> None:
    save(folder / "alive" / "a.png", square(1, 1))
    with pytest.raises(InputError, match=r"alive: a\.png and a\.zip have the same name"):
        list_masks(folder / "alive")
    with pytest.raises(InputError, match="have the same name"):
        load(folder, "alive", "position")


def test_other_zip_files_are_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / "alive" / "c.zip", "w") as archive:
        archive.writestr("train/images/1.png", b"x")
    with pytest.raises(InputError, match=r"alive/c\.zip: holds 1\.png, which is no ImageJ ROI"):
        load(folder, "alive", "position")
    (folder / "alive" / "c.zip").write_bytes(b"x" * 100)
    with pytest.raises(InputError, match=r"alive/c\.zip: cannot be read"):
        load(folder, "alive", "position")


def test_rois_hold_no_class_ids(folder: Path) -> None:
    with pytest.raises(InputError, match=r"alive/a\.zip: ImageJ ROIs hold no class ids"):
        load(folder, "background", "cell", masks="alive")


def test_rois_say_where_labels_count(folder: Path) -> None:
    write_rois(folder / "known" / "a.zip", [rectangle(0, 0, 10, 20)])
    write_rois(folder / "known" / "b.zip", [])
    data = load(folder, "alive", "position")
    known = {sample.name: sample.known for sample in data.labeled}
    expected = np.zeros(SIZE, bool)
    expected[:, :10] = True
    np.testing.assert_array_equal(known["a"], expected)
    assert known["c"] is None
    assert "b" not in known
    assert sorted(sample.name for sample in data.unlabeled) == ["a", "b"]


def test_stacks(tmp_path: Path) -> None:
    stack = np.stack([np.stack([noise(5 * t + z) for z in range(3)]) for t in range(2)])
    for name in "ab":
        (tmp_path / "images").mkdir(exist_ok=True)
        write_tiff(tmp_path / "images" / f"{name}.tif", stack + ord(name), "TZYX")
        cells = [rectangle(2, 3, 4, 5, t_position=2, z_position=1)]
        write_rois(tmp_path / "cells" / f"{name}.zip", cells)
    marked = {name: target.sum() for name, target in targets(load(tmp_path, "cells")).items()}
    assert marked == {
        f"{name}[t={t},z={z}]": 20 * ((t, z) == (1, 0))
        for name in "ab"
        for t in range(2)
        for z in range(3)
    }


def test_a_roi_of_another_image_is_refused_at_the_start(folder: Path) -> None:
    write_rois(folder / "position" / "c.zip", [points([[5, 5], [400, 5]])])
    with pytest.raises(InputError, match=r"position/c\.zip: the ROI 0000\.roi lies outside of c"):
        load(folder, "alive", "position")


def test_the_rois_of_a_batch_are_labels(tmp_path: Path) -> None:
    centers = np.array([[5.0, 6.0], [12.0, 22.0], [12.0, 25.0], [0.0, 29.0], [19.0, 0.0]])
    cells = Cells(centers, np.zeros(len(centers), int), ("alive",))
    (tmp_path / "images").mkdir()
    movie = np.stack([noise(1), noise(2)])
    for name, pixels, axes in (("a", noise(3), "YX"), ("movie", movie, "TYX")):
        path = tmp_path / "images" / f"{name}.tif"
        write_tiff(path, pixels, axes)
        image = batch_images.Image(str(path), path.name, name, header=read_header(path))
        frames: Any = [
            SimpleNamespace(index=index, found=SimpleNamespace(cells=cells))
            for index in range(image.known.frame_count)
        ]
        written = tmp_path / f"{name}_rois.zip"
        batch_rois.write_rois(written, frames, image)
        (tmp_path / "position").mkdir(exist_ok=True)
        written.rename(tmp_path / "position" / f"{name}.zip")
    found = targets(load(tmp_path, "position"))
    assert [*found] == ["a", "movie[t=0]", "movie[t=1]"]
    for target in found.values():
        np.testing.assert_array_equal(target[0] > 0, position_markers(centers, SIZE))


def test_a_jpeg_name_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name in "ab":
        Image.fromarray(noise(ord(name))).save(tmp_path / "images" / f"{name}.v2.JPG")
        write_rois(tmp_path / "cells" / f"{name}.v2.zip", [rectangle(1, 1, 5, 5)])
    assert [target.sum() for target in targets(load(tmp_path, "cells")).values()] == [25, 25]
