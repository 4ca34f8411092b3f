"""Places and counts over all files of a project, of which none need be open."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from project_steps import CELLS, Steps, make_project, write_stack
from qtpy.QtCore import QTimer
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.projects import FrameLabels, Project, read_places
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.correcting.queue import DONE, OPEN, SKIPPED, QueuedPlace
from napari_inconsistency_masks.widgets.counting.typed_file import read_typed
from napari_inconsistency_masks.widgets.project import data, places_file
from napari_inconsistency_masks.widgets.results import results
from napari_inconsistency_masks.widgets.sections.correct import CorrectSection
from napari_inconsistency_masks.widgets.sections.count import CountSection
from napari_inconsistency_masks.widgets.sections.look import LookSection
from napari_inconsistency_masks.widgets.session.session import Session, session_of

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


@pytest.fixture(autouse=True)
def at_once_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILES_MS", 0)
    monkeypatch.setattr(places_file, "PLACES_MS", 0)


@pytest.fixture
def networks(children: list[FakeChild], qtbot: Any) -> Networks:
    made = Networks(children, qtbot, CELLS)
    made.in_doubt = True
    return made


@pytest.fixture
def steps(folder: Path, session: Session, networks: Networks, qtbot: Any) -> Steps:
    """No file is open, and networks are ready."""
    made = Steps(session, qtbot)
    made.open_project(folder)
    session.looking.use(folder / "runs" / "first")
    networks.get_ready()
    return made


def predict_all(steps: Steps, networks: Networks) -> None:
    """Every file, as the program that predicts would."""
    all_files = steps.project.all_files
    all_files.start()
    while all_files.busy:
        steps.wait(lambda: steps.session.predictor.busy or not all_files.busy)
        networks.predict_all(steps.session)
    steps.settle()


def places(steps: Steps) -> Any:
    return steps.session.correcting.queue.places


def test_all_files_are_predicted_and_none_is_opened(
    steps: Steps, networks: Networks, viewer: ViewerModel, qtbot: Any
) -> None:
    look = LookSection(viewer)
    qtbot.addWidget(look)
    assert look.files.text() == "Predict all 2 files"
    predict_all(steps, networks)
    assert steps.session.status.sentence == "Predicted 6 frames of 2 files."
    assert len(viewer.layers) == 0
    rows = steps.session.results.rows()
    assert {(row.image, row.frame) for row in rows} == {
        (name, frame) for name in ("one.tif", "two.tif") for frame in range(3)
    }
    steps.wait(lambda: len(places(steps)) == 6)
    assert [row.predicted for row in steps.project.data.rows] == ["first", "first"]
    told: list[str] = []
    steps.project.failed.connect(told.append)
    steps.project.all_files.start()
    assert told == ["These networks have predicted all files already."]


def test_going_to_a_place_opens_its_file(steps: Steps, networks: Networks) -> None:
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    correcting = steps.session.correcting
    item = next(place for place in places(steps) if place.subject.file == "two")
    correcting.go(item)
    steps.wait(lambda: correcting.queue.current is item and steps.quiet)
    assert steps.opened == "two"
    assert steps.project.files.frame() == item.frame
    assert steps.session.layer_data.drawing().boxes == {item.frame: (item.found.box,)}
    correcting.accept()
    steps.wait(lambda: item.state == DONE and steps.quiet)
    other = next(
        place for place in places(steps) if place.subject.file == "one" and place.state == OPEN
    )
    correcting.go(other)
    steps.wait(lambda: correcting.queue.current is other and steps.quiet)
    assert steps.opened == "one"
    assert steps.saved("two", item.frame).boxes == (item.found.box,)
    assert steps.project.data.row_of("two").corrected == 1


def test_why_a_place_is_not_gone_to_is_told_after_its_file_was_opened(
    steps: Steps, networks: Networks, viewer: ViewerModel, qtbot: Any
) -> None:
    """The networks see other classes than the project has, as a demo's or another project's."""
    networks.scheme = LabelScheme(Task.MULTILABEL, ("one", "two", "center"), "center")
    networks.load(steps.session)
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    told: list[str] = []
    steps.session.refused.connect(told.append)
    section.table.chosen.emit(0)
    steps.wait(lambda: steps.opened is not None and steps.quiet)
    assert [sentence.partition(" and ")[0] for sentence in told] == [
        "The networks see one, two, center"
    ]
    assert steps.session.correcting.queue.current is None


def test_what_is_only_proposed_does_not_stay_when_another_file_opens(
    steps: Steps, networks: Networks
) -> None:
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    item = next(place for place in places(steps) if place.subject.file == "two")
    steps.session.correcting.go(item)
    steps.wait(lambda: steps.session.correcting.queue.current is item and steps.quiet)
    steps.open("one")
    saved = steps.saved("two", item.frame)
    assert saved is None or not saved.labeled
    assert item.state == OPEN


def test_what_is_only_proposed_does_not_stay_when_the_window_closes(
    steps: Steps, networks: Networks, folder: Path
) -> None:
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    item = next(place for place in places(steps) if place.subject.file == "two")
    steps.session.correcting.go(item)
    steps.wait(lambda: steps.session.correcting.queue.current is item and steps.quiet)
    steps.session._guard.close()
    saved = Project.open(folder).read_frame("two", item.frame)
    assert saved is None or not saved.labeled


def test_a_place_is_gone_to_while_a_layer_is_hidden(
    steps: Steps, networks: Networks, viewer: ViewerModel
) -> None:
    """napari makes no picture of a frame that is not seen."""
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    steps.open("two")
    steps.layer("alive").visible = False
    item = next(place for place in places(steps) if place.subject.file == "two")
    for frame in (1 - min(item.frame, 1), item.frame):
        viewer.dims.set_point(0, frame)
    steps.session.correcting.go(item)
    steps.session.correcting.accept()
    steps.settle()
    assert steps.saved("two", item.frame).masks["alive"].any()


def test_further_decisions_do_not_put_off_the_table_of_places(
    steps: Steps, networks: Networks, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer = steps.project._places._timer
    timer.setInterval(200)
    changes = QTimer()
    changes.timeout.connect(steps.session.correcting.changed)
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    places(steps)[0].state = SKIPPED
    changes.start(20)
    steps.wait(lambda: any(row.state == SKIPPED for row in read_places(folder)))
    changes.stop()


def test_a_table_of_places_that_could_not_be_written_is_written_later(
    steps: Steps, networks: Networks, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise WriteError(errno.ENOSPC, "No space left on device")

    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    steps.wait(lambda: (folder / "places.csv").exists() and steps.quiet)
    told: list[str] = []
    steps.session.refused.connect(told.append)
    places(steps)[0].state = SKIPPED
    with monkeypatch.context() as full:
        full.setattr(data, "write_places", refuse)
        steps.session.correcting.changed.emit()
        steps.wait(lambda: told)
    steps.session._guard.close()
    assert any(row.state == SKIPPED for row in read_places(folder))


def test_undo_opens_the_file_where_it_was_done(steps: Steps, networks: Networks) -> None:
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    correcting = steps.session.correcting
    first, second = (
        next(place for place in places(steps) if place.subject.file == name)
        for name in ("two", "one")
    )
    correcting.go(first)
    steps.wait(lambda: correcting.queue.current is first and steps.quiet)
    correcting.accept()
    correcting.go(second)
    steps.wait(lambda: correcting.queue.current is second and steps.quiet)
    correcting.undo()
    steps.wait(lambda: correcting.queue.current is first and steps.quiet)
    assert steps.opened == "two"
    assert first.state == OPEN
    correcting.leave()
    steps.settle()
    assert not steps.saved("two", first.frame).labeled
    assert steps.saved("one", second.frame) is None or not steps.saved("one", second.frame).labeled


def test_what_was_decided_is_listed_on_another_day(
    steps: Steps, networks: Networks, folder: Path, children: list[FakeChild], qtbot: Any
) -> None:
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    correcting = steps.session.correcting
    first = places(steps)[0]
    correcting.go(first)
    steps.wait(lambda: correcting.queue.current is first and steps.quiet)
    correcting.accept()
    steps.wait(lambda: correcting.queue.current is not None and steps.quiet)
    skipped = correcting.queue.current
    correcting.skip()
    steps.session._guard.close()
    states = [row.state for row in read_places(folder)]
    assert (states.count("done"), states.count("skipped")) == (1, 1)
    viewer = ViewerModel()
    later = Steps(session_of(viewer), qtbot)
    later.open_project(folder)
    later.settle()
    remembered = places(later)
    assert [item.state for item in remembered] == [DONE, SKIPPED]
    assert remembered[0].subject.name == first.subject.name
    assert remembered[0].found.place.box == first.found.place.box
    later.session.looking.use(folder / "runs" / "first")
    again = Networks(children, qtbot, CELLS)
    again.in_doubt = True
    again.get_ready()
    predict_all(later, again)
    later.wait(lambda: len(places(later)) == 6)
    where = {(item.subject.file, item.frame) for item in places(later) if item.state == OPEN}
    assert (skipped.subject.file, skipped.frame) not in where
    later.session.correcting.go(remembered[0])
    later.wait(lambda: later.session.correcting.queue.current is remembered[0] and later.quiet)
    assert later.session.correcting.answers() == []
    later.session._guard.close()


def test_frames_labeled_all_over_are_not_asked_for(
    steps: Steps, networks: Networks, folder: Path
) -> None:
    blank = {name: np.zeros((40, 48), bool) for name in ("alive", "dead")}
    blank["alive"][8:18, 4:14] = True
    position = np.array([[13.0, 9.0]])
    Project.open(folder).write_frame("one", 1, FrameLabels((40, 48), blank, positions=position))
    steps.project.data.refresh("one")
    steps.settle()
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 5)
    assert ("one", 1) not in {(item.subject.file, item.frame) for item in places(steps)}
    steps.wait(lambda: any(row.true is not None for row in steps.session.results.rows()))
    rows = [row for row in steps.session.results.rows() if row.true is not None]
    assert {(row.image, row.frame, row.state, row.true) for row in rows} == {
        ("one.tif", 1, "alive", 1),
        ("one.tif", 1, "dead", 0),
    }


def test_a_row_of_counts_opens_its_file(
    steps: Steps, networks: Networks, viewer: ViewerModel, qtbot: Any
) -> None:
    predict_all(steps, networks)
    count = CountSection(viewer)
    qtbot.addWidget(count)
    row = next(
        number
        for number, item in enumerate(steps.session.results.rows())
        if (item.image, item.frame) == ("two.tif", 2)
    )
    count.table.chosen.emit(row)
    steps.wait(lambda: steps.opened == "two" and steps.quiet)
    assert steps.project.files.frame() == 2


def test_predicting_can_be_canceled_and_goes_on_where_it_was(
    steps: Steps, networks: Networks
) -> None:
    all_files = steps.project.all_files
    all_files.start()
    steps.wait(lambda: steps.session.predictor.busy)
    networks.answer(networks.asked())
    networks.asked()  # to predict the next file
    all_files.cancel()
    assert not all_files.busy
    assert not steps.session.predictor.busy
    assert {row.image for row in steps.session.results.rows()} == {"one.tif"}
    predict_all(steps, networks)
    assert {row.image for row in steps.session.results.rows()} == {"one.tif", "two.tif"}


def test_a_file_that_cannot_be_read_is_told_and_left_out(
    steps: Steps, networks: Networks, folder: Path
) -> None:
    told: list[str] = []
    steps.project.failed.connect(told.append)
    (folder.parent / "one.tif").write_bytes(b"rubbish")
    predict_all(steps, networks)
    assert len(told) == 1
    assert "one.tif" in told[0]
    assert {row.image for row in steps.session.results.rows()} == {"two.tif"}


def test_another_project_brings_other_places(
    steps: Steps, networks: Networks, tmp_path: Path
) -> None:
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    other = make_project(tmp_path / "other")
    steps.open_project(other)
    steps.settle()
    assert places(steps) == []
    assert steps.session.results.rows() == []


def test_a_closed_file_that_was_predicted_keeps_its_counts(
    steps: Steps, networks: Networks, viewer: ViewerModel, tmp_path: Path
) -> None:
    steps.project.data.add([write_stack(tmp_path / "data" / "three.tif", frames=1, seed=9)])
    steps.wait(lambda: len(steps.project.data.rows) == 3)
    steps.open("one")
    steps.session.looking.predict(whole=True)
    networks.predict_all(steps.session)
    mask = steps.session.results.current.layers.find("mask")
    assert mask.data.any()
    steps.open("two")
    assert steps.session.results.of(viewer.layers["two.tif"]) is None
    assert mask in viewer.layers
    assert not mask.data.any(), "it shows nothing of another file"
    assert {row.image for row in steps.session.results.rows()} == {"one.tif"}
    steps.open("three")
    assert not any("predicted" in layer.name for layer in viewer.layers)


def test_a_count_typed_for_a_closed_file_is_kept_in_the_project(
    steps: Steps, networks: Networks, folder: Path, children: list[FakeChild], qtbot: Any
) -> None:
    predict_all(steps, networks)
    two = steps.session.subjects.file("two")
    assert two is not None
    steps.session.results.typed.type(two, 2, "alive", 17)
    steps.session._guard.close()
    assert read_typed(folder / "counts" / "two.counts.json") == {(2, "alive"): 17}
    viewer = ViewerModel()
    later = Steps(session_of(viewer), qtbot)
    later.open_project(folder)
    later.session.looking.use(folder / "runs" / "first")
    again = Networks(children, qtbot, CELLS)
    again.get_ready()
    predict_all(later, again)

    def true() -> dict[Any, int]:
        rows = later.session.results.rows()
        return {(row.image, row.frame, row.state): row.true for row in rows if row.true is not None}

    later.wait(lambda: true() == {("two.tif", 2, "alive"): 17})
    later.session._guard.close()


def test_a_place_ranked_anew_meanwhile_is_the_listed_one(steps: Steps, networks: Networks) -> None:
    predict_all(steps, networks)
    steps.wait(lambda: len(places(steps)) == 6)
    correcting = steps.session.correcting
    old = next(place for place in places(steps) if place.subject.file == "two")
    correcting.queue.take([QueuedPlace(place.subject, place.found) for place in places(steps)])
    correcting.go(old)
    steps.wait(lambda: correcting.queue.current is not None and steps.quiet)
    assert correcting.queue.current in places(steps)
    correcting.accept()
    steps.wait(lambda: steps.quiet)
    assert correcting.queue.done == 1
    assert len(places(steps)) == 6
