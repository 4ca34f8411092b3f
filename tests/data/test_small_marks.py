"""Marks of positions that are very small are counted, and told before anything is learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from dataset_files import noise, save, square

from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.data.folders.folder import load_folder


def folder_of(root: Path, sides: Sequence[int]) -> Path:
    """Images of 40 x 60 pixels, each with three marks of so many pixels across."""
    for number, side in enumerate(sides):
        save(root / "images" / f"{number}.png", noise(number, (40, 60)))
        save(root / "cells" / f"{number}.png", square(2, number, (40, 60)))
        marks = np.zeros((40, 60), np.uint8)
        for column in (5, 25, 45):
            marks[20 : 20 + side, column : column + side] = 255
        save(root / "position" / f"{number}.png", marks)
    return root


@pytest.mark.parametrize("side", [1, 2, 3])
def test_small_marks_are_counted_and_a_note(tmp_path: Path, side: int) -> None:
    data = load_folder(folder_of(tmp_path, [side, side, 5]), position="position")
    (note,) = [note for note in data.notes if "marks" in note]
    assert note.startswith("position: 6 of 9 marks are less than 4 pixels wide")
    counted = [
        len(find_cells(s.labeled != 0, data.scheme)) for s in (*data.labeled, *data.validation)
    ]
    assert counted == [3] * 3


@pytest.mark.parametrize("sides", [[4] * 3, [5] * 3, [3] + [5] * 9])
def test_marks_that_are_large_need_no_word(tmp_path: Path, sides: list[int]) -> None:
    data = load_folder(folder_of(tmp_path, sides), position="position")
    assert not [note for note in data.notes if "marks" in note]


def test_a_thousand_marks_are_enough_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_inconsistency_masks.data.folders.small_marks.ENOUGH", 6)
    data = load_folder(folder_of(tmp_path, [3] * 5), position="position")
    (note,) = [note for note in data.notes if "marks" in note]
    assert note.startswith("position: 6 of 6 marks")


def test_without_positions_small_objects_are_objects(tmp_path: Path) -> None:
    data = load_folder(folder_of(tmp_path, [1] * 3))
    assert not [note for note in data.notes if "marks" in note]
