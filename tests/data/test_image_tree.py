"""Folders of images, on disk, in a ZIP, and in several ZIPs in a folder."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dataset_files import make_folder, noise, save

from closed_folders import close
from napari_inconsistency_masks.data.published.image_tree import ImageTree, open_tree
from napari_inconsistency_masks.data.published.layouts import recognize
from napari_inconsistency_masks.errors import InputError


def make(root: Path) -> Path:
    """Two downloads, each a folder of its own."""
    for city in ("bonn", "aachen"):
        save(root / "pictures" / "train" / city / f"{city}_1.png", noise(1))
        save(root / "labels" / "train" / city / f"{city}_1_ids.png", noise(2))
    (root / "pictures" / "train" / ".hidden").mkdir()
    return root


def zip_each(root: Path, where: Path) -> Path:
    """Each folder in `root` as a ZIP archive in `where`."""
    where.mkdir(parents=True, exist_ok=True)
    for folder in sorted(root.iterdir()):
        shutil.make_archive(str(where / f"{folder.name}_v1"), "zip", root, folder.name)
    return where


@pytest.fixture(params=["folder", "one zip", "zips in a folder", "zips below"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> ImageTree:
    root = make(tmp_path / "data")
    if request.param == "folder":
        return open_tree(root)
    if request.param == "one zip":
        return open_tree(shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path, "data"))
    below = "original_data" if request.param == "zips below" else "."
    zip_each(root, tmp_path / "packed" / below)
    return open_tree(tmp_path / "packed")


def test_what_is_in_it(tree: ImageTree) -> None:
    pictures, labels = tree.find("pictures/train"), tree.find("labels/train")
    assert pictures is not None
    assert labels is not None
    assert tree.folders(pictures) == ["aachen", "bonn"]
    assert tree.files(pictures) == {}
    files = tree.files(f"{labels}/bonn")
    assert list(files) == ["bonn_1_ids"]
    with tree.open(files["bonn_1_ids"]) as stack:
        np.testing.assert_array_equal(stack[0], noise(2))
    assert tree.find("pictures/val") is None
    assert tree.folders("nowhere") == []
    assert tree.files("nowhere") == {}


def test_folders_go_before_archives(tmp_path: Path) -> None:
    root = make(tmp_path / "data")
    zip_each(root, root)
    tree = open_tree(root)
    assert tree.find("pictures/train") == "pictures/train"
    shutil.rmtree(root / "pictures")
    assert tree.find("pictures/train") == "pictures_v1.zip/pictures/train"
    assert tree.find("labels/train") == "labels/train"


def test_an_archive_without_a_folder_is_like_one_of_its_name(tmp_path: Path) -> None:
    root = make(tmp_path / "data")
    shutil.make_archive(str(tmp_path / "packed" / "pictures"), "zip", root / "pictures")
    tree = open_tree(tmp_path / "packed")
    assert tree.find("pictures/train") == "pictures.zip/train"
    assert tree.folders("pictures.zip/train") == ["aachen", "bonn"]
    assert tree.find("pictures/val") is None
    shutil.make_archive(str(tmp_path / "flat" / "bonn"), "zip", root / "labels" / "train" / "bonn")
    tree = open_tree(tmp_path / "flat")
    found = tree.find("bonn")
    assert found is not None
    with tree.open(tree.files(found)["bonn_1_ids"]) as stack:
        np.testing.assert_array_equal(stack[0], noise(2))


def test_a_download_that_was_cut_off_is_named(tmp_path: Path) -> None:
    root = zip_each(make(tmp_path / "data"), tmp_path / "packed")
    packed = (root / "labels_v1.zip").read_bytes()
    (root / "labels_v1.zip").write_bytes(packed[: len(packed) // 2])
    tree = open_tree(root)
    with pytest.raises(InputError, match=r"labels_v1\.zip: cannot be read"):
        tree.find("labels/train")
    assert tree.find("pictures/train") == "pictures_v1.zip/pictures/train"


def test_damage_inside_an_archive_is_named(tmp_path: Path) -> None:
    root = zip_each(make(tmp_path / "data"), tmp_path / "packed")
    file = "labels/train/aachen/aachen_1_ids.png"
    with zipfile.ZipFile(root / "labels_v1.zip") as archive:
        start = archive.getinfo(file).header_offset + 30 + len(file)
    packed = bytearray((root / "labels_v1.zip").read_bytes())
    packed[start + 100] ^= 0xFF
    (root / "labels_v1.zip").write_bytes(packed)
    tree = open_tree(root)
    assert tree.find("labels/train") is not None
    with pytest.raises(InputError, match=r"aachen/aachen_1_ids\.png: cannot be read"):
        tree.open(f"labels_v1.zip/{file}")


def test_extensions_of_archives_may_be_in_capitals(tmp_path: Path) -> None:
    root = zip_each(make(tmp_path / "data"), tmp_path / "packed")
    (root / "labels_v1.zip").rename(root / "labels_v1.ZIP")
    assert open_tree(root).find("labels/train") == "labels_v1.ZIP/labels/train"


@pytest.mark.parametrize("packed", [False, True])
def test_of_a_folder_in_a_folder_of_its_name_the_inner_one_counts(
    tmp_path: Path, packed: bool
) -> None:
    """As Windows unpacks an archive that holds one folder."""
    root = tmp_path / "data"
    save(root / "ids" / "ids" / "a.png", noise(1))
    save(root / "own" / "own" / "a.png", noise(1))
    save(root / "own" / "b.png", noise(1))
    tree = open_tree(shutil.make_archive(str(tmp_path / "all"), "zip", root) if packed else root)
    assert tree.find("ids") == "ids/ids"
    assert tree.find("own") == "own"


def test_what_macos_adds_is_not_searched(tmp_path: Path) -> None:
    save(tmp_path / "__MACOSX" / "pictures" / "._a.png", noise(1))
    save(tmp_path / "z" / "pictures" / "a.png", noise(1))
    tree = open_tree(tmp_path)
    assert tree.find("pictures") == "z/pictures"
    assert tree.folders("") == ["z"]


def test_files_of_one_name_matter_where_they_are(tmp_path: Path) -> None:
    root = make(tmp_path / "data")
    for suffix in ("png", "bmp"):
        save(root / "notes" / f"a.{suffix}", noise(1))
    tree = open_tree(shutil.make_archive(str(tmp_path / "all"), "zip", root))
    assert list(tree.files("pictures/train/bonn")) == ["bonn_1"]
    with pytest.raises(
        InputError, match=r"all\.zip: notes/a\.bmp and notes/a\.png .* same name; .*remove one"
    ):
        tree.files("notes")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for name in ("missing", "missing.zip.part"):
        with pytest.raises(InputError, match=f"{name}: there is no such folder or file"):
            open_tree(tmp_path / name)


def test_a_folder_that_cannot_be_opened_matters_where_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path)
    (tmp_path / "lost").mkdir()
    close(monkeypatch, tmp_path / "lost")
    assert open_tree(tmp_path).find("images") == "images"
    with pytest.raises(InputError, match=r"lost.*cannot be opened \(Permission denied\)"):
        open_tree(tmp_path).find("labels/train")
    assert recognize(tmp_path) is None
    close(monkeypatch, tmp_path)
    for look in (open_tree, recognize):
        with pytest.raises(InputError, match=r"cannot be opened \(Permission denied\)"):
            look(tmp_path / "images")
