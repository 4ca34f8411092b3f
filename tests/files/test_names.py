from __future__ import annotations

from pathlib import PurePath

from hypothesis import given
from hypothesis import strategies as st

from napari_inconsistency_masks.files.names import about, display_name


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
