from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from dataset_files import noise, save
from PIL import Image

from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.data.published.suim import SCHEME, load_suim
from napari_inconsistency_masks.data.splits import published_order
from napari_inconsistency_masks.errors import InputError

COLORS = [(r, g, b) for r in (0, 255) for g in (0, 255) for b in (0, 255)]
SIZE = (36, 60)
NAMES = [f"d_r_{number}_" for number in range(9, 20)]


def ids(seed: int, shape: tuple[int, int] = SIZE) -> npt.NDArray[np.uint8]:
    """Blocks of four pixels of random classes 0 to 7."""
    blocks = np.random.default_rng(seed).integers(0, 8, (shape[0] // 4, shape[1] // 4))
    return np.kron(blocks, np.ones((4, 4), int)).astype(np.uint8)


def colored(classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.array(COLORS, np.uint8)[classes]


def make(root: Path) -> Path:
    for part, names in (("train_val", NAMES), ("TEST", ["w_r_1_", "w_r_2_"])):
        for number, name in enumerate(names):
            save(root / part / "images" / f"{name}.jpg", noise(number, (*SIZE, 3)))
            save(root / part / "masks" / f"{name}.bmp", colored(ids(number)))
    save(root / "TEST" / "masks" / "saliency" / "w_r_1_.bmp", ids(0))  # as published
    return root


@pytest.fixture(params=["folder", "two zips", "one zip"])
def suim(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = make(tmp_path / "suim")
    if request.param == "two zips":
        for part in ("train_val", "TEST"):
            shutil.make_archive(str(root / "original_data" / part), "zip", root, part)
            shutil.rmtree(root / part)
    if request.param == "one zip":
        return Path(shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path, "suim"))
    return root


def test_whole_images_and_their_classes(suim: Path) -> None:
    data = load_suim(suim, crops=0)
    assert (data.name, data.scheme, data.channels) == ("SUIM", SCHEME, 3)
    assert data.scheme.outputs == 9
    assert not data.free_rotation
    order = published_order(NAMES, 42)
    assert [sample.name for sample in data.validation] == sorted(order[:2])  # a tenth of 11, up
    again = published_order(order[2:], 42)
    assert [sample.name for sample in data.labeled] == again[:1]
    assert [sample.name for sample in data.unlabeled] == sorted(again[1:])
    assert [sample.name for sample in data.test] == ["w_r_1_", "w_r_2_"]
    for sample in data.hidden:
        number = NAMES.index(sample.name)
        np.testing.assert_array_equal(sample.labeled, ids(number) + 1)
        assert sample.image.shape == (3, *SIZE)
    assert all(sample.target is None for sample in data.unlabeled)


def test_squares_are_cut_from_images_and_masks_alike(tmp_path: Path) -> None:
    root = make(tmp_path)
    for folder in ("images", "masks"):  # so that both tell the place
        shutil.rmtree(root / "train_val" / folder)
    rows, columns = np.mgrid[:40, :72].astype(np.uint8)
    picture = np.stack([rows, columns, rows], axis=-1)
    for name in NAMES:
        save(root / "train_val" / "images" / f"{name}.png", picture)
        save(root / "train_val" / "masks" / f"{name}.bmp", colored((rows // 5).astype(np.uint8)))
    data = load_suim(root, crops=3, size=16, labeled=0.5)
    assert len(data.labeled) == 3 * math.ceil(0.5 * 9)
    assert len(data.validation) == 3 * 2
    sides, corners = set(), set()
    for sample in data.labeled:
        assert sample.image.shape == (3, 16, 16)
        top, left = (int(sample.image[axis].min()) for axis in (0, 1))
        height = int(sample.image[0].max()) - top
        corners.add((top, left))
        sides.add(height)
        assert 0 <= top + height < 40
        assert abs(int(sample.image[1].max()) - left - height) <= 1  # a square
        near = np.abs(sample.image[0].astype(int) // 5 + 1 - sample.labeled)
        assert near.max() <= 1
        assert (near == 0).mean() > 0.6  # nearest pixels lie half a step above bilinear ones
    assert len(corners) > 10
    assert min(sides) >= 14
    assert max(sides) <= 31
    assert len(sides) > 5


def test_squares_depend_on_seed_and_name_only(tmp_path: Path) -> None:
    root = make(tmp_path)
    one = {sample.name: sample for sample in load_suim(root, size=16).validation}
    other = {sample.name: sample for sample in load_suim(root, size=16, labeled=3).validation}
    assert one.keys() == other.keys()
    for name, sample in one.items():
        np.testing.assert_array_equal(sample.image, other[name].image)
    a, b = (load_suim(root, size=16, seed=seed).test for seed in (1, 2))
    assert any((x.image != y.image).any() for x, y in zip(a, b, strict=True))
    unlabeled, hidden = (load_suim(root, size=16).unlabeled, load_suim(root, size=16).hidden)
    for x, y in zip(unlabeled, hidden, strict=True):
        np.testing.assert_array_equal(x.image, y.image)


def test_small_images_are_used_whole(tmp_path: Path) -> None:
    sample = load_suim(make(tmp_path), size=64).test[0]
    assert sample.image.shape == (3, 64, 64)
    rows = (np.arange(64) * (36 / 64)).astype(int)
    columns = (np.arange(64) * (60 / 64)).astype(int)
    np.testing.assert_array_equal(sample.labeled, ids(0)[rows][:, columns] + 1)


def test_blurred_colors_take_the_nearest(tmp_path: Path) -> None:
    root = make(tmp_path)
    blocks = np.kron(ids(0), np.ones((8, 8), int)).astype(np.uint8)
    path = root / "TEST" / "masks" / "w_r_1_"
    path.with_suffix(".bmp").unlink()
    Image.fromarray(colored(blocks)).save(path.with_suffix(".jpg"), quality=90)
    save(root / "TEST" / "images" / "w_r_1_.jpg", noise(0, (*blocks.shape, 3)))
    sample = load_suim(root, crops=0).test[0]
    assert (sample.labeled == blocks + 1).mean() > 0.97


def test_a_mask_of_another_size_is_stretched_if_its_shape_is_the_same(tmp_path: Path) -> None:
    root = make(tmp_path)
    mask = root / "TEST" / "masks" / "w_r_1_.bmp"
    save(mask, colored(ids(0)).repeat(2, axis=0).repeat(2, axis=1))
    np.testing.assert_array_equal(load_suim(root, crops=0).test[0].labeled, ids(0) + 1)
    save(mask, colored(ids(0).T))
    with pytest.raises(InputError, match=r"masks/w_r_1_\.bmp: .* looks transposed"):
        load_suim(root).test[0]


@pytest.mark.parametrize(
    "wrong",
    [
        ids(0),  # class ids
        np.stack([ids(0)] * 3, axis=-1),
        noise(0, (*SIZE, 3)),  # a picture
        (ids(0) * 30).astype(np.uint16),
    ],
)
def test_other_masks_are_refused(tmp_path: Path, wrong: npt.NDArray[np.generic]) -> None:
    root = make(tmp_path)
    (root / "TEST" / "masks" / "w_r_2_.bmp").unlink()
    save(root / "TEST" / "masks" / "w_r_2_.png", wrong)
    data = load_suim(root, crops=0)
    assert data.test[0].labeled.any()
    with pytest.raises(InputError, match=r"masks/w_r_2_\.png: (not in the colors|no color mask)"):
        data.test[1]


def test_masks_of_water_and_sea_floor_may_be_gray(tmp_path: Path) -> None:
    root = make(tmp_path)
    gray = np.where(ids(0) > 3, 255, 0).astype(np.uint8)
    save(root / "TEST" / "masks" / "w_r_1_.bmp", gray)
    assert set(np.unique(load_suim(root, crops=0).test[0].labeled)) == {1, 8}
    save(root / "TEST" / "masks" / "w_r_1_.bmp", np.zeros((*SIZE, 3), np.uint8))
    assert (load_suim(root, crops=0).test[0].labeled == 1).all()


def test_origin(suim: Path) -> None:
    data = load_suim(suim, size=16, labeled=2, crops=1)
    again = open_data(json.loads(json.dumps(data.origin)))
    assert [s.name for s in again.labeled] == [s.name for s in data.labeled]
    np.testing.assert_array_equal(again.labeled[0].labeled, data.labeled[0].labeled)


def test_missing_parts(tmp_path: Path) -> None:
    root = make(tmp_path)
    (root / "train_val" / "masks" / "d_r_9_.bmp").unlink()
    with pytest.raises(InputError, match=r"train_val/images: 1 of 11 images .* \(d_r_9_\)"):
        load_suim(root)
    shutil.rmtree(root / "train_val" / "masks")
    with pytest.raises(InputError, match=r"train_val/masks of the SUIM .*irvlab\.cs\.umn\.edu"):
        load_suim(root)
    make(root)
    shutil.rmtree(root / "TEST" / "masks")
    with pytest.raises(InputError, match="TEST/masks of the SUIM data set is missing"):
        load_suim(root)
    shutil.rmtree(root / "TEST")
    assert len(load_suim(root).test) == 0
    with pytest.raises(InputError, match="give 0 or more crops"):
        load_suim(root, crops=-1)
    with pytest.raises(InputError, match="seed=-1"):
        load_suim(root, seed=-1)


def test_too_few_images(tmp_path: Path) -> None:
    save(tmp_path / "train_val" / "images" / "a.jpg", noise(1, (*SIZE, 3)))
    save(tmp_path / "train_val" / "masks" / "a.bmp", colored(ids(1)))
    with pytest.raises(InputError, match="too few images"):
        load_suim(tmp_path)


def test_real_scenes(shared: Path, tmp_path: Path) -> None:
    sample = shared / "data" / "suim_sample"
    for number, image in enumerate(sorted((sample / "images").iterdir())):
        part = "train_val" if number < 6 else "TEST"
        (tmp_path / part / "images").mkdir(parents=True, exist_ok=True)
        shutil.copy(image, tmp_path / part / "images")
        classes = np.array(Image.open(sample / "classes" / f"{image.stem}.png"))
        save(tmp_path / part / "masks" / f"{image.stem}.bmp", colored(classes))
    whole = load_suim(tmp_path, crops=0)
    sizes = (whole.labeled, whole.unlabeled, whole.validation, whole.test)
    assert [len(part) for part in sizes] == [1, 4, 1, 2]
    for scene in [*whole.hidden, *whole.test]:
        classes = np.array(Image.open(sample / "classes" / f"{scene.name}.png"))
        np.testing.assert_array_equal(scene.labeled, classes + 1)
    crops = load_suim(tmp_path)
    assert [len(part) for part in (crops.labeled, crops.unlabeled)] == [2, 8]
    assert {crop.image.shape for crop in crops.hidden} == {(3, 256, 256)}
    assert {int(i) for crop in crops.hidden for i in np.unique(crop.labeled)} <= set(range(1, 9))


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_of_a_mask_with_a_palette_the_colors_count(tmp_path: Path, suffix: str) -> None:
    root = make(tmp_path)
    for name, classes in (("w_r_1_", ids(0)), ("w_r_2_", np.full(SIZE, 6, np.uint8))):
        path = root / "TEST" / "masks" / name
        path.with_suffix(".bmp").unlink()
        Image.fromarray(colored(classes)).quantize(8).save(path.with_suffix(suffix))
    mixed, fish = load_suim(root, crops=0).test
    np.testing.assert_array_equal(mixed.labeled, ids(0) + 1)
    assert (fish.labeled == 7).all()


def test_without_test_images_that_is_said(tmp_path: Path) -> None:
    root = make(tmp_path)
    assert load_suim(root).notes == ()
    (root / "TEST").rename(root / "tested")
    data = load_suim(root)
    assert len(data.test) == 0
    assert data.notes == ("There is no test split, as the folder TEST/images was not found.",)


def test_messages_name_the_part_of_a_mask(tmp_path: Path) -> None:
    root = make(tmp_path)
    save(root / "TEST" / "masks" / "w_r_1_.bmp", noise(0, (*SIZE, 3)))
    with pytest.raises(InputError, match=r"^TEST/masks/w_r_1_\.bmp: not in the colors"):
        load_suim(root, crops=0).test[0]
