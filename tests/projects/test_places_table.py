from __future__ import annotations

import csv
from pathlib import Path

import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import WriteError
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


def test_a_table_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    damaged = [b"image;frame\na;0;1\n", b"\xff\n"]
    path = tmp_path / "places.csv"
    for content in damaged:
        path.write_bytes(content)
        write_places(tmp_path, ROWS)
        assert read_places(tmp_path) == ROWS
    kept = [tmp_path / f"places.csv.damaged{end}" for end in ("", "-2")]
    assert [file.read_bytes() for file in kept] == damaged
    assert sorted(tmp_path.iterdir()) == [path, *kept]


def test_a_table_that_cannot_be_kept_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "places.csv"
    path.write_bytes(b"\xff\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(WriteError, match=r"places\.csv: cannot be read .*in use"):
            write_places(tmp_path, ROWS)
    assert path.read_bytes() == b"\xff\n"


def test_a_table_saved_by_a_german_spreadsheet_is_read(tmp_path: Path) -> None:
    write_places(tmp_path, ROWS)
    path = tmp_path / "places.csv"
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(lines[0])
        writer.writerows([cell.replace(".", ",") for cell in line] for line in lines[1:])
    assert read_places(tmp_path) == ROWS
