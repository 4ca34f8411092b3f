"""A project in the window: its files come and go, and what is drawn on them is on disk."""

from __future__ import annotations

import errno
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image, add_labels
from project_steps import CELLS, Steps, make_project, write_stack
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.files import atomic
from napari_inconsistency_masks.projects import FrameLabels, Project
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.project import file_opening
from napari_inconsistency_masks.widgets.project.file_reading import read_file
from napari_inconsistency_masks.widgets.session.session import Session, session_of
from napari_inconsistency_masks.widgets.session.sources import PROJECT

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


def names(viewer: ViewerModel) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_a_project_is_the_source_and_opens_no_file_unasked(
    steps: Steps, session: Session, viewer: ViewerModel
) -> None:
    assert session.source == PROJECT
    assert [row.image.id for row in steps.project.data.rows] == ["one", "two"]
    assert names(viewer) == []
    assert (
        session.next.problem() == "No file of the project is labeled yet: open one and draw on it."
    )


def test_a_file_opens_with_a_layer_per_class(steps: Steps, viewer: ViewerModel) -> None:
    steps.open("two", frame=2)
    assert names(viewer) == ["two.tif", "alive", "dead", "position"]
    assert steps.session.layer_data.scheme() == CELLS
    assert steps.project.files.frame() == 2
    assert viewer.layers.selection.active is steps.layer("alive")
    pixels = np.random.default_rng(1).integers(0, 256, (3, 40, 48), dtype=np.uint8)
    np.testing.assert_array_equal(viewer.layers[0].data, pixels)


def test_strokes_go_into_the_project(steps: Steps, folder: Path, runs_folder: Path) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.layer("position").add([[1, 10.25, 20.5]])
    steps.session.layer_data.boxes.add(
        steps.project.files.current.image, steps.session.layer_data.axes, 1, (0, 0, 30, 40)
    )
    steps.settle()
    labels = steps.saved("one", 1)
    assert np.argwhere(labels.masks["alive"]).tolist() == [[5, 7]]
    assert labels.positions.tolist() == [[10.25, 20.5]]
    assert labels.boxes == ((0, 0, 30, 40),)
    assert steps.saved("one", 0) is None
    assert not (runs_folder / "drawings").exists()
    assert steps.session.keeper.folder == folder / "corrections"
    row = steps.project.data.row_of("one")
    assert (row.labeled, row.corrected) == (0, 1)


def test_another_file_takes_its_place_and_nothing_is_lost(
    steps: Steps, viewer: ViewerModel
) -> None:
    mine = add_image(viewer, (3, 40, 48), name="mine")
    my_labels = add_labels(viewer, "my labels", (3, 40, 48))
    steps.open("one")
    steps.paint("dead", 2, 5, 7)
    steps.session.layer_data.boxes.add(
        steps.project.files.current.image, steps.session.layer_data.axes, 0, (1, 2, 30, 40)
    )
    steps.project.files.open("two")  # at once
    steps.wait(lambda: steps.opened == "two" and steps.quiet)
    assert steps.saved("one", 2).masks["dead"][5, 7]
    assert viewer.layers[0] is mine
    assert viewer.layers[1] is my_labels
    assert names(viewer)[2:] == ["two.tif", "alive", "dead", "position", "label boxes"]
    assert not steps.layer("dead").data.any()
    assert steps.session.layer_data.drawing().boxes == {}
    steps.open("one")
    assert np.argwhere(steps.layer("dead").data).tolist() == [[2, 5, 7]]
    drawing = steps.session.layer_data.drawing()
    assert drawing.boxes == {0: ((1, 2, 30, 40),)}
    assert not my_labels.data.any()


def test_an_undo_just_before_is_saved_too(steps: Steps) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    assert steps.saved("one", 1).labeled
    steps.layer("alive").undo()
    steps.project.files.open("two")
    steps.wait(lambda: steps.opened == "two" and steps.quiet)
    assert not steps.saved("one", 1).labeled


def test_no_undo_leads_back_to_another_file(steps: Steps) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.open("two")
    steps.layer("alive").undo()
    steps.settle()
    assert steps.saved("one", 1).masks["alive"][5, 7]
    assert not steps.layer("alive").data.any()
    assert steps.saved("two", 1) is None


def test_layers_stay_as_the_person_set_them(steps: Steps, viewer: ViewerModel) -> None:
    steps.open("one")
    layers = list(viewer.layers)
    layers[2].visible = False
    layers[1].mode = "paint"
    viewer.layers.selection.active = layers[2]
    steps.open("two")
    assert all(one is other for one, other in zip(viewer.layers, layers, strict=True))
    assert not layers[2].visible
    assert layers[1].mode == "paint"
    assert viewer.layers.selection.active is layers[2]


