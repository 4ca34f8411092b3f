"""What files of a project are for: switched as a whole, and never so that nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_steps import Steps, make_project

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects import ImageEntry, ImageStatus
from napari_inconsistency_masks.projects.content import Fingerprint, SplitName
from napari_inconsistency_masks.widgets.correcting.keys import SPLIT_KEY
from napari_inconsistency_masks.widgets.pages.project_page import ProjectPage
from napari_inconsistency_masks.widgets.project.splits import (
    ONE_LABELED,
    check_split,
    other_split,
    remark,
    told,
)

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


def row(name: str, labeled: int, split: SplitName | None = None, frames: int = 3) -> ImageStatus:
    entry = ImageEntry(
        id=name,
        path=f"{name}.tif",
        frames=frames,
        size=(4, 4),
        fingerprint=Fingerprint(bytes=1, sha256=name),
        split=split,
    )
    return ImageStatus(entry, Path(f"{name}.tif"), True, labeled, 0, None)


def test_the_key_goes_back_and_forth() -> None:
    rows = [row("a", 1), row("b", 1, "validation"), row("c", 1, "train")]
    assert [other_split(rows, name) for name in "abc"] == ["validation", "train", "validation"]


def test_one_labeled_file_is_not_given_away() -> None:
    rows = [row("a", 2), row("b", 0)]
    assert remark(rows) == ONE_LABELED
    with pytest.raises(InputError, match="validation would be on that file too"):
        check_split(rows, "a", "validation")
    check_split(rows, "a", "train")
    check_split(rows, "b", "validation")


def test_something_is_left_to_learn_from() -> None:
    rows = [row("a", 2), row("b", 1, "validation")]
    with pytest.raises(InputError, match=r"a\.tif is the last labeled file to learn from"):
        check_split(rows, "a", "validation")
    check_split([*rows, row("c", 1)], "a", "validation")


def test_it_is_said_when_nothing_is_set_aside() -> None:
    assert remark([row("a", 1, "train"), row("b", 1, "train")]).startswith("Every labeled file")
    assert remark([row("a", 1, "train"), row("b", 1)]) == ""
    assert remark([row("a", 1), row("b", 1, "validation")]) == ""
    assert remark([row("a", 0)]) == ""


def test_all_frames_of_a_stack_are_named() -> None:
    assert told("a.tif", row("a", 1), "validation") == (
        "a.tif, with all its 3 frames, is for validation now."
    )
    assert told("a.png", row("a", 1, frames=1), "train") == "a.png is for training now."


def test_the_key_switches_the_open_file(tmp_path: Path, session, viewer, qtbot) -> None:  # type: ignore[no-untyped-def]
    steps = Steps(session, qtbot)
    folder = make_project(tmp_path / "data")
    page = ProjectPage(session)
    qtbot.addWidget(page)
    press = viewer.keymap[next(key for key in viewer.keymap if str(key) == SPLIT_KEY)]
    said: list[str] = []
    session.refused.connect(said.append)
    press(viewer)
    assert said.pop().startswith("Only files of a project")
    steps.open_project(folder)
    for image_id in ("one", "two"):
        steps.open(image_id)
        steps.paint("alive", 1, 5, 7)
        steps.settle()
    press(viewer)
    steps.settle()
    assert steps.project.data.project.image("two").split == "validation"
    assert session.status.sentence == "two.tif, with all its 3 frames, is for validation now."
    assert [cells[-1] for cells in page.files.table.rows] == ["auto", "valid."]
    steps.open("one")
    press(viewer)
    assert said.pop().startswith("one.tif is the last labeled file to learn from")
    steps.settle()
    assert steps.project.data.project.image("one").split is None
