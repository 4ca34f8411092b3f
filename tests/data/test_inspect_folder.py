from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset_files import make_folder, noise, save, square
from PIL import Image
from scipy import ndimage

from napari_inconsistency_masks.data.folders.inspection import inspect_folder


def objects(seed: int) -> np.ndarray:
    """Numbered objects that do not touch."""
    marked = ndimage.binary_dilation(noise(seed, (60, 80)) > 253)
    return ndimage.label(marked, np.ones((3, 3)))[0].astype(np.uint16)


def regions(seed: int) -> np.ndarray:
    """Class ids, each in several places."""
    return np.kron(noise(seed, (6, 8)) % 4, np.ones((10, 10))).astype(np.uint8)


def test_layout(tmp_path: Path) -> None:
    for name, number in zip("abcde", range(5), strict=True):
        save(tmp_path / "Images" / f"{name}.png", noise(number, (60, 80)))
        save(tmp_path / "alive" / f"{name}.png", square(1, number, (60, 80)))
        save(tmp_path / "objects" / f"{name}.png", objects(number))
        save(tmp_path / "regions" / f"{name}.png", regions(number))
        save(tmp_path / "other" / f"{name}_x.png", regions(number))
        save(tmp_path / "colored" / f"{name}.png", noise(number, (60, 80, 3)))
    (tmp_path / "alive" / "e.png").rename(tmp_path / "alive" / "lone.png")
    (tmp_path / "Images" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "val.txt").write_text("a")
    found = inspect_folder(tmp_path)
    assert (found.images, found.image_count, found.strays) == ("Images", 5, ("Thumbs.db",))
    assert {item.name: item.kind for item in found.classes} == {
        "alive": "binary",
        "objects": "objects",
        "regions": "classes",
        "colored": "unreadable",
    }
    alive, regions_ = found.classes[0], found.classes[3]
    assert alive.matched == 4
    assert regions_.ids == (0, 1, 2, 3)
    assert found.splits == ("val.txt",)


def test_images_in_the_folder_itself(tmp_path: Path) -> None:
    save(tmp_path / "a.png", noise(1))
    save(tmp_path / "cells" / "a.png", square(1, 1))
    found = inspect_folder(tmp_path)
    assert (found.images, found.image_count) == (".", 1)
    assert [item.name for item in found.classes] == ["cells"]


def test_several_folders_could_hold_the_images(tmp_path: Path) -> None:
    make_folder(tmp_path)
    save(tmp_path / "raw" / "a.png", noise(1))
    found = inspect_folder(tmp_path)
    assert (found.images, found.image_candidates) == (None, ("images", "raw"))
    assert inspect_folder(tmp_path, "raw").image_count == 1


def test_odd_content_is_no_error(tmp_path: Path) -> None:
    assert inspect_folder(tmp_path / "missing").images is None
    assert inspect_folder(tmp_path).images is None
    make_folder(tmp_path, "abc")
    assert inspect_folder(tmp_path, "missing").image_count == 0
    for name in "abc":
        (tmp_path / "images" / f"{name}.png").write_bytes(b"broken")
        (tmp_path / "cells" / f"{name}.png").write_bytes(b"broken")
    save(tmp_path / "images" / "a.tif.png", noise(1))
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "splits").write_text("a file, no folder")
    found = inspect_folder(tmp_path)
    assert found.image_count == 4
    assert [(item.name, item.kind) for item in found.classes] == [("cells", "unreadable")]
    assert inspect_folder(tmp_path / "splits").images is None


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        (
            "ldc_livedead",
            {"alive": "binary", "dead": "binary", "objects": "objects", "position": "binary"},
        ),
        (
            "dsb2018_fluo256",
            {
                "derived_bright": "binary",
                "derived_dim": "binary",
                "nuclei": "binary",
                "objects": "objects",
                "position": "binary",
            },
        ),
        ("suim_sample", {"classes": "classes"}),
    ],
)
def test_real_folders(shared: Path, name: str, kinds: dict[str, str]) -> None:
    found = inspect_folder(shared / "data" / name)
    assert {item.name: item.kind for item in found.classes} == kinds
    assert all(item.matched == found.image_count for item in found.classes)


def test_palettes_of_masks_and_of_class_ids(tmp_path: Path) -> None:
    for name, number in zip("abcd", range(4), strict=True):
        save(tmp_path / "images" / f"{name}.png", noise(number, (60, 80)))
        soft = ndimage.gaussian_filter(np.kron(square(3, number, (20, 27)), np.ones((3, 3))), 1)
        soft = soft[:, :80].astype(np.uint8)
        for folder, pixels in (("soft", soft), ("regions", regions(number))):
            (tmp_path / folder).mkdir(exist_ok=True)
            picture = Image.fromarray(pixels)
            if folder == "soft":
                picture = picture.quantize(8)
            else:
                picture = picture.convert("P")
                picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])
            picture.save(tmp_path / folder / f"{name}.png")
    found = inspect_folder(tmp_path)
    assert {item.name: item.kind for item in found.classes} == {
        "soft": "binary",
        "regions": "classes",
    }


def test_many_objects_are_told_from_classes_quickly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = np.zeros((200, 200), np.uint16)
    numbers[::10, ::10] = np.arange(1, 401).reshape(20, 20)
    save(tmp_path / "images" / "a.png", noise(1, numbers.shape))
    save(tmp_path / "cells" / "a.png", ndimage.maximum_filter(numbers, 5))
    looked_at: list[int] = []
    label = ndimage.label

    def counting(mask: np.ndarray, *how: object) -> object:
        looked_at.append(mask.size)
        return label(mask, *how)

    monkeypatch.setattr(ndimage, "label", counting)
    (found,) = inspect_folder(tmp_path).classes
    assert found.kind == "objects"
    assert sum(looked_at) < 10 * numbers.size
