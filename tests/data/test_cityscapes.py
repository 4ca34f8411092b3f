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
from napari_inconsistency_masks.data.published.cityscapes import (
    LABEL_IDS,
    TRAIN_IDS,
    load_cityscapes,
)
from napari_inconsistency_masks.data.published.resize import resize_bilinear
from napari_inconsistency_masks.data.splits import published_order
from napari_inconsistency_masks.errors import InputError

SIZE = (64, 128)
CITIES = {"train": ("aachen", "ulm"), "val": ("lindau",), "test": ("berlin",)}
FRAMES = 5
OFFICIAL = {
    7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12,
    26: 13, 27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
}  # fmt: skip
"""Train id of each label id in the data set's benchmark; all others are not scored."""


def ids(seed: int) -> npt.NDArray[np.uint8]:
    """Blocks of 8 pixels with label ids 0 to 33, each of them somewhere."""
    rng = np.random.default_rng(seed)
    blocks = rng.permutation(np.arange(SIZE[0] * SIZE[1] // 64) % 34)
    blocks = blocks.reshape(SIZE[0] // 8, SIZE[1] // 8)
    return np.kron(blocks, np.ones((8, 8), int)).astype(np.uint8)


def names(part: str) -> list[str]:
    return [f"{city}_000000_{number:06d}" for city in CITIES[part] for number in range(FRAMES)]


def make(root: Path) -> Path:
    """As published: the secret labels of test images are all "out of roi"."""
    for part, cities in CITIES.items():
        for name in names(part):
            city = name.partition("_")[0]
            assert city in cities
            seed = int(name[-6:])
            folder = root / "gtFine" / part / city
            save(
                root / "leftImg8bit" / part / city / f"{name}_leftImg8bit.png",
                noise(seed, (*SIZE, 3)),
            )
            save(folder / f"{name}_gtFine_labelIds.png", ids(seed))
            save(folder / f"{name}_gtFine_instanceIds.png", ids(seed).astype(np.uint16) * 1000)
            save(folder / f"{name}_gtFine_color.png", noise(seed, (*SIZE, 4)))
            (folder / f"{name}_gtFine_polygons.json").write_text("{}")
    (root / "README").write_text("Cityscapes")
    return root


@pytest.fixture(params=["folder", "two zips", "one zip"])
def streets(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = make(tmp_path / "streets")
    if request.param == "two zips":
        for part in ("leftImg8bit", "gtFine"):
            shutil.make_archive(str(root / f"{part}_trainvaltest"), "zip", root, part)
            shutil.rmtree(root / part)
    if request.param == "one zip":
        return Path(shutil.make_archive(str(tmp_path / "all"), "zip", root))
    return root


def test_every_id_is_a_class_in_small_images(streets: Path) -> None:
    data = load_cityscapes(streets, scale=0.5, labeled=0.3)
    assert (data.name, data.channels, data.free_rotation) == ("Cityscapes", 3, False)
    assert data.scheme.outputs == 35
    train = published_order(names("train"), 42)
    assert {sample.name for sample in data.labeled} == set(train[7:])
    assert [sample.name for sample in data.unlabeled] == sorted(train[:7])
    published = published_order(names("val"), 42)
    assert [sample.name for sample in data.test] == sorted(published[:3])
    assert [sample.name for sample in data.validation] == sorted(published[3:])
    assert all(sample.target is None for sample in data.unlabeled)
    for sample in [*data.hidden, *data.validation, *data.test]:
        seed = int(sample.name[-6:])
        small = ids(seed)[::2, ::2]
        np.testing.assert_array_equal(sample.labeled, np.where(small > 0, small + 1, 0))
        assert sample.known is None
        image = np.moveaxis(noise(seed, (*SIZE, 3)), -1, 0)
        np.testing.assert_array_equal(sample.image, resize_bilinear(image, (32, 64)))
    assert data.scheme.output_names[data.labeled[0].labeled.max()] == "bicycle"


def test_sides_are_rounded_up_to_what_networks_need(tmp_path: Path) -> None:
    data = load_cityscapes(make(tmp_path))
    assert data.test[0].image.shape == (3, 16, 32)
    assert len(data.labeled) == 1
    full = load_cityscapes(tmp_path, scale=1)
    assert full.test[0].image.shape == (3, *SIZE)
    assert full.test[0].labeled.shape == SIZE


def test_the_19_classes_of_the_benchmark(streets: Path) -> None:
    data = load_cityscapes(streets, classes="train", scale=1.0)
    assert data.scheme.classes == TRAIN_IDS
    sample = data.validation[0]
    truth = ids(int(sample.name[-6:]))
    expected = np.vectorize(lambda value: OFFICIAL.get(value, -1) + 1)(truth)
    np.testing.assert_array_equal(sample.labeled, expected)
    assert sample.known is not None
    np.testing.assert_array_equal(sample.known, np.isin(truth, list(OFFICIAL)))
    assert [LABEL_IDS[label] for label in OFFICIAL] == list(TRAIN_IDS)


def test_origin(streets: Path) -> None:
    data = load_cityscapes(streets, classes="train", scale=0.5, labeled=["ulm_000000_000002"])
    again = open_data(json.loads(json.dumps(data.origin)))
    assert [s.name for s in again.labeled] == ["ulm_000000_000002"]
    assert again.scheme == data.scheme
    np.testing.assert_array_equal(again.labeled[0].labeled, data.labeled[0].labeled)


def test_missing_parts(tmp_path: Path) -> None:
    city = make(tmp_path) / "gtFine" / "val" / "lindau"
    (city / "lindau_000000_000003_gtFine_labelIds.png").unlink()
    with pytest.raises(InputError, match=r"leftImg8bit/val: 1 of 5 .* \(lindau_000000_000003\)"):
        load_cityscapes(tmp_path)
    for folder in ("gtFine/val", "leftImg8bit/val", "gtFine", "leftImg8bit"):
        shutil.rmtree(tmp_path / folder)
        with pytest.raises(InputError, match=rf"{folder}.* of the Cityscapes .*\(cityscapes-d"):
            load_cityscapes(tmp_path)
        make(tmp_path)
    shutil.rmtree(tmp_path / "leftImg8bit" / "train")
    (tmp_path / "leftImg8bit" / "train").mkdir()
    with pytest.raises(InputError, match="leftImg8bit/train: there are no images"):
        load_cityscapes(tmp_path)
    with pytest.raises(InputError, match=r"scale=1\.5"):
        load_cityscapes(tmp_path, scale=1.5)


def test_what_is_wrong_with_labels_is_said(tmp_path: Path) -> None:
    folder = make(tmp_path) / "gtFine" / "val" / "lindau"
    for name in names("val"):
        save(folder / f"{name}_gtFine_labelIds.png", ids(0) + 1)
    data = load_cityscapes(tmp_path)
    with pytest.raises(InputError, match=r"_labelIds\.png: holds the id 34; label ids are 0 to 33"):
        data.test[0]
    for name in names("val"):
        save(folder / f"{name}_gtFine_labelIds.png", noise(0, (*SIZE, 3)))
    with pytest.raises(InputError, match=r"_labelIds\.png: no label ids, but 3 different channels"):
        load_cityscapes(tmp_path).test[0]
    for name in names("val"):
        save(folder / f"{name}_gtFine_labelIds.png", ids(0).astype(np.uint16))
    with pytest.raises(InputError, match=r"_labelIds\.png: no label ids, but uint16; .*uint8"):
        load_cityscapes(tmp_path).test[0]
    for name in names("val"):
        save(folder / f"{name}_gtFine_labelIds.png", ids(0)[:, :64])
    with pytest.raises(InputError, match=r"has 64 x 64 and its image 64 x 128"):
        load_cityscapes(tmp_path).test[0]


def test_one_image_cannot_be_halved_into_validation_and_test(tmp_path: Path) -> None:
    root = make(tmp_path)
    for path in (root / "leftImg8bit" / "val").glob("*/*.png"):
        if names("val")[0] not in path.name:
            path.unlink()
    with pytest.raises(InputError, match=r"leftImg8bit/val has one image, and it is halved"):
        load_cityscapes(root)


def test_palettes_hold_ids(tmp_path: Path) -> None:
    root, expected = make(tmp_path), load_cityscapes(make(tmp_path), scale=1).validation[0]
    (path,) = root.glob(f"gtFine/val/*/{expected.name}_gtFine_labelIds.png")
    picture = Image.fromarray(ids(int(expected.name[-6:]))).convert("P")
    picture.putpalette(noise(1, (768,)).tolist())
    picture.save(path)
    again = load_cityscapes(root, scale=1).validation[0]
    np.testing.assert_array_equal(again.labeled, expected.labeled)
