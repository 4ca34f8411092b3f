from __future__ import annotations

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_inconsistency_masks.files.names import (
    about,
    composed,
    display_name,
    folder_name,
    is_device,
    listed,
)


def test_folder_and_name() -> None:
    assert display_name("/data/set/alive/a.png") == "alive/a.png"
    assert display_name(PurePath("a.png")) == "a.png"
    assert about("alive/a.png", "broken.") == "alive/a.png: broken."


def test_long_names_are_cut_in_the_middle() -> None:
    name = display_name("f" * 100 + "/" + "a" * 200 + ".tif")
    assert len(name) <= 90
    assert name.endswith(".tif")
    assert name.startswith("ffff")


@given(st.text(min_size=1), st.text())
def test_always_one_short_printable_line(name: str, reason: str) -> None:
    sentence = about(PurePath(name), reason)
    assert len(sentence) <= 200
    assert sentence.isprintable()
    sentence.encode()


def test_folders_have_a_name_however_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plates" / "one").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "plates" / "one")
    assert folder_name(".") == folder_name(Path()) == "one"
    assert folder_name("..") == folder_name("../../plates/") == "plates"
    assert folder_name("/") == "/"


def test_more_folders_can_be_named() -> None:
    assert about("/data/val/dead/a.png", "damaged.", depth=3) == "val/dead/a.png: damaged."


@pytest.mark.parametrize("name", ["con", "NUL", "Aux.tif", "com1", "LPT9.ome.tif", "nul .txt"])
def test_names_of_devices(name: str) -> None:
    assert is_device(name)


@pytest.mark.parametrize("name", ["console", "com0", "com10", "a.con", "null", "", "my aux"])
def test_names_of_files(name: str) -> None:
    assert not is_device(name)


def test_one_name_however_its_letters_are_stored() -> None:
    assert composed("Zelle_a\u0308") == composed("Zelle_\u00e4") == "Zelle_\u00e4"


def test_of_many_names_the_first_are_listed() -> None:
    assert listed(["a"]) == "a"
    assert listed(list("abcde")) == "a, b, c and 2 more"
