"""Typed counts on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.widgets.counting.typed_file import (
    CountedImage,
    change_typed,
    parse_count,
    read_typed,
)
from napari_inconsistency_masks.widgets.layers.frames import guess_axes


def image(data: Any, name: str = "cells", source: str = "") -> CountedImage:
    return CountedImage(name, source, guess_axes(data.shape)[0], data)


@pytest.fixture
def stack() -> Any:
    return np.arange(3 * 6 * 8, dtype=np.uint8).reshape(3, 6, 8)


def test_counts_are_given_back_as_they_were_typed(stack: Any, tmp_path: Path) -> None:
    path = image(stack).path(tmp_path / "new")
    assert read_typed(path) == {}
    change_typed(path, image(stack), {(2, "alive"): 7, (0, "dead"): 0})
    change_typed(path, image(stack), {(2, "alive"): None, (1, "alive"): 3})
    assert read_typed(path) == {(0, "dead"): 0, (1, "alive"): 3}


def test_each_image_has_a_file_of_its_own(stack: Any, tmp_path: Path) -> None:
    other = stack.copy()
    other[2, 0, 0] += 1
    files = [
        image(stack).path(tmp_path),
        image(other).path(tmp_path),
        image(stack[:2]).path(tmp_path),
        image(stack, name="others").path(tmp_path),
        image(stack, source="/a/cells.tif").path(tmp_path),
        image(stack, source="/b/cells.tif").path(tmp_path),
    ]
    assert len({*files}) == len(files)
    assert image(stack.copy()).path(tmp_path) == files[0]
    assert {path.parent for path in files} == {tmp_path}


@pytest.mark.parametrize("name", ["a/b:c*", "", "..", "x" * 300])
def test_any_name_of_a_layer_makes_a_file(name: Any, stack: Any, tmp_path: Path) -> None:
    path = image(stack, name=name).path(tmp_path)
    change_typed(path, image(stack, name=name), {(0, "a"): 1})
    assert path.parent == tmp_path
    assert read_typed(path) == {(0, "a"): 1}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"image": "a", "file": "", "typed": [{"frame": 0, "state": "a", "count": -1}]}',
        '{"image": "a", "file": "", "typed": [{"frame": 0, "state": "a", "count": 1.5}]}',
    ],
)
def test_a_damaged_file_is_named_and_never_replaced(
    content: Any, stack: Any, tmp_path: Path
) -> None:
    path = image(stack).path(tmp_path)
    path.write_text(content)
    with pytest.raises(InputError, match=path.name):
        read_typed(path)
    with pytest.raises(InputError, match=path.name):
        change_typed(path, image(stack), {(0, "a"): 1})
    assert path.read_text() == content


def test_the_file_says_which_image_it_is_about(stack: Any, tmp_path: Path) -> None:
    about = image(stack, source="/a/cells.tif")
    path = about.path(tmp_path)
    change_typed(path, about, {(0, "alive"): 1})
    assert json.loads(path.read_text()) == {
        "image": "cells",
        "file": "/a/cells.tif",
        "typed": [{"frame": 0, "state": "alive", "count": 1}],
    }


@pytest.mark.parametrize(("text", "count"), [("0", 0), (" 12 ", 12), ("007", 7), ("", None)])
def test_what_may_be_typed(text: Any, count: Any) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "1e3", "²", "٣", "1 2", "9" * 20])
def test_anything_else_is_refused_in_a_sentence(text: Any) -> None:
    with pytest.raises(InputError, match="type a whole number, 0 or more"):
        parse_count(text)
