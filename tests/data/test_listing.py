from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from napari_inconsistency_masks.data.folders.listing import list_images
from napari_inconsistency_masks.errors import InputError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"x")


def test_names_and_strays(tmp_path: Path) -> None:
    touch(tmp_path, "b.PNG", "a.tif", "c.d.jpeg")
    touch(tmp_path, "Thumbs.db", ".DS_Store", "._a.tif", ".part-0-1-2.png", "notes.txt", "png")
    (tmp_path / "sub.png").mkdir()
    listing = list_images(tmp_path)
    assert list(listing.files) == ["a", "b", "c.d"]
    assert listing.files["c.d"].name == "c.d.jpeg"
    assert len(listing.strays) == 7


def test_the_extension_of_ome_tiff_has_two_parts(tmp_path: Path) -> None:
    touch(tmp_path, "a.ome.tif", "b.OME.TIFF", "c.ome.btf", "d_mask.ome.tif", "d.ome.tif")
    assert list(list_images(tmp_path).files) == ["a", "b", "d"]


def test_masks_beside_their_image_are_no_images(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "a_mask.png", "b.png", "b_cp_masks.png", "c_mask.png", "seg.png")
    listing = list_images(tmp_path)
    assert list(listing.files) == ["a", "b", "c_mask", "seg"]
    assert set(listing.strays) == {"a_mask.png", "b_cp_masks.png"}


def test_two_files_of_one_name(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "a.tif")
    with pytest.raises(InputError, match=r"a\.png and a\.tif have the same name"):
        list_images(tmp_path)
    assert list_images(tmp_path, strict=False).files["a"].name == "a.png"


@pytest.mark.skipif(sys.getfilesystemencoding() != "utf-8", reason="cannot store such names")
def test_accents_of_both_spellings_meet(tmp_path: Path) -> None:
    touch(tmp_path, "e\u0301.png")
    assert list(list_images(tmp_path).files) == ["é"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_and_broken_links_are_strays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    assert list_images(tmp_path).files == {}
    assert len(list_images(tmp_path).strays) == 2
