"""What a refusal of a folder, a name or a list of images suggests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_inconsistency_masks.batch import list_images
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.errors import InputError, close_to, meant
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.plans import find_preset, find_recipe


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Two images, with a mask of the class alive."""
    folder = tmp_path / "cells"
    for name in ("images/a", "images/b", "alive/a"):
        path = folder / f"{name}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tiff(path, np.arange(256, dtype=np.uint8).reshape(16, 16), "YX")
    return folder


def refusal_of(cells: Path, *classes: str) -> str:
    with pytest.raises(InputError) as refused:
        load_folder(cells, classes=classes)
    return str(refused.value)


def test_masks_with_other_names_than_the_images_are_shown(cells: Path) -> None:
    (cells / "dead").mkdir()
    (cells / "alive" / "a.tif").rename(cells / "dead" / "cell 7.tif")
    assert refusal_of(cells, "dead") == (
        "cells: no mask of 'dead' is named like an image: there are dead/cell 7.tif and such, and "
        "images like a.tif; give each mask the name of its image."
    )


def test_masks_that_are_named_almost_like_the_images_are_shown(cells: Path) -> None:
    (cells / "alive" / "a.tif").rename(cells / "alive" / "a_mask.tif")
    assert "alive/a_mask.tif is not called like a.tif" in refusal_of(cells, "alive")


def test_an_empty_folder_is_no_folder_of_masks(cells: Path) -> None:
    (cells / "dead").mkdir()
    assert "there is no folder with masks named dead; there are alive." in refusal_of(cells, "dead")


def test_the_class_that_was_meant_is_named(cells: Path) -> None:
    assert "named alife (did you mean 'alive' instead of 'alife'?)" in refusal_of(cells, "alife")


def test_recipes_and_presets_that_were_meant_are_named() -> None:
    with pytest.raises(InputError, match=r"no recipe 'imm'; did you mean 'im'\?$"):
        find_recipe("imm")
    with pytest.raises(InputError, match=r"no preset 'Qick'; did you mean 'quick'\?$"):
        find_preset("Qick")
    with pytest.raises(InputError, match="no preset 'zzz'; there are quick, standard, paper"):
        find_preset("zzz")


def test_names_are_close_in_any_case() -> None:
    assert close_to("ALIVE", ["dead", "Alive"]) == "Alive"
    assert close_to("zebra", ["dead", "Alive"]) is None
    assert meant("zebra", ["dead", "Alive"]) == "there are dead, Alive."


@pytest.mark.parametrize(
    ("glob", "said"),
    [
        ("*.png", r"of the pattern '\*.png' here; there are 2 files with other names, such as "),
        (None, "here; give images as TIFF, PNG, JPEG, BMP or Zarr"),
    ],
)
def test_images_that_are_not_found_are_explained(
    cells: Path, tmp_path: Path, glob: str | None, said: str
) -> None:
    folder = cells / "images"
    if glob is None:
        for path in folder.iterdir():
            path.rename(path.with_suffix(".txt"))
    with pytest.raises(InputError, match=said):
        list_images([folder], glob=glob, out=tmp_path / "out")
    with pytest.raises(InputError, match=r"^No images are given"):
        list_images([], out=tmp_path / "out")