def test_looking_writes_nothing(steps: Steps, folder: Path) -> None:
    for image_id in ("one", "two", "one"):
        steps.open(image_id)
    assert not list((folder / "corrections").glob("*/*"))


def test_states_of_positions_survive_a_stroke(steps: Steps, folder: Path) -> None:
    labels = FrameLabels(
        (40, 48),
        {"alive": np.zeros((40, 48), bool), "dead": np.zeros((40, 48), bool)},
        positions=np.array([[3.5, 4.5], [8.0, 9.0]]),
        states=("dead", ""),
    )
    Project.open(folder).write_frame("one", 1, labels)
    steps.open("one")
    steps.layer("position").add([[1, 20, 21]])
    steps.settle()
    saved = steps.saved("one", 1)
    assert saved.positions.tolist() == [[3.5, 4.5], [8, 9], [20, 21]]
    assert saved.states == ("dead", "", "")


def test_when_nothing_can_be_saved_the_file_stays(
    steps: Steps, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    steps.open("one")
    replace = atomic.os.replace
    monkeypatch.setattr(atomic.os, "replace", refuse)
    steps.paint("alive", 1, 5, 7)
    steps.project.files.open("two")
    steps.wait(lambda: any("stays open" in sentence for sentence in told))
    assert steps.opened == "one"
    assert steps.layer("alive").data[1, 5, 7]
    monkeypatch.setattr(atomic.os, "replace", replace)
    steps.open("two")
    assert steps.saved("one", 1).masks["alive"][5, 7]


def test_a_damaged_save_is_told_and_the_one_before_is_shown(steps: Steps, folder: Path) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    steps.paint("alive", 1, 6, 7)
    steps.settle()
    newest = max((folder / "corrections/one/1").iterdir(), key=lambda path: int(path.name[1:]))
    steps.open("two")
    (newest / "alive.tif").write_bytes(b"rubbish")
    steps.open("one")
    assert np.argwhere(steps.layer("alive").data).tolist() == [[1, 5, 7]]
    (note,) = steps.project.files.current.notes
    assert "The newest save is not used" in note


def test_a_removed_layer_is_told_and_empties_nothing(
    steps: Steps, session: Session, viewer: ViewerModel
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.paint("dead", 1, 8, 7)
    steps.settle()
    viewer.layers.remove(steps.layer("dead"))
    steps.paint("alive", 1, 6, 7)
    steps.settle()
    assert steps.saved("one", 1).masks["dead"][8, 7]
    (sentence,) = told
    assert sentence == (
        "A layer of one.tif was removed. What was saved is kept; nothing more is saved until the "
        "file is opened again."
    )
    steps.open("one")
    assert steps.layer("dead").data[1, 8, 7]
    assert names(viewer) == ["one.tif", "alive", "dead", "position"]


def test_a_removed_image_is_opened_again(steps: Steps, viewer: ViewerModel) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    viewer.layers.remove(viewer.layers["one.tif"])
    steps.open("one")
    assert steps.layer("alive").data[1, 5, 7]
    assert names(viewer) == ["one.tif", "alive", "dead", "position"]


def test_napari_may_remove_all_layers_first(steps: Steps, viewer: ViewerModel) -> None:
    """It does so when a viewer is closed."""
    steps.open("one")
    steps.session.layer_data.boxes.add(
        steps.project.files.current.image, steps.session.layer_data.axes, 1, (0, 0, 30, 40)
    )
    steps.paint("alive", 1, 5, 7)
    viewer.layers.clear()
    steps.session._guard.close()
    labels = Project.open(steps.folder).read_frame("one", 1)
    assert labels.masks["alive"][5, 7]
    assert labels.boxes == ((0, 0, 30, 40),)


def test_of_many_wishes_the_last_one_counts(steps: Steps, viewer: ViewerModel) -> None:
    for image_id in ("one", "two", "one", "two"):
        steps.project.files.open(image_id)
    steps.wait(lambda: steps.quiet)
    assert steps.opened == "two"
    assert names(viewer) == ["two.tif", "alive", "dead", "position"]


def test_whoever_comes_back_while_another_file_is_read_draws_on(
    steps: Steps, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    reading = threading.Event()

    def slow(*wanted: Any) -> Any:
        read = yield from read_file(*wanted)
        reading.wait()
        return read

    steps.open("one")
    monkeypatch.setattr(file_opening, "read_file", slow)
    steps.project.files.open("two")
    steps.project.files.open("one", 1)
    assert not steps.project.files.busy
    steps.paint("alive", 1, 5, 7)
    reading.set()
    steps.settle()
    qtbot.wait(100)
    assert (steps.opened, steps.project.files.frame()) == ("one", 1)
    assert steps.layer("alive").data[1, 5, 7] == 1
    assert steps.saved("one", 1).masks["alive"][5, 7]
    assert steps.session.status.activity is None


@pytest.mark.parametrize("open_before", [False, True])
def test_what_fails_in_another_plugin_is_told_and_strokes_are_saved_afterwards(
    steps: Steps, viewer: ViewerModel, session: Session, open_before: bool
) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("of another plugin")

    told: list[str] = []
    session.refused.connect(told.append)
    if open_before:
        steps.open("one")
        steps.paint("dead", 0, 3, 3)
        viewer.layers["dead"].events.data.connect(fail)
    else:
        viewer.layers.events.inserted.connect(fail)
    steps.project.files.open("two")
    steps.wait(lambda: told and steps.quiet)
    assert "of another plugin" in told[0]
    assert steps.opened is None
    assert names(viewer) == []
    if not open_before:
        viewer.layers.events.inserted.disconnect(fail)
    steps.open("two")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    assert steps.saved("two", 1).masks["alive"][5, 7]
    assert not open_before or steps.saved("one", 0).masks["dead"][3, 3]


def test_reopened_it_goes_on_where_it_was(steps: Steps, folder: Path, qtbot: Any) -> None:
    steps.open("two")
    steps.session.layers.show_frame(
        steps.project.files.current.image, steps.session.layer_data.axes, 2
    )
    steps.paint("alive", 2, 5, 7)
    steps.session._guard.close()  # at once
    viewer = ViewerModel()
    later = Steps(session_of(viewer), qtbot)
    later.open_project(folder)
    later.wait(lambda: later.opened == "two" and later.quiet)
    assert later.project.files.frame() == 2
    assert np.argwhere(later.layer("alive").data).tolist() == [[2, 5, 7]]
    later.session._guard.close()


def test_two_windows_do_not_share_a_project(steps: Steps, folder: Path, qtbot: Any) -> None:
    viewer = ViewerModel()
    other = Steps(session_of(viewer), qtbot)
    other.project.open(folder)
    other.wait(lambda: other.project.data.message)
    assert other.project.data.message == (
        "data/project: this project is open in another window or program; close it there first."
    )
    steps.session._guard.close()
    other.open_project(folder)
    assert other.project.data.message == ""
    other.session._guard.close()


def test_one_project_takes_the_place_of_another(
    steps: Steps, viewer: ViewerModel, tmp_path: Path, folder: Path
) -> None:
    steps.open("one")
    steps.paint("alive", 0, 5, 7)
    other = make_project(tmp_path / "other", LabelScheme(Task.MULTICLASS, ("a", "b")))
    steps.open_project(other)
    assert names(viewer) == []
    assert Project.open(folder).read_frame("one", 0).masks["alive"][5, 7]
    steps.open("one")
    assert names(viewer) == ["one.tif", "classes"]
    steps.paint("a", 1, 5, 7, value=2)
    steps.settle()
    assert steps.saved("one", 1).ids[5, 7] == 2
    steps.open_project(folder)
    steps.wait(lambda: steps.opened == "one" and steps.quiet)
    assert steps.layer("alive").data[0, 5, 7]


def test_a_missing_file_is_told_and_found(
    steps: Steps, session: Session, folder: Path, tmp_path: Path
) -> None:
    steps.open("one")
    steps.paint("alive", 0, 5, 7)
    steps.open("two")
    (folder.parent / "elsewhere").mkdir()
    shutil.move(folder.parent / "one.tif", folder.parent / "elsewhere" / "renamed.tif")
    steps.open_project(folder)
    steps.settle()
    assert not steps.project.data.row_of("one").found
    assert session.next.problem() == "one.tif is labeled and not where it was: press Find missing."
    steps.project.data.find_missing(tmp_path / "data" / "elsewhere")
    steps.wait(lambda: steps.project.data.row_of("one").found)
    steps.open("one")
    assert steps.layer("alive").data[0, 5, 7]


def test_the_folder_around_may_be_moved(steps: Steps, folder: Path, tmp_path: Path) -> None:
    steps.open("one")
    steps.paint("alive", 0, 5, 7)
    steps.project.close()
    steps.wait(lambda: steps.project.folder is None)
    shutil.move(folder.parent, tmp_path / "moved")
    steps.open_project(tmp_path / "moved" / "project")
    steps.wait(lambda: steps.opened == "one" and steps.quiet)
    assert steps.layer("alive").data[0, 5, 7]


def test_files_of_the_same_name_are_told_apart(
    steps: Steps, viewer: ViewerModel, tmp_path: Path
) -> None:
    path = write_stack(tmp_path / "data" / "more" / "one.tif", seed=7)
    steps.project.data.add([path, tmp_path / "data" / "two.tif", tmp_path / "no.tif"])
    steps.wait(lambda: len(steps.project.data.rows) == 3)
    first, last = steps.project.data.refused
    assert "is in the project already, as two." in first
    assert "does not exist" in last
    assert steps.project.data.name_of("one") == "../one.tif"
    steps.open("one-2")
    assert names(viewer)[0] == "../more/one.tif"
    steps.paint("alive", 0, 1, 2)
    steps.open("one")
    assert not steps.layer("alive").data.any()


def test_classes_of_a_file_are_not_drawn_on_for_another_image(
    steps: Steps, session: Session, viewer: ViewerModel
) -> None:
    mine = add_image(viewer, (3, 40, 48), name="mine")
    steps.open("one")
    own = [row.layer for row in session.layer_data.rows]
    session.layer_data.choose_image(mine)
    assert not any(row.layer in own for row in session.layer_data.rows if row.layer is not None)
    session.layer_data.choose_image(steps.project.files.current.image)
    assert [row.layer for row in session.layer_data.rows] == own
    steps.paint("alive", 0, 1, 2)
    steps.settle()
    assert steps.saved("one", 0).masks["alive"][1, 2]


def test_scale_and_units_come_from_the_file(
    steps: Steps, viewer: ViewerModel, tmp_path: Path
) -> None:
    path = write_stack(tmp_path / "data" / "scaled.tif", seed=5, unit="um", finterval=30.0)
    import tifffile

    pixels = tifffile.imread(path)
    tifffile.imwrite(
        path, pixels, imagej=True, resolution=(2.0, 2.0),
        metadata={"axes": "TYX", "unit": "um", "finterval": 30.0},
    )  # fmt: skip
    steps.project.data.add([path])
    steps.wait(lambda: steps.project.data.row_of("scaled"))
    steps.open("scaled")
    for layer in viewer.layers:
        assert layer.scale.tolist() == [30.0, 0.5, 0.5]
        assert [str(unit) for unit in layer.units] == ["second", "micrometer", "micrometer"]


def test_a_file_that_has_changed_is_refused(steps: Steps, session: Session, folder: Path) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    write_stack(folder.parent / "one.tif", frames=5)
    steps.project.files.open("one")
    steps.wait(lambda: told)
    assert told[0].startswith("one.tif has changed: 5 frames of (40, 48), and it had 3")
    assert steps.opened is None


def test_a_folder_around_the_project_gives_its_images_alone(steps: Steps, tmp_path: Path) -> None:
    """Not the masks that are saved in the project, in runs and in results of a batch."""
    around = tmp_path / "data"
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    steps.settle()
    for folder, signs in (
        ("project/runs/first", ("run.json", "events.jsonl")),
        ("results", ("batch.json", "journal.jsonl")),
    ):
        write_stack(around / folder / "masks" / "mask.tif", seed=11)
        for name in signs:
            (around / folder / name).touch()
    write_stack(around / "day 2" / "three.tif", seed=12)
    steps.project.data.add([around])
    steps.wait(lambda: len(steps.project.data.rows) == 3 and steps.quiet)
    assert [row.image.id for row in steps.project.data.rows] == ["one", "two", "three"]
    assert [words.split(":")[0] for words in steps.project.data.refused] == [
        "data/one.tif",
        "data/two.tif",
    ]


def test_a_file_whose_layer_shows_something_else_is_not_predicted(
    steps: Steps, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    steps.open("one")
    Networks(children, qtbot, CELLS).load(session)
    image = steps.project.files.current.image
    session.looking.choose(image)
    assert session.looking.problem() is None
    image.data = np.zeros((3, 20, 24), np.uint8)
    assert session.looking.problem() == (
        "Image 'one.tif' has the shape 3 x 20 x 24 now and was opened with 3 x 40 x 48: open its "
        "file again."
    )
