from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from dataset_files import noise, save
from PIL import Image

from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.data.published.isic2018 import SCHEME, load_isic2018
from napari_inconsistency_masks.data.published.resize import resize_bilinear
from napari_inconsistency_masks.data.splits import published_order
from napari_inconsistency_masks.errors import InputError

COUNTS = {"Training": 12, "Validation": 2, "Test": 3}
SIZE = (40, 52)


def lesion(number: int) -> npt.NDArray[np.uint8]:
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    inside = (rows - 20) ** 2 + (columns - 15 - number) ** 2 < 120
    return (inside * 255).astype(np.uint8)


def name(part: str, number: int) -> str:
    return f"ISIC_{10_000 * [*COUNTS].index(part) + number:07d}"


def make(root: Path) -> Path:
    """What the challenge publishes, unpacked."""
    for part, count in COUNTS.items():
        for number in range(count):
            stem = name(part, number)
            images = root / f"ISIC2018_Task1-2_{part}_Input"
            save(images / f"{stem}.jpg", noise(number, (*SIZE, 3)))
            save(
                root / f"ISIC2018_Task1_{part}_GroundTruth" / f"{stem}_segmentation.png",
                lesion(number),
            )
        (images / "ATTRIBUTION.txt").write_text("CC")
        (images / "LICENSE.txt").write_text("CC")
    return root


