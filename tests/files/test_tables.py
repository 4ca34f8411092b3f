from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tables import iterate_csv, read_csv, write_csv


@dataclass(frozen=True)
class Count:
    image: str
    alive: int
    error: float | None


def test_dataclasses(tmp_path: Path) -> None:
    rows = [Count("a", 3, 0.1), Count("ü, b", -2, None), Count("c", 0, math.nan)]
    write_csv(tmp_path / "t.csv", rows, ["image", "error", "alive"])
    assert (tmp_path / "t.csv").read_bytes() == (
        'image,error,alive\r\na,0.1,3\r\n"ü, b",,-2\r\nc,,0\r\n'.encode()
    )
    assert read_csv(tmp_path / "t.csv")[1] == {"image": "ü, b", "error": "", "alive": "-2"}


def test_values(tmp_path: Path) -> None:
    row = {"a": np.float32(0.5), "b": np.int64(-7), "c": np.bool_(True), "d": False, "e": 1e-9}
    write_csv(tmp_path / "t.csv", [row], list("abcde"))
    assert read_csv(tmp_path / "t.csv") == [
        {"a": "0.5", "b": "-7", "c": "true", "d": "false", "e": "1e-09"}
    ]


@pytest.mark.parametrize("text", ["=1+1", "+x", "-2+1", "-x", "@SUM(A1)", "\t=1", "'=1", "''=1"])
def test_text_is_never_a_formula(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path / "t.csv", [{"name": text, text: 1}], ["name", text])
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        for cell in [cell for line in csv.reader(file) for cell in line]:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert read_csv(tmp_path / "t.csv") == [{"name": text, text: "1"}]


def test_negative_numbers_stay_numbers_when_a_table_is_copied(tmp_path: Path) -> None:
    numbers = {"a": -2, "b": -0.13, "c": -1e-9, "d": -2e30}
    write_csv(tmp_path / "t.csv", [numbers], list(numbers))
    write_csv(tmp_path / "copy.csv", read_csv(tmp_path / "t.csv"), list(numbers))
    assert (tmp_path / "copy.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()
    assert b"'" not in (tmp_path / "copy.csv").read_bytes()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]))] * 2)))
def test_any_text_comes_back(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    table = [{"a": a, "b": b} for a, b in rows]
    write_csv(tmp_path / "t.csv", table, ["a", "b"])
    assert read_csv(tmp_path / "t.csv") == table


def test_half_characters_of_file_names_become_escapes(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"a": "x\udcff\n"}], ["a"])
    assert read_csv(tmp_path / "t.csv") == [{"a": "x\\udcff\n"}]


def test_missing_column_and_ragged_row(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 2 lacks b"):
        write_csv(tmp_path / "t.csv", [{"a": 1, "b": 2}, {"a": 1}], ["a", "b"])
    assert not (tmp_path / "t.csv").exists()
    (tmp_path / "t.csv").write_text("a,b\n1\n")
    with pytest.raises(InputError, match=r"t\.csv: row 1 has 1 cells and the header 2"):
        read_csv(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_bytes(b"a\n\xff\n")
    with pytest.raises(InputError, match=r"t\.csv: no valid CSV"):
        read_csv(tmp_path / "t.csv")


def test_empty_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [], ["a"])
    assert read_csv(tmp_path / "t.csv") == []


def test_language_of_the_computer_makes_no_difference(tmp_path: Path) -> None:
    code = (
        "import sys; from napari_inconsistency_masks.files.tables import write_csv\n"
        "write_csv(sys.argv[1], [{'name': 'Z\\xe4hler', 'value': 1.5}], ['name', 'value'])\n"
    )
    for language in ("C", "de_DE.UTF-8", "tr_TR.UTF-8"):
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / f"{language}.csv"],
            env={**os.environ, "LC_ALL": language, "PYTHONUTF8": "0"},
            check=True,
        )
        assert read_csv(tmp_path / f"{language}.csv") == [{"name": "Zähler", "value": "1.5"}]


def test_semicolons_between_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('image;y\r\n"a;b";1,5\r\nc,d;2\r\n')
    assert read_csv(path) == [{"image": "a;b", "y": "1,5"}, {"image": "c,d", "y": "2"}]


@pytest.mark.parametrize("text", ["a;b\nc\n", '"a;b"\n1;2\n', "a;b\n1;2\n3;4;5\n", "a;b,c\n1,2\n"])
def test_semicolons_that_may_be_part_of_a_cell_are(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert all(";" in name or name == "c" for row in read_csv(tmp_path / "t.csv") for name in row)


def test_a_table_that_excel_saved_is_read_in_every_way(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"image": "ä", "count": 1}], ("image", "count"))
    saved = (tmp_path / "t.csv").read_bytes()
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + saved)
    expected = [{"image": "ä", "count": "1"}]
    assert read_csv(tmp_path / "t.csv") == list(iterate_csv(tmp_path / "t.csv")) == expected
