from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files import json_files
from napari_inconsistency_masks.files.atomic import append_line, write_json
from napari_inconsistency_masks.files.json_files import (
    iterate_json_lines,
    read_json,
    read_json_lines,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_round_trip(tmp_path: Path, value: object) -> None:
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value


def test_file_name_that_is_no_text_comes_back(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", ["x\udce9.png"])
    assert read_json(tmp_path / "a.json") == ["x\udce9.png"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[NaN]",
        b"[-Infinity]",
        b"[1e999]",
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b"1" * 5_000,
        b"\xff\xfe",
        b"[1] 2",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_refusals(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"bad\.json: ") as caught:
        read_json(path)
    assert len(str(caught.value)) <= 200


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(tmp_path / "a.json") == [1]


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_json(tmp_path / "missing.json")
    with pytest.raises(InputError, match="not a regular file"):
        read_json(tmp_path)


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")
    assert read_json_lines(path) == []
    path.write_bytes(b'{"a": 1}\n\n{"a": 2}\n{"a"')
    assert read_json_lines(path) == [{"a": 1}, {"a": 2}]
    path.write_bytes(b'{"a": 1}\n{"a"\n{"a": 3}\n')
    with pytest.raises(InputError, match=r"a\.jsonl: line 2: no valid JSON"):
        read_json_lines(path)
    path.write_bytes(b"[1]\n")
    with pytest.raises(InputError, match="line 1: expected a JSON object"):
        read_json_lines(path)


def test_lines_may_be_more_than_a_file_is_allowed_to_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "MAX_BYTES", 100)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 50)
    assert len(read_json_lines(path)) == 50
    path.write_bytes(b'{"a": 1}\n' + b'{"a": "' + b"x" * 100 + b'"}\n')
    with pytest.raises(InputError, match="this is no journal"):
        read_json_lines(path)


def test_lines_are_read_while_another_process_appends_some(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for number in range(3):
        append_line(path, {"n": number})
    lines = iterate_json_lines(path)
    read = [next(lines)["n"]]
    append_line(path, {"n": 3, "long": "x" * 20_000})
    read += [line["n"] for line in lines]
    assert read == [0, 1, 2], "those that were there in the beginning"


def test_lines_that_are_removed_while_they_are_read_are_missed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for number in range(3):
        append_line(path, {"n": number})
    lines = iterate_json_lines(path)
    next(lines)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="changed while it was being read"):
        list(lines)


def test_json_is_strict_and_keeps_its_order(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": [1, 2.5], "a": "ü"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8").startswith('{\n  "b": [')
    for value in (float("nan"), [float("inf")], {"a": object()}):
        with pytest.raises(InputError, match=r"a\.json: cannot be stored as JSON"):
            write_json(tmp_path / "a.json", value)


def test_append_repairs_a_torn_last_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append_line(path, {"n": 1})
    whole = path.read_bytes()
    append_line(path, {"n": 22})
    both = path.read_bytes()
    for length in range(len(whole), len(both) + 1):
        path.write_bytes(both[:length])
        complete = length >= len(both) - 1  # only the line break is missing, or nothing
        assert [r["n"] for r in read_json_lines(path)] == ([1, 22] if complete else [1])
        append_line(path, {"n": 3})
        assert [r["n"] for r in read_json_lines(path)] == ([1, 22, 3] if complete else [1, 3])


def test_append_after_a_torn_line_longer_than_a_block(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append_line(path, {"n": 1})
    with path.open("ab") as file:
        file.write(b'{"text": "' + b"x" * 10_000)
    append_line(path, {"n": 2})
    assert read_json_lines(path) == [{"n": 1}, {"n": 2}]
