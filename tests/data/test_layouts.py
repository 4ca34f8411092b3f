"""Which published data set lies in a folder or ZIP, and reading it by its name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from dataset_files import make_folder, noise, save

from napari_inconsistency_masks.data.origin import PUBLISHED
from napari_inconsistency_masks.data.published.layouts import (
    layouts,
    load_published,
    recognize,
    recognized,
    titles,
)
from napari_inconsistency_masks.errors import InputError


@pytest.mark.parametrize("kind", PUBLISHED)
def test_each_sign_is_recognized(kind: str, tmp_path: Path) -> None:
    for number, sign in enumerate(layouts()[kind].signs):
        root = tmp_path / str(number)
        save(root / sign / "a.png", noise(1))
        packed = shutil.make_archive(str(root), "zip", root)
        assert recognize(root) == recognize(packed) == kind
        inside = tmp_path / f"downloads{number}"
        inside.mkdir()
        shutil.move(packed, inside)
        assert recognize(inside) == kind
    assert layouts()[kind].title in titles()
    assert layouts()[kind].title in recognized(kind)


def test_a_folder_of_ones_own_is_none_of_them(tmp_path: Path) -> None:
    assert recognize(make_folder(tmp_path)) is None
    (tmp_path / "notes.zip").write_bytes(b"no archive at all")
    assert recognize(tmp_path) is None


def test_a_path_that_is_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder or file"):
        recognize(tmp_path / "missing")
    make_folder(tmp_path / "cells")
    packed = shutil.make_archive(str(tmp_path / "cells"), "zip", tmp_path / "cells")
    with pytest.raises(InputError, match=r"cells\.zip: .* none of the published .*ISIC 2018"):
        recognize(packed)
    save(tmp_path / "one.png", noise(1))
    with pytest.raises(InputError, match=r"one\.png: give a folder or a ZIP archive"):
        recognize(tmp_path / "one.png")


@pytest.mark.parametrize("kind", PUBLISHED)
def test_an_option_it_does_not_have_is_refused(kind: str, tmp_path: Path) -> None:
    title = layouts()[kind].title
    with pytest.raises(InputError, match=f"{title} data set, .* leave masks, validation out"):
        load_published(kind, tmp_path, {"masks": "x", "validation": 0.5, "labeled": 0.1})
    with pytest.raises(InputError, match=f"of the {title} data set is missing"):
        load_published(kind, tmp_path, {"labeled": 0.1})


def test_a_copy_of_one_below_does_not_make_a_folder_of_ones_own_that(tmp_path: Path) -> None:
    own = make_folder(tmp_path / "own")
    for number, sign in enumerate(layouts()["suim"].signs):
        save(own / "downloads" / "suim" / sign / "a.png", noise(number))
    shutil.make_archive(str(own / "suim"), "zip", own / "downloads" / "suim")
    assert recognize(own) is None
    (own / "images").rename(own / "elsewhere")
    assert recognize(own) == "suim"  # so that the copy could have been met
    for image in (own / "elsewhere").iterdir():
        image.rename(own / image.name)
    assert recognize(own) is None  # images beside their masks
    save(own / "train_val" / "images" / "a.png", noise(1))
    assert recognize(own) == "suim"


def test_an_empty_folder_for_images_is_none(tmp_path: Path) -> None:
    """As in a tree of folders with ``raw`` for what was downloaded."""
    save(tmp_path / "raw" / "train_val" / "images" / "a.png", noise(1))
    save(tmp_path / "overview.png", noise(2))
    assert recognize(tmp_path) == "suim"


def test_the_current_folder_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    with pytest.raises(InputError, match=r"^mine: this is read as .*--layout folder"):
        load_published("suim", ".", {"masks": "x"})
    for kind in PUBLISHED:
        with pytest.raises(InputError, match=r"^mine: the folder .* is missing"):
            load_published(kind, ".", {})
