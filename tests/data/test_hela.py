from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dataset_files import noise, save, square
from PIL import Image

from napari_inconsistency_masks.cells import redraw_markers
from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.data.published.crops import crop_positions
from napari_inconsistency_masks.data.published.hela import SCHEME, load_hela
from napari_inconsistency_masks.data.sample import SegmentationData, Source
from napari_inconsistency_masks.data.splits import choose_labeled
from napari_inconsistency_masks.errors import InputError

SIZE = (50, 70)
MASKS = ("alive", "dead", "mod_position")


def make(root: Path, markers: str = "mod_position", count: int = 3) -> Path:
    for offset, part in enumerate(("train_full", "val", "test")):
        for number in range(count):
            seed = 10 * offset + number
            base = root / "original_data" / part
            save(base / "brightfield" / f"im{number}.jpg", noise(seed, SIZE))
            save(base / "alive" / f"im{number}.png", square(5, 5 + seed, SIZE))
            save(base / "dead" / f"im{number}.png", square(25, 5 + seed, SIZE) // 20)  # 12
            save(base / markers / f"im{number}.png", square(15, 5 + seed, SIZE))
    return root


def parts(data: SegmentationData) -> tuple[Source, ...]:
    return data.labeled, data.unlabeled, data.validation, data.test


def zipped(root: Path) -> Path:
    return Path(shutil.make_archive(str(root) + "_archive", "zip", root.parent, root.name))


@pytest.fixture(params=["folder", "zip"])
def hela(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = make(tmp_path / "HeLa")
    return root if request.param == "folder" else zipped(root)


def test_crops(hela: Path) -> None:
    data = load_hela(hela, crop=32)
    positions = crop_positions(*SIZE, 32)
    distinct = len(set(positions))
    assert distinct < len(positions)
    assert data.scheme == SCHEME
    assert len(data.labeled) == int(0.1 * 3 * distinct)
    assert len(data.labeled) + len(data.unlabeled) == 3 * distinct
    assert len(data.hidden) == len(data.unlabeled)
    assert len(data.validation) == len(data.test) == 3 * distinct
    for sample in data.hidden:
        stem, number = sample.name.split("_")
        row, column = positions[int(number)]
        window = np.s_[row : row + 32, column : column + 32]
        seed = int(stem[2:])
        np.testing.assert_array_equal(sample.labeled[0], square(5, 5 + seed, SIZE)[window] > 0)
        np.testing.assert_array_equal(sample.labeled[1], square(25, 5 + seed, SIZE)[window] > 0)
        np.testing.assert_array_equal(sample.labeled[2], square(15, 5 + seed, SIZE)[window] > 0)
        assert np.abs(sample.image[0].astype(int) - noise(seed, SIZE)[window]).mean() < 30  # JPEG
    assert all(sample.target is None for sample in data.unlabeled)
    assert data.notes == ()


def test_the_first_of_equal_crops_is_kept(hela: Path) -> None:
    kept = {sample.name for sample in load_hela(hela, crop=32).validation}
    everything = load_hela(hela, crop=32, keep_duplicates=True).validation
    seen: set[tuple[str, tuple[int, int]]] = set()
    positions = crop_positions(*SIZE, 32)
    for sample in everything:
        stem, number = sample.name.split("_")
        key = (stem, positions[int(number)])
        assert (sample.name in kept) == (key not in seen)
        seen.add(key)


def test_split_by_crop_is_seeded_and_by_name(hela: Path) -> None:
    data = load_hela(hela, crop=32, labeled=0.5)
    names = [sample.name for part in (data.labeled, data.unlabeled) for sample in part]
    assert {s.name for s in data.labeled} == set(choose_labeled(names, 0.5, 42))
    other = load_hela(hela, crop=32, labeled=0.5, seed=1)
    assert {s.name for s in other.labeled} != {s.name for s in data.labeled}


def test_split_by_image_keeps_crops_of_an_image_together(hela: Path) -> None:
    data = load_hela(hela, crop=32, labeled=0.4, split_by="image")
    labeled = {sample.name.split("_")[0] for sample in data.labeled}
    unlabeled = {sample.name.split("_")[0] for sample in data.unlabeled}
    assert (len(labeled), len(unlabeled)) == (1, 2)
    assert not labeled & unlabeled


@pytest.mark.parametrize("folder", ["position", "pos"])
def test_raw_markers_are_redrawn_once(tmp_path: Path, folder: str) -> None:
    data = load_hela(make(tmp_path, folder), crop=100)
    marked = square(15, 15, SIZE) > 0
    np.testing.assert_array_equal(data.validation[0].labeled[2], redraw_markers(marked))
    assert any("raw markers" in note for note in data.notes)
    make(tmp_path, "mod_position")  # goes first
    data = load_hela(tmp_path, crop=100)
    np.testing.assert_array_equal(data.validation[0].labeled[2], marked)


def test_images_smaller_than_a_crop_are_used_whole(hela: Path) -> None:
    data = load_hela(hela, labeled=1.0)
    assert len(data.labeled) == 3
    assert data.labeled[0].image.shape == (1, *SIZE)


def test_color_is_weighed_to_gray_and_depth_is_scaled(tmp_path: Path) -> None:
    make(tmp_path, count=2)
    folder = tmp_path / "original_data" / "val" / "brightfield"
    for path in folder.iterdir():
        path.unlink()
    color = noise(1, (*SIZE, 3))
    save(folder / "im0.png", color)
    save(folder / "im1.png", noise(2, SIZE).astype(np.uint16) * 100)
    data = load_hela(tmp_path)
    expected = np.rint(color @ np.array([0.299, 0.587, 0.114]))
    np.testing.assert_array_equal(data.validation[0].image[0], expected)
    assert data.validation[1].image.max() == 255


def test_the_labeled_ones_may_be_counted(hela: Path) -> None:
    assert len(load_hela(hela, crop=32, labeled=3).labeled) == 3
    data = load_hela(hela, crop=32, labeled=2, split_by="image")
    assert len({sample.name.split("_")[0] for sample in data.labeled}) == 2


def test_layouts(tmp_path: Path) -> None:
    make(tmp_path / "a")
    count = len(load_hela(tmp_path / "a").labeled)
    for root in (tmp_path, tmp_path / "a", tmp_path / "a" / "original_data"):
        assert len(load_hela(root).labeled) == count
    shutil.rmtree(tmp_path / "a" / "original_data" / "test")
    assert len(load_hela(tmp_path).test) == 0


def test_origin(hela: Path) -> None:
    data = load_hela(hela, crop=32, labeled=0.3, split_by="image")
    again = open_data(json.loads(json.dumps(data.origin)))
    assert [s.name for s in again.labeled] == [s.name for s in data.labeled]
    np.testing.assert_array_equal(again.labeled[0].image, data.labeled[0].image)


def test_missing_parts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder or file"):
        load_hela(tmp_path / "missing")
    with pytest.raises(InputError, match="the folder train_full/brightfield of the HeLa data set"):
        load_hela(tmp_path)
    make(tmp_path)
    (tmp_path / "original_data" / "val" / "dead" / "im1.png").unlink()
    with pytest.raises(InputError, match=r"^val/brightfield/im1\.jpg: .* in dead; .*all 0"):
        load_hela(tmp_path)
    save(tmp_path / "original_data" / "val" / "dead" / "im1.png", square(1, 1, SIZE).T)
    with pytest.raises(InputError, match=r"dead/im1\.png: .* looks transposed"):
        load_hela(tmp_path)
    shutil.rmtree(tmp_path / "original_data" / "val")
    with pytest.raises(InputError, match=r"folder original_data/val/brightfield of .* is missing"):
        load_hela(tmp_path)


def test_archive_with_strays_and_twins(tmp_path: Path) -> None:
    path = zipped(make(tmp_path / "HeLa"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/HeLa/original_data/val/alive/._im0.png", b"x")
        archive.writestr("HeLa/original_data/val/alive/Thumbs.db", b"x")
    assert len(load_hela(path).validation) == 3
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("HeLa/original_data/val/alive/im0.tif", b"x")
    with pytest.raises(InputError, match="have the same name"):
        load_hela(path)


def test_each_part_may_be_an_archive_of_its_own(tmp_path: Path) -> None:
    made = make(tmp_path / "HeLa") / "original_data"
    sizes = [len(part) for part in parts(load_hela(tmp_path / "HeLa", crop=32))]
    for where in ("packed", "packed/original_data"):
        (tmp_path / where).mkdir(parents=True)
        for part in ("train_full", "val", "test"):
            shutil.make_archive(str(tmp_path / where / part), "zip", made, part)
        assert [len(part) for part in parts(load_hela(tmp_path / "packed", crop=32))] == sizes
        for archive in (tmp_path / where).glob("*.zip"):
            archive.unlink()
    for part in ("train_full", "val", "test"):  # without a folder in it
        shutil.make_archive(str(tmp_path / "packed" / part), "zip", made / part)
    assert [len(part) for part in parts(load_hela(tmp_path / "packed", crop=32))] == sizes
    (tmp_path / "packed" / "val.zip").unlink()
    with pytest.raises(InputError, match=r"val/brightfield of the HeLa .* is missing.*each as a Z"):
        load_hela(tmp_path / "packed")


def test_each_part_may_be_unpacked_into_a_folder_of_its_own(tmp_path: Path) -> None:
    made = make(tmp_path / "HeLa") / "original_data"
    for part in ("train_full", "val", "test"):
        shutil.copytree(made / part, tmp_path / "unpacked" / part / part)
    found, expected = (load_hela(tmp_path / name, crop=32) for name in ("unpacked", "HeLa"))
    assert list(map(len, parts(found))) == list(map(len, parts(expected)))


def test_parts_of_another_copy_are_not_taken(tmp_path: Path) -> None:
    make(tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "original_data" / "val")
    shutil.copytree(tmp_path / "a" / "original_data" / "test", tmp_path / "a" / "val")
    with pytest.raises(InputError, match=r"original_data/val/brightfield of .* is missing"):
        load_hela(tmp_path / "a")


def test_without_test_images_that_is_said(tmp_path: Path) -> None:
    make(tmp_path)
    assert load_hela(tmp_path).notes == ()
    shutil.rmtree(tmp_path / "original_data" / "test")
    (note,) = load_hela(tmp_path).notes
    assert "no test split" in note
    assert "test/brightfield" in note


def test_masks_with_a_palette_or_drawn_in_transparency(tmp_path: Path) -> None:
    root = make(tmp_path) / "original_data" / "val"
    Image.fromarray(square(5, 5, SIZE)).quantize(2).save(root / "alive" / "im0.png")
    sample = load_hela(tmp_path).validation[0]
    np.testing.assert_array_equal(sample.labeled[0], square(5, 5, SIZE) > 0)
    white = np.full(SIZE, 255, np.uint8)
    save(root / "dead" / "im0.png", np.dstack([white, white, white, square(5, 5, SIZE)]))
    with pytest.raises(InputError, match=r"dead/im0\.png: drawn in its transparency"):
        load_hela(tmp_path).validation[0]
