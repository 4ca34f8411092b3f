from __future__ import annotations

from pathlib import Path

import pytest

from napari_inconsistency_masks.data.folders.split_lists import SplitLists, read_split_lists
from napari_inconsistency_masks.errors import InputError

NAMES = ["a", "b", "c", "d.2", "é"]


def write(root: Path, **lists: str) -> Path:
    (root / "splits").mkdir()
    for name, text in lists.items():
        (root / "splits" / f"{name}.txt").write_bytes(text.encode())
    return root


def test_lists(tmp_path: Path) -> None:
    write(
        tmp_path,
        train="a\r\n\r\n  b.png \n",
        validation="\ufeffd.2\n",
        Test="images/c.TIF",
        labelled_10pct="a",
        unlabelled_90pct="b",
        notes="whatever",
    )
    assert read_split_lists(tmp_path, NAMES) == SplitLists(
        train=frozenset("ab"),
        validation=frozenset({"d.2"}),
        test=frozenset("c"),
        labeled=frozenset("a"),
        unlabeled=frozenset("b"),
    )


def test_accents_of_both_spellings(tmp_path: Path) -> None:
    write(tmp_path, val="e\u0301.png")
    lists = read_split_lists(tmp_path, NAMES)
    assert lists is not None
    assert lists.validation == frozenset({"é"})


def test_no_lists(tmp_path: Path) -> None:
    assert read_split_lists(tmp_path, NAMES) is None
    (tmp_path / "splits").mkdir()
    assert read_split_lists(tmp_path, NAMES) is None


def test_unknown_names(tmp_path: Path) -> None:
    write(tmp_path, train="a\nx\ny.png\nz\nq\n")
    with pytest.raises(InputError, match=r"splits/train\.txt: .* named x, y\.png, z and 1 more"):
        read_split_lists(tmp_path, NAMES)


@pytest.mark.parametrize(
    "lists",
    [
        {"train": "a", "val": "a"},
        {"train": "a", "test": "a"},
        {"val": "a", "test": "a"},
        {"labeled": "a", "unlabeled": "a"},
        {"labeled": "a", "test": "a"},
        {"unlabeled": "a", "val": "a"},
    ],
)
def test_name_in_two_lists(tmp_path: Path, lists: dict[str, str]) -> None:
    write(tmp_path, **lists)
    with pytest.raises(InputError, match="splits: a would be in both"):
        read_split_lists(tmp_path, NAMES)


def test_several_lists_of_labeled_images(tmp_path: Path) -> None:
    write(tmp_path, labeled_5="a", labeled_10="a\nb", unlabeled_5="b\nc")
    with pytest.raises(InputError, match=r"labeled_10\.txt, labeled_5\.txt all say"):
        read_split_lists(tmp_path, NAMES)
    for name in ("labeled_10", "labeled_10.txt"):
        lists = read_split_lists(tmp_path, NAMES, labeled=name)
        assert lists == SplitLists(labeled=frozenset("ab"))
    with pytest.raises(InputError, match="'labeled_7': there is no such list"):
        read_split_lists(tmp_path, NAMES, labeled="labeled_7")


def test_list_that_is_no_text(tmp_path: Path) -> None:
    write(tmp_path, train="a")
    (tmp_path / "splits" / "train.txt").write_bytes(b"\xff\xfea")
    with pytest.raises(InputError, match=r"train\.txt: no UTF-8 text"):
        read_split_lists(tmp_path, NAMES)


def test_a_list_that_powershell_wrote(tmp_path: Path) -> None:
    write(tmp_path, train="a")
    (tmp_path / "splits" / "train.txt").write_bytes("a\r\nb.tif\r\n".encode("utf-16"))
    assert read_split_lists(tmp_path, NAMES) == SplitLists(train=frozenset("ab"))
