"""What is drawn on a file of a project is saved as it is drawn, however it came there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image
from project_steps import CELLS, SIZE, Steps, make_project, write_stack

from napari_inconsistency_masks.projects import FrameLabels, Project
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


@pytest.fixture
def told(session: Session) -> list[str]:
    """What a person is told that did not work."""
    sentences: list[str] = []
    session.refused.connect(sentences.append)
    return sentences


def save_position(folder: Path, state: str) -> None:
    """A position on frame 1 of ``one.tif``."""
    empty = {name: np.zeros(SIZE, bool) for name in CELLS.states}
    labels = FrameLabels(SIZE, empty, positions=np.array([[3.5, 4.5]]), states=(state,))
    Project.open(folder).write_frame("one", 1, labels)


@pytest.mark.parametrize("then", ["stroke", "another file"])
def test_layers_made_in_place_of_removed_ones_empty_nothing(
    steps: Steps, session: Session, viewer: ViewerModel, then: str
) -> None:
    steps.open("one")
    for frame in (1, 2):
        steps.paint("dead", frame, 8, 7)
    steps.settle()
    viewer.layers.remove(steps.layer("dead"))
    add_missing_layers(session.layer_data)
    assert not steps.layer("dead").data.any()
    if then == "stroke":
        steps.paint("alive", 1, 6, 7)
        steps.settle()
    else:
        steps.open("two")
    for frame in (1, 2):
        assert steps.saved("one", frame).masks["dead"][8, 7]
    steps.open("one")
    assert np.argwhere(steps.layer("dead").data).tolist() == [[1, 8, 7], [2, 8, 7]]
    steps.paint("dead", 2, 9, 7)
    steps.settle()
    assert steps.saved("one", 2).masks["dead"][9, 7], "opened again, strokes are saved again"


def test_what_another_plugin_writes_is_saved_before_the_next_file(steps: Steps) -> None:
    """It changes the array and has the layer shown anew, which tells of no stroke."""
    steps.open("one")
    layer = steps.layer("alive")
    layer.data[1, 5, 7] = 1
    layer.refresh()
    steps.open("two")
    assert np.argwhere(steps.saved("one", 1).masks["alive"]).tolist() == [[5, 7]]


def test_numbers_of_objects_come_back_with_their_file(steps: Steps) -> None:
    steps.open("one")
    layer = steps.layer("alive")
    layer.data = layer.data.astype(np.uint16)
    layer.data[1, 4:7, 2:5], layer.data[1, 4:7, 5:8] = 1, 700  # they touch
    layer.data[2, 4, 4] = 3
    drawn = layer.data.copy()
    layer.refresh()
    steps.open("two")
    assert not steps.layer("alive").data.any()
    steps.open("one")
    np.testing.assert_array_equal(steps.layer("alive").data[1], drawn[1])
    np.testing.assert_array_equal(steps.layer("alive").data[2] > 0, drawn[2] > 0)
    steps.paint("alive", 1, 9, 9)
    steps.settle()
    saved = steps.saved("one", 1).masks["alive"]
    assert set(np.unique(saved)) >= {1, 700}


def test_states_said_of_saved_positions_are_saved(steps: Steps, folder: Path) -> None:
    save_position(folder, "alive")
    steps.open("one")
    steps.layer("position").features = {"state": ["dead"]}
    steps.open("two")
    assert steps.saved("one", 1).states == ("dead",)


def test_states_are_saved_as_soon_as_they_are_said(steps: Steps, folder: Path) -> None:
    save_position(folder, "alive")
    steps.open("one")
    steps.layer("position").features = {"state": ["dead"]}
    steps.settle()
    assert steps.saved("one", 1).states == ("dead",)


def test_a_file_without_positions_follows_one_whose_positions_have_states(
    steps: Steps, folder: Path, viewer: ViewerModel
) -> None:
    save_position(folder, "dead")
    steps.open("one")
    layers = list(viewer.layers)
    steps.open("two")
    assert list(viewer.layers) == layers
    steps.layer("position").add([[1, 20, 21]])
    steps.settle()
    saved = steps.saved("two", 1)
    assert saved.positions.tolist() == [[20, 21]]
    assert saved.states in ((), ("",))


@pytest.mark.parametrize("name", ["alive", "position", "label boxes"])
def test_a_stroke_on_a_file_is_saved_while_another_image_is_chosen(
    steps: Steps, session: Session, viewer: ViewerModel, folder: Path, name: str
) -> None:
    empty = {state: np.zeros(SIZE, bool) for state in CELLS.states}
    Project.open(folder).write_frame("one", 0, FrameLabels(SIZE, empty, boxes=((0, 0, 9, 9),)))
    mine = add_image(viewer, (3, *SIZE), name="mine")
    steps.open("one")
    layer = viewer.layers[name]
    session.layer_data.choose_image(mine)
    steps.settle()
    if name == "alive":
        layer.data_setitem(tuple(np.array([[1], [5], [7]])), 1)
    elif name == "position":
        layer.add([[1, 5, 7]])
    else:
        layer.add([[1, 4.5, 6.5], [1, 4.5, 9.5], [1, 7.5, 9.5], [1, 7.5, 6.5]])
    steps.settle()
    saved = steps.saved("one", 1)
    assert saved is not None
    assert saved.labeled


def test_a_file_with_other_content_is_shown_with_a_remark(steps: Steps, folder: Path) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.open("two")
    write_stack(folder.parent / "one.tif", seed=7)
    write_stack(folder.parent / "two.tif", seed=8)
    steps.open("one")
    (note,) = steps.project.files.current.notes
    assert "one.tif: its content is not that of when it was added" in note
    assert steps.layer("alive").data[1, 5, 7]
    steps.open("two")
    assert steps.project.files.current.notes == (), "nothing is drawn on it"


def save_box(folder: Path) -> None:
    """A label box on frame 0 of ``one.tif``."""
    empty = {name: np.zeros(SIZE, bool) for name in CELLS.states}
    Project.open(folder).write_frame("one", 0, FrameLabels(SIZE, empty, boxes=((0, 0, 9, 9),)))


def test_a_removed_layer_of_label_boxes_is_told(
    steps: Steps, session: Session, viewer: ViewerModel, folder: Path, told: list[str]
) -> None:
    save_box(folder)
    steps.open("one")
    viewer.layers.remove(viewer.layers["label boxes"])
    (sentence,) = told
    assert sentence.startswith("A layer of one.tif was removed.")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    steps.open("one")
    assert steps.saved("one", 0).boxes == ((0, 0, 9, 9),)
    assert viewer.layers["label boxes"].data


def test_what_cannot_be_said_is_told_and_the_file_stays(
    steps: Steps, session: Session, viewer: ViewerModel, folder: Path, told: list[str]
) -> None:
    save_box(folder)
    steps.open("one")
    boxes = viewer.layers["label boxes"]
    boxes.add([[1, 4, 4], [1, 4, 20], [1, 20, 20], [1, 20, 4]], shape_type="ellipse")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    (sentence,) = told
    assert sentence.startswith("What is drawn is not saved: Layer 'label boxes' holds an ellipse")
    steps.project.files.open("two")
    steps.wait(lambda: len(told) == 2)
    assert told[1] == "one.tif stays open, because it cannot be saved."
    assert steps.opened == "one"
    boxes.selected_data = {1}
    boxes.remove_selected()
    steps.open("two")
    assert steps.saved("one", 1).masks["alive"][5, 7]


@pytest.mark.parametrize("gone", ["renamed", "emptied"])
def test_strokes_wait_until_the_folder_of_the_project_is_back(
    steps: Steps, session: Session, folder: Path, told: list[str], gone: str
) -> None:
    """It was moved, or its drive is not connected and an empty folder is at its place."""
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    folder.rename(folder.with_name("away"))
    if gone == "emptied":
        folder.mkdir()
    steps.paint("alive", 1, 6, 7)
    steps.wait(lambda: told)
    assert "not saved" in told[0]
    assert "no project.json in this folder any more" in told[0]
    assert "not saved" in (session.project.files.problem() or "")
    steps.project.files.open("two")
    steps.wait(lambda: len(told) > 1)
    assert steps.opened == "one", "stays open"
    assert not [*folder.rglob("*")], "nothing is written at its old place"
    if gone == "emptied":
        folder.rmdir()
    folder.with_name("away").rename(folder)
    steps.settle()
    assert session.project.files.problem() is None
    assert session.status.sentence == "What is drawn is saved again."
    assert np.argwhere(steps.saved("one", 1).masks["alive"]).tolist() == [[5, 7], [6, 7]]


def test_typed_counts_make_no_folder_where_a_project_was(
    steps: Steps, session: Session, folder: Path, told: list[str]
) -> None:
    steps.open("one")
    subject = session.project.files.current.subject
    typed = session.results.typed
    typed.open(subject, None)
    folder.rename(folder.with_name("away"))
    typed.type(subject, 0, "alive", 4)
    steps.wait(lambda: told)
    assert "no project.json" in told[0]
    assert not folder.exists()
    folder.with_name("away").rename(folder)
    typed.type(subject, 1, "alive", 5)
    steps.wait(lambda: (folder / "counts" / "one.counts.json").is_file())
    steps.wait(lambda: typed._worker is None)
    assert typed.of(subject) == {(0, "alive"): 4, (1, "alive"): 5}


def test_an_id_without_a_class_stops_no_other_frame_of_a_file(
    tmp_path: Path, session: Session, qtbot: Any
) -> None:
    folder = make_project(tmp_path / "ids", LabelScheme(Task.MULTICLASS, ("x", "y")))
    steps = Steps(session, qtbot)
    steps.open_project(folder)
    steps.open("one")
    for frame, value in ((0, 9), (2, 1)):
        steps.layer("x").data_setitem(tuple(np.array([[frame], [5], [7]])), value)
    steps.wait(lambda: "one.tif, frame 0: " in session.keeper.trouble)
    session._guard.close()
    saved = Project.open(folder)
    assert saved.read_frame("one", 0) is None
    assert saved.read_frame("one", 2).ids[5, 7] == 1
    assert (folder / "corrections" / "one" / "0" / "as-drawn.tif").is_file()


@pytest.mark.parametrize("name", ["living", "one/two"])
def test_a_file_whose_classes_have_other_names_stays_open_until_they_are_named_again(
    steps: Steps, session: Session, told: list[str], name: str
) -> None:
    steps.open("one")
    rows = list(session.layer_data.rows)
    session.layer_data.set_rows([replace(rows[0], name=name), *rows[1:]])
    steps.paint(name, 1, 5, 7)
    assert told[0].startswith("What is drawn is not saved: ")
    assert (session.project.files.problem() or "").startswith("Not saved: ")
    steps.project.files.open("two")
    steps.wait(lambda: "one.tif stays open, because it cannot be saved." in told)
    assert steps.opened == "one"
    session.layer_data.set_rows(rows)
    steps.settle()
    assert session.project.files.problem() is None
    assert steps.saved("one", 1).masks["alive"][5, 7]
    steps.open("two")


def test_what_is_counted_as_a_file_closes_is_no_longer_told(steps: Steps, session: Session) -> None:
    """Its layers are gone by then."""
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    session.layer_data._scanning._start()
    session.layer_data.let_go(session.project.files.current.image)
    steps.wait(lambda: not session.layer_data.scanning)
    assert session.layer_data.scan is None


def test_a_frame_that_cannot_be_written_stops_no_other_one(
    steps: Steps, session: Session, folder: Path
) -> None:
    steps.open("one")
    (folder / "corrections" / "one").mkdir(parents=True)
    (folder / "corrections" / "one" / "0").write_text("where its labels should be")
    for frame in range(3):
        steps.paint("alive", frame, 5, 7)
    steps.wait(lambda: session.keeper.trouble)
    assert "0: this folder cannot be made" in session.keeper.trouble
    assert steps.saved("one", 1).masks["alive"][5, 7]
    assert steps.saved("one", 2).masks["alive"][5, 7]
    (folder / "corrections" / "one" / "0").unlink()
    steps.settle()
    assert steps.saved("one", 0).masks["alive"][5, 7]


def test_labels_of_another_program_are_kept_though_the_window_never_showed_them(
    steps: Steps, folder: Path
) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    masks = {name: np.zeros(SIZE, bool) for name in CELLS.states}
    masks["dead"][20, 21] = True
    number = Project.open(folder).write_frame("one", 1, FrameLabels(SIZE, masks))
    for column in range(8, 12):
        steps.paint("alive", 1, 5, column)
        steps.settle()
    versions = {path.name for path in (folder / "corrections" / "one" / "1").iterdir()}
    assert len(versions) == 3
    assert f"v{number}" in versions
    assert np.argwhere(steps.saved("one", 1).masks["alive"])[:, 1].tolist() == [7, 8, 9, 10, 11]


def test_a_box_is_saved_while_another_image_is_chosen_also_if_it_is_the_first(
    steps: Steps, session: Session, viewer: ViewerModel
) -> None:
    steps.open("one")
    data, opened = session.layer_data, session.project.files.current
    data.boxes.prepare(opened.image, opened.axes)  # as at the first place to correct
    data.choose_image(add_image(viewer, (3, *SIZE), name="mine"))
    steps.settle()
    boxes = viewer.layers["label boxes"]
    boxes.add([[1, 4.5, 6.5], [1, 4.5, 9.5], [1, 7.5, 9.5], [1, 7.5, 6.5]])
    steps.settle()
    assert steps.saved("one", 1).boxes == ((5, 7, 8, 10),)
