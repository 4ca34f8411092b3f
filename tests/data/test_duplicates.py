from __future__ import annotations

from pathlib import Path

import pytest

from napari_inconsistency_masks.data.folders.duplicates import refuse_duplicates
from napari_inconsistency_masks.errors import InputError


def write(folder: Path, **contents: bytes) -> dict[str, Path]:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in contents}


def test_same_content_in_two_groups(tmp_path: Path) -> None:
    files = write(tmp_path, a=b"1", b=b"2", c=b"1")
    with pytest.raises(InputError, match=r"a \(training\) and c \(test\) are the same image"):
        refuse_duplicates({"training": [files["a"], files["b"]], "test": [files["c"]]})
    refuse_duplicates({"training": [files["a"], files["c"]], "test": [files["b"]]})


def test_files_that_differ_late(tmp_path: Path) -> None:
    long = bytes(200_000)
    files = write(tmp_path, a=long + b"1", b=long + b"2", c=long + b"1")
    refuse_duplicates({"training": [files["a"]], "test": [files["b"]]})
    with pytest.raises(InputError, match="same image"):
        refuse_duplicates({"training": [files["a"], files["b"]], "test": [files["c"]]})


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone: this file does not exist"):
        refuse_duplicates({"training": [tmp_path / "gone"]})
