from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks.data.folders.groups import Groups, assign
from napari_inconsistency_masks.data.folders.pairing import Pair
from napari_inconsistency_masks.data.folders.split_lists import SplitLists
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.header import ImageHeader

HEADER = ImageHeader(shape=(4, 4), axes="YX", dtype=np.dtype(np.uint8))


def pairs(labeled: str, unlabeled: str = "") -> dict[str, Pair]:
    return {
        name: Pair(name, Path(name), (Path(name),) if name in labeled else (), HEADER)
        for name in sorted(labeled + unlabeled)
    }


def run(given: dict[str, Pair], lists: SplitLists | None = None, **options: Any) -> Groups:
    defaults = {"labeled": None, "validation": 0.2, "test": 0.0, "seed": 0}
    return assign(given, lists, **(defaults | options))


def joined(groups: Groups) -> dict[str, str]:
    names = ("labeled", "unlabeled", "hidden", "validation", "test")
    return {name: "".join(getattr(groups, name)) for name in names}


def test_random_split_keeps_unlabeled_images_for_training() -> None:
    groups = run(pairs("abcdefghij", "xyz"), test=0.1)
    assert [len(groups.labeled), len(groups.validation), len(groups.test)] == [7, 2, 1]
    assert joined(groups)["unlabeled"] == "xyz"
    assert groups.hidden == ()
    assert not groups.validation_is_training
    everything = [*groups.labeled, *groups.validation, *groups.test]
    assert sorted(everything) == list("abcdefghij")


def test_labeled_hides_the_other_masks() -> None:
    groups = run(pairs("abcdefghij", "xyz"), labeled=2)
    assert len(groups.labeled) == 2
    assert len(groups.validation) == 2
    assert len(groups.hidden) == 6
    assert set(groups.unlabeled) == {*groups.hidden, *"xyz"}


def test_lists_are_obeyed() -> None:
    lists = SplitLists(
        train=frozenset("abcd"),
        validation=frozenset("ef"),
        test=frozenset("g"),
        labeled=frozenset("ab"),
    )
    groups = run(pairs("abcefgh", "d"), lists)
    assert joined(groups) == {
        "labeled": "ab",
        "unlabeled": "cd",
        "hidden": "c",
        "validation": "ef",
        "test": "g",
    }
    assert groups.notes == ("In none of the lists, so left out: h.",)
    assert joined(run(pairs("abcefgh", "d"), lists, labeled=1.0))["labeled"] == "abc"
    assert joined(run(pairs("abcefgh", "d"), lists, labeled=["c"]))["labeled"] == "c"


def test_lists_of_some_groups_leave_the_rest_open() -> None:
    groups = run(pairs("abcdefghij"), SplitLists(test=frozenset("ab")), test=0.5)
    assert joined(groups)["test"] == "ab"
    assert len(groups.validation) == 2
    groups = run(pairs("abcdefghij"), SplitLists(validation=frozenset("ab")), test=0.5)
    assert joined(groups)["validation"] == "ab"
    assert groups.test == ()
    groups = run(pairs("abcde"), SplitLists(unlabeled=frozenset("abc")))
    assert set(groups.unlabeled) == set("abc") - set(groups.validation)


def test_held_out_images_without_masks_are_not_used() -> None:
    lists = SplitLists(validation=frozenset("bx"), test=frozenset("y"))
    groups = run(pairs("abc", "xy"), lists)
    assert joined(groups)["validation"] == "b"
    assert joined(groups)["unlabeled"] == ""
    assert groups.notes == (
        "Without masks, so not used for validation: x.",
        "Without masks, so not used for test: y.",
    )


@pytest.mark.parametrize("options", [{}, {"validation": 0.0}, {"validation": 0.9}])
def test_one_labeled_image_validates_itself(options: dict[str, float]) -> None:
    groups = run(pairs("a", "xyz"), **options)
    assert groups.labeled == groups.validation == ("a",)
    assert groups.validation_is_training
    assert "scores are too good" in groups.notes[0]


def test_two_and_three_labeled_images() -> None:
    for names in ("ab", "abc"):
        groups = run(pairs(names))
        assert len(groups.validation) == 1
        assert not groups.validation_is_training


def test_no_validation_wanted() -> None:
    groups = run(pairs("abc"), validation=0.0)
    assert groups.validation_is_training
    assert groups.validation == groups.labeled == tuple("abc")


def test_nothing_labeled() -> None:
    with pytest.raises(InputError, match="No image for training has labels"):
        run(pairs("", "abc"))
    with pytest.raises(
        InputError, match="Named as labeled, but without masks or not for training: x"
    ):
        run(pairs("abc", "x"), SplitLists(labeled=frozenset("x")))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by_list", [True, False])
def test_images_named_as_labeled_stay_labeled(seed: int, by_list: bool) -> None:
    lists = SplitLists(labeled=frozenset("ab")) if by_list else None
    labeled = None if by_list else ["a", "b"]
    groups = run(pairs("abcdef"), lists, labeled=labeled, seed=seed)
    assert joined(groups)["labeled"] == "ab"
    assert len(groups.validation) == 1
    groups = run(pairs("ab", "xyz"), lists, labeled=labeled, seed=seed)
    assert len(groups.labeled) == len(groups.validation) == 1