@pytest.fixture(params=["folder", "original_data", "six folders", "six zips", "one zip"])
def isic(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "original_data":
        return make(tmp_path / "isic" / "original_data").parent
    root = make(tmp_path / "isic")
    if request.param == "six folders":  # as Windows unpacks archives
        for folder in sorted(root.iterdir()):
            shutil.move(folder, tmp_path / "moved")
            shutil.move(tmp_path / "moved", folder / folder.name)
    if request.param == "six zips":
        for folder in sorted(root.iterdir()):
            shutil.make_archive(str(folder), "zip", root, folder.name)
            shutil.rmtree(folder)
    if request.param == "one zip":
        return Path(shutil.make_archive(str(tmp_path / "all"), "zip", root))
    return root


def test_samples_are_resized_and_split_as_published(isic: Path) -> None:
    data = load_isic2018(isic, labeled=0.25, size=32)
    assert data.notes == ()
    assert (data.name, data.scheme, data.channels) == ("ISIC 2018", SCHEME, 3)
    assert data.free_rotation
    sizes = (data.labeled, data.unlabeled, data.hidden, data.validation, data.test)
    assert [len(part) for part in sizes] == [3, 9, 9, 2, 3]
    order = published_order([name("Training", number) for number in range(12)], 42)
    assert {sample.name for sample in data.labeled} == set(order[9:])
    assert [sample.name for sample in data.unlabeled] == sorted(order[:9])
    assert all(sample.target is None for sample in data.unlabeled)
    for sample in data.hidden:
        number = int(sample.name[-4:])
        mask = resize_bilinear(lesion(number)[None], (32, 32))
        assert set(np.unique(mask)) > {0, 255}  # with gray edges
        np.testing.assert_array_equal(sample.labeled, mask == 255)
        assert sample.image.shape == (3, 32, 32)
    mask = resize_bilinear(lesion(1)[None], (32, 32))
    np.testing.assert_array_equal(data.validation[1].labeled, mask == 255)
    np.testing.assert_array_equal(data.test[1].labeled, mask > 0)


def test_one_rule_for_all_edges(tmp_path: Path) -> None:
    data = load_isic2018(make(tmp_path), size=32, edges="half")
    mask = resize_bilinear(lesion(1)[None], (32, 32)) >= 128
    np.testing.assert_array_equal(data.validation[1].labeled, mask)
    np.testing.assert_array_equal(data.test[1].labeled, mask)


def test_the_labeled_ones_may_be_counted_or_named(tmp_path: Path) -> None:
    make(tmp_path)
    few, more = (load_isic2018(tmp_path, labeled=count, size=16).labeled for count in (2, 5))
    assert {sample.name for sample in few} < {sample.name for sample in more}
    named = load_isic2018(tmp_path, labeled=["ISIC_0000003"], size=16)
    assert [sample.name for sample in named.labeled] == ["ISIC_0000003"]
    assert len(named.unlabeled) == 11
    with pytest.raises(InputError, match="no image for training is named ISIC_0010000"):
        load_isic2018(tmp_path, labeled=["ISIC_0010000"])


def test_origin(isic: Path) -> None:
    data = load_isic2018(isic, size=16, labeled=2, edges="half")
    again = open_data(json.loads(json.dumps(data.origin)))
    assert [s.name for s in again.labeled] == [s.name for s in data.labeled]
    np.testing.assert_array_equal(again.labeled[0].image, data.labeled[0].image)
    np.testing.assert_array_equal(again.labeled[0].labeled, data.labeled[0].labeled)


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    make(tmp_path)
    damaged = tmp_path / "ISIC2018_Task1-2_Test_Input" / f"{name('Test', 1)}.jpg"
    damaged.write_bytes(damaged.read_bytes()[:300])
    data = load_isic2018(tmp_path, size=16)
    assert data.test[0].image.shape == (3, 16, 16)
    with pytest.raises(InputError, match=damaged.name):
        data.test[1]


def test_without_test_images_there_is_no_test_split(tmp_path: Path) -> None:
    make(tmp_path)
    shutil.rmtree(tmp_path / "ISIC2018_Task1-2_Test_Input")
    data = load_isic2018(tmp_path)
    assert len(data.test) == 0
    assert data.notes == (
        "There is no test split, as the folder ISIC2018_Task1-2_Test_Input was not found.",
    )


@pytest.mark.parametrize(
    "folder",
    [
        f"ISIC2018_{kind.format(part)}"
        for part in ("Training", "Validation")
        for kind in ("Task1-2_{}_Input", "Task1_{}_GroundTruth")
    ]
    + ["ISIC2018_Task1_Test_GroundTruth"],
)
def test_a_missing_download_is_named_with_its_publisher(tmp_path: Path, folder: str) -> None:
    shutil.rmtree(make(tmp_path) / folder)
    with pytest.raises(
        InputError, match=f"the folder {folder} of the ISIC 2018 data set .*ISIC Challenge"
    ):
        load_isic2018(tmp_path)


def test_what_is_wrong_with_a_mask_is_said(tmp_path: Path) -> None:
    masks = make(tmp_path) / "ISIC2018_Task1_Validation_GroundTruth"
    first, second = (masks / f"{name('Validation', n)}_segmentation.png" for n in (0, 1))
    save(first, lesion(0).T)
    with pytest.raises(InputError, match=r"ISIC_0010000_segmentation\.png: .* looks transposed"):
        load_isic2018(tmp_path).validation[0]
    save(first, np.arange(40 * 52, dtype=np.uint8).reshape(SIZE) // 90 * 50)
    with pytest.raises(InputError, match="other values than 0 and 255"):
        load_isic2018(tmp_path).validation[0]
    save(first, noise(0, (*SIZE, 3)))
    with pytest.raises(InputError, match="a colored mask"):
        load_isic2018(tmp_path).validation[0]
    second.unlink()
    with pytest.raises(InputError, match=r"1 of 2 images have no mask \(ISIC_0010001\)"):
        load_isic2018(tmp_path)
    with pytest.raises(InputError, match="at least 16"):
        load_isic2018(tmp_path, size=8)


def test_of_a_mask_with_a_palette_the_colors_count(tmp_path: Path) -> None:
    masks = make(tmp_path) / "ISIC2018_Task1_Validation_GroundTruth"
    before = load_isic2018(tmp_path, size=32).validation[1].labeled
    path = masks / f"{name('Validation', 1)}_segmentation.png"
    Image.fromarray(lesion(1)).quantize(2).save(path)
    np.testing.assert_array_equal(load_isic2018(tmp_path, size=32).validation[1].labeled, before)
    white = np.full(SIZE, 255, np.uint8)
    save(path, np.dstack([white, white, white, lesion(1)]))
    with pytest.raises(InputError, match="drawn in its transparency"):
        load_isic2018(tmp_path).validation[1]
