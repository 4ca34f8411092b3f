from __future__ import annotations

from pathlib import Path

import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects import PlaceRow, read_places, write_places

ROWS = [
    PlaceRow("a", 0, 3.25, 1 / 3, ("alive", "dead")),
    PlaceRow("b-2", 17, 0.0, 511.5, ("position",), "done"),
    PlaceRow("b-2", 18, 4.0, 5.0, (), "skipped"),
]


def test_rows_are_read_as_written(tmp_path: Path) -> None:
    assert read_places(tmp_path) == []
    for rows in (ROWS, ROWS[:1], []):
        write_places(tmp_path, rows)
        assert read_places(tmp_path) == rows
    assert (tmp_path / "places.csv").read_text().startswith("image,frame,y,x,class,state")


@pytest.mark.parametrize(
    ("old", "new"), [("done", "lost"), ("17", "first"), ("511.5", ""), ("frame", "number")]
)
def test_damaged_rows_are_named(tmp_path: Path, old: str, new: str) -> None:
    write_places(tmp_path, ROWS)
    path = tmp_path / "places.csv"
    path.write_text(path.read_text().replace(old, new))
    row = 1 if old == "frame" else 2
    with pytest.raises(InputError, match=rf"places\.csv: row {row} is no place"):
        read_places(tmp_path)
