"""Correcting places: what is proposed, kept, taken back, and learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image, Points, Shapes
from open_layers import add_image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.boxes import Box, known_mask
from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.correcting.correcting import Correcting
from napari_inconsistency_masks.widgets.correcting.queue import DONE, OPEN, SKIPPED, QueuedPlace
from napari_inconsistency_masks.widgets.counting.drawn_counts import count_drawn
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.drawing.snapshot import Drawing, write_snapshot
from napari_inconsistency_masks.widgets.layers.boxes import boxes_by_frame, corners
from napari_inconsistency_masks.widgets.layers.class_rows import ClassRow, default_rows
from napari_inconsistency_masks.widgets.layers.fitting import points_on
from napari_inconsistency_masks.widgets.layers.frames import FrameAxes
from napari_inconsistency_masks.widgets.layers.viewer_layers import role_of
from napari_inconsistency_masks.widgets.sections.correct import FRAME, CorrectSection
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.training.preparation import prepare

pytestmark = pytest.mark.usefixtures("children", "at_once")

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
DOUBT = np.zeros((40, 48), bool)
DOUBT[24:34, 18:28] = True
"""Where only one of the networks sees a cell."""


@pytest.fixture
def image(viewer: ViewerModel) -> Image:
    return add_image(viewer, (3, 40, 48), name="stack")


@pytest.fixture
def correcting(image: Image, session: Session, children: list[FakeChild], qtbot: Any) -> Correcting:
    """A stack of 3 frames is predicted, and each has one place."""
    predict(session, children, qtbot)
    qtbot.waitUntil(lambda: len(session.correcting.queue.places) == 3)
    return session.correcting


def predict(
    session: Session, children: list[FakeChild], qtbot: Any, scheme: LabelScheme = CELLS
) -> None:
    networks = Networks(children, qtbot, scheme)
    networks.in_doubt = True
    session.looking.use(session.setup.folder / "run", whole=True)
    networks.get_ready()
    networks.predict_all(session)


def drawn(session: Session, name: str, frame: int) -> Any:
    """What is drawn in the layer of a class."""
    layer = next(row.layer for row in session.layer_data.rows if row.name == name)
    if isinstance(layer, Points):
        return [tuple(p[1:]) for p in np.asarray(layer.data) if round(p[0]) == frame]
    return np.asarray(layer.data)[frame]


def boxes(session: Session) -> Any:
    return session.layer_data.drawing().boxes


def state(session: Session) -> Any:
    """Everything that is drawn."""
    rows = session.layer_data.rows
    return [np.array(row.layer.data).tolist() for row in rows if row.layer], boxes(session)


def test_places_are_listed_after_a_prediction(correcting: Correcting, image: Image) -> None:
    places = correcting.queue.places
    assert sorted(item.frame for item in places) == [0, 1, 2]
    for item in places:
        assert item.image is image
        assert item.found.place.effect == 1
        assert {"alive", "position"} <= set(item.found.place.classes)
        top, left, bottom, right = item.found.place.box
        assert DOUBT[top:bottom, left:right].all()


def test_at_a_place_the_common_answer_is_proposed_in_a_label_box(
    correcting: Correcting, session: Session, viewer: ViewerModel
) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    assert boxes(session) == {item.frame: (item.found.box,)}
    top, left, bottom, right = item.found.box
    guess = item.found.guess.channels
    assert guess[0].any(), "part of another cell lies in the box"
    expected = np.zeros((40, 48), bool)
    expected[top:bottom, left:right] = guess[0]
    np.testing.assert_array_equal(drawn(session, "alive", item.frame) > 0, expected)
    assert drawn(session, "position", item.frame) == [
        (pytest.approx(y), pytest.approx(x)) for y, x in item.found.guess.centers
    ]
    assert session.layers.frame_shown(item.image, item.axes) == item.frame


def test_who_leaves_without_a_word_has_said_nothing(
    correcting: Correcting, session: Session
) -> None:
    first, second = correcting.queue.places[:2]
    correcting.go(first)
    correcting.go_on()
    assert correcting.queue.current is second
    assert list(boxes(session)) == [second.frame]
    assert not drawn(session, "alive", first.frame).any()
    assert drawn(session, "position", first.frame) == []
    correcting.leave()
    assert boxes(session) == {}
    assert not session.layer_data.drawing().labeled_frames().any()
    assert first.state == second.state == OPEN


def test_what_is_accepted_stays(correcting: Correcting, session: Session) -> None:
    first, second, _ = correcting.queue.places
    correcting.go(first)
    before = drawn(session, "alive", first.frame).copy()
    correcting.accept()
    assert (first.state, correcting.queue.current) == (DONE, second)
    correcting.leave()
    np.testing.assert_array_equal(drawn(session, "alive", first.frame), before)
    drawing = session.layer_data.drawing()
    assert drawing.boxes == {first.frame: (first.found.box,)}
    assert np.flatnonzero(drawing.labeled_frames()).tolist() == [first.frame]
    assert not drawing.complete_frames().any()
    counted = count_all(drawing)[first.frame]
    assert counted.boxes == (first.found.box,), "it cannot be compared with a count of all"


def test_going_on_is_one_stroke_and_one_move(correcting: Correcting, session: Session) -> None:
    correcting.go(correcting.queue.places[0])
    strokes: list[int] = []
    moves: list[int] = []
    session.layer_data.drawn.connect(lambda: strokes.append(1))
    session.frame_changed.connect(lambda: moves.append(1))
    correcting.accept()
    assert (len(strokes), len(moves)) == (1, 1)
    correcting.undo()
    assert (len(strokes), len(moves)) == (2, 2)


def count_all(drawing: Any) -> Any:
    counting = count_drawn(drawing, {})
    try:
        while True:
            next(counting)
    except StopIteration as end:
        return end.value


def test_one_network_may_be_right(correcting: Correcting, session: Session) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    names = [name for name, _ in correcting.answers()]
    assert names == ["all together", "network A", "network B", "nothing"]
    proposed = state(session)
    correcting.answer(2)
    assert (drawn(session, "alive", item.frame) > 0)[DOUBT].all()
    assert (29.0, 23.0) in drawn(session, "position", item.frame)
    correcting.undo()
    assert state(session) == proposed
    correcting.answer(3)
    assert not drawn(session, "alive", item.frame).any()
    assert drawn(session, "position", item.frame) == []
    correcting.accept()
    assert item.state == DONE
    assert list(boxes(session)[item.frame]) == [item.found.box]


def test_a_key_goes_through_all_answers(correcting: Correcting, session: Session) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    start = state(session)
    seen = []
    for _ in range(4):
        correcting.next_answer()
        seen.append(bool((drawn(session, "alive", item.frame) > 0)[DOUBT].all()))
    assert seen == [False, True, False, False]
    assert state(session) == start


def test_what_was_changed_by_hand_stays_without_a_word(
    correcting: Correcting, session: Session
) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    layer = session.layer_data.rows[1].layer
    layer.data_setitem((np.array([item.frame]), np.array([28]), np.array([20])), 1)
    correcting.go_on()
    assert item.state == DONE
    assert drawn(session, "dead", item.frame)[28, 20] == 1
    assert item.frame in boxes(session)


def test_who_erases_all_that_was_proposed_says_that_nothing_is_there(
    correcting: Correcting, session: Session
) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    alive, dead, position = (row.layer for row in session.layer_data.rows)
    for layer in (alive, dead):
        layer.data_setitem(np.nonzero(layer.data), 0)
    position.selected_data = set(range(len(position.data)))
    position.remove_selected()
    correcting.go_on()
    assert item.state == DONE
    assert boxes(session)[item.frame] == (item.found.box,)
    correcting.undo()
    assert (item.state, correcting.queue.current) == (OPEN, item)
    assert not drawn(session, "alive", item.frame).any(), "she erased it, no button did"
    correcting.skip()
    assert item.frame not in boxes(session)


@pytest.mark.parametrize("changed", [False, True])
def test_who_removes_a_layer_has_accepted_nothing(
    correcting: Correcting, session: Session, viewer: ViewerModel, changed: bool
) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    alive, dead, _ = (row.layer for row in session.layer_data.rows)
    if changed:
        alive.data_setitem((np.array([item.frame]), np.array([28]), np.array([20])), 1)
    viewer.layers.remove(dead)
    add_missing_layers(session.layer_data)
    correcting.go_on()
    assert item.state == (DONE if changed else OPEN)
    assert (item.frame in boxes(session)) == changed
    assert drawn(session, "alive", item.frame).any() == changed


def test_a_place_of_an_image_with_another_shape_is_refused(
    correcting: Correcting, session: Session, image: Image
) -> None:
    first = correcting.queue.places[0]
    correcting.go(first)
    layers = [row.layer for row in session.layer_data.rows]
    image.data = np.zeros((3, 30, 30), np.uint8)
    assert (correcting.queue.current, first.state) == (None, OPEN)
    assert not any(np.asarray(layer.data).any() for layer in layers), "it was only proposed"
    with pytest.raises(InputError, match="30 x 30 now and was predicted as 3 frames of 40 x 48"):
        correcting.go(first)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2)])
def test_a_place_is_shown_in_the_middle_however_the_axes_lie(
    correcting: Correcting, viewer: ViewerModel, order: tuple[int, ...]
) -> None:
    viewer.dims.order = order
    item = correcting.queue.places[0]
    correcting.go(item)
    top, left, bottom, right = item.found.box
    middle = (item.frame, (top + bottom - 1) / 2, (left + right - 1) / 2)
    assert viewer.scene.camera.center[1:] == tuple(middle[axis] for axis in order[1:])


def test_skipping_teaches_nothing_and_is_taken_back(
    correcting: Correcting, session: Session
) -> None:
    first, second, _ = correcting.queue.places
    correcting.go(first)
    correcting.answer(2)
    correcting.skip()
    assert (first.state, correcting.queue.current) == (SKIPPED, second)
    assert not drawn(session, "alive", first.frame).any()
    correcting.undo()
    assert (first.state, correcting.queue.current) == (OPEN, first)
    assert first.frame in boxes(session), "it is proposed again"


def test_skipping_is_taken_back_with_what_was_drawn_by_hand(
    correcting: Correcting, session: Session
) -> None:
    first = correcting.queue.places[0]
    correcting.go(first)
    top, left, *_ = first.found.box
    layer = session.layer_data.rows[0].layer
    layer.data_setitem((np.array([first.frame]), np.array([top]), np.array([left])), 1)
    session.layer_data.rows[2].layer.add([[first.frame, top + 1, left + 1]])
    by_hand = state(session)
    correcting.skip()
    correcting.leave()
    assert boxes(session) == {}
    correcting.undo()
    assert (first.state, correcting.queue.current) == (OPEN, first)
    assert state(session) == by_hand
    correcting.leave()
    assert first.state == DONE, "it was changed by hand"
    assert state(session) == by_hand


def test_states_of_positions_come_back_with_them(correcting: Correcting, session: Session) -> None:
    first = correcting.queue.places[0]
    correcting.go(first)
    points = session.layer_data.rows[2].layer
    top, left, *_ = first.found.box
    points.add([[first.frame, top + 1, left + 1]])
    points.features = {"state": ["dead"] * len(points.data)}
    correcting.answer(3)
    correcting.undo()
    assert points.features["state"].tolist() == ["dead"] * len(points.data)
    assert len(points.data)
    points.add([[first.frame, top + 2, left + 2]])
    assert points.features["state"].tolist()[-1] == ""


def test_everything_can_be_taken_back(correcting: Correcting, session: Session) -> None:
    correcting.go(correcting.queue.places[0])
    correcting.leave()
    start = state(session)
    correcting.go(correcting.queue.places[0])
    for action in (
        correcting.accept,
        correcting.next_answer,
        correcting.accept,
        correcting.skip,
    ):
        action()
    while correcting.can_undo:
        correcting.undo()
    correcting.leave()
    assert state(session) == start
    assert [item.state for item in correcting.queue.places] == [OPEN] * 3


def test_undo_leaves_alone_what_is_drawn_elsewhere(
    correcting: Correcting, session: Session
) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    correcting.accept()
    session.layer_data.rows[0].layer.data[item.frame, 0, 0] = 1
    points = session.layer_data.rows[2].layer
    points.add([[item.frame, 0, 0]])
    correcting.undo()
    assert drawn(session, "alive", item.frame)[0, 0] == 1
    assert (0.0, 0.0) in drawn(session, "position", item.frame)


def test_a_training_does_not_learn_from_what_is_only_proposed(
    correcting: Correcting, session: Session, qtbot: Any
) -> None:
    first, second, _ = correcting.queue.places
    correcting.go(first)
    correcting.accept()
    data = session.layer_data
    qtbot.waitUntil(lambda: data.scan is not None and data.scan.labeled.sum() == 2)
    drawing = session.next.request().data
    assert isinstance(drawing, Drawing)
    assert np.flatnonzero(drawing.labeled_frames()).tolist() == [first.frame]
    assert correcting.queue.current is None
    assert second.state == OPEN


def test_frames_that_are_labeled_all_over_are_not_asked_for(
    image: Image, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    add_missing_layers(session.layer_data)
    session.layer_data.rows[0].layer.data[1, :3, :3] = 1
    session.layer_data.rows[0].layer.refresh()
    session.layer_data.set_rows(session.layer_data.rows)
    qtbot.waitUntil(lambda: session.layer_data.scan is not None)
    predict(session, children, qtbot)
    qtbot.waitUntil(lambda: len(session.correcting.queue.places) == 2)
    assert sorted(item.frame for item in session.correcting.queue.places) == [0, 2]


def test_frames_that_a_person_labels_leave_the_list(
    correcting: Correcting, session: Session, qtbot: Any
) -> None:
    add_missing_layers(session.layer_data)
    alive = session.layer_data.rows[0].layer
    alive.data_setitem((np.array([2]), np.array([3]), np.array([3])), 1)
    qtbot.waitUntil(lambda: len(correcting.queue.places) == 2)
    assert sorted(item.frame for item in correcting.queue.places) == [0, 1]


def test_the_list_waits_until_it_is_known_what_is_labeled(
    image: Image, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    add_missing_layers(session.layer_data)
    session.layer_data.rows[0].layer.data[1, :3, :3] = 1
    session.layer_data._scanning._timer.setInterval(1000)
    predict(session, children, qtbot)
    lengths: list[int] = []
    session.correcting.changed.connect(lambda: lengths.append(len(session.correcting.queue.places)))
    session.layer_data.set_rows(session.layer_data.rows)
    session.correcting.queue.places.clear()
    session.results.changed.emit()
    qtbot.waitUntil(lambda: bool(session.correcting.queue.places))
    assert set(lengths) == {2}


def test_a_frame_labeled_all_over_gets_no_box(correcting: Correcting, session: Session) -> None:
    item = correcting.queue.places[0]
    add_missing_layers(session.layer_data)
    session.layer_data.rows[0].layer.data[item.frame, :3, :3] = 1
    correcting.go(item)
    correcting.accept()
    correcting.leave()
    assert item.frame not in boxes(session)
    assert session.layer_data.drawing().complete_frames()[item.frame]


def test_classes_must_be_those_of_the_networks(
    correcting: Correcting, session: Session, viewer: ViewerModel
) -> None:
    session.layer_data.set_rows(session.layer_data.rows[:2])
    with pytest.raises(InputError, match=r"networks see alive, dead, position .* are alive, dead"):
        correcting.go(correcting.queue.places[0])
    assert boxes_are_gone(viewer)


def boxes_are_gone(viewer: ViewerModel) -> bool:
    return not any(len(layer.data) for layer in viewer.layers if isinstance(layer, Shapes))


def test_keys_tell_what_they_cannot_do(
    correcting: Correcting, session: Session, qtbot: Any
) -> None:
    with qtbot.waitSignal(session.refused) as told:
        session._do(correcting.accept)
    assert told.args == ["No place is chosen: choose one in the list, or press Next."]


def test_other_networks_bring_other_places_and_keep_what_is_done(
    correcting: Correcting, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    done = correcting.queue.places[0]
    correcting.go(done)
    correcting.accept()
    correcting.leave()
    networks = Networks(children, qtbot, CELLS)
    session.looking.use(session.setup.folder / "better", whole=True)
    networks.get_ready()
    networks.predict_all(session)
    qtbot.waitUntil(lambda: correcting.queue.places == [done])
    assert done.frame in boxes(session)


def test_exclusive_classes_are_corrected_by_their_ids(
    image: Image, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    scheme = LabelScheme(Task.MULTICLASS, ("alive", "dead"))
    session.layer_data.choose_task(Task.MULTICLASS)
    session.layer_data.set_rows(session.layer_data.rows[:2])
    predict(session, children, qtbot, scheme)
    correcting = session.correcting
    qtbot.waitUntil(lambda: len(correcting.queue.places) == 6)
    item = correcting.queue.places[0]
    assert item.found.place.area == 100, "the other places are small"
    correcting.go(item)
    correcting.answer(2)
    ids = drawn(session, "alive", item.frame)
    assert ids[DOUBT].all()
    assert (ids[25, 25], ids[31, 19]) == (1, 2)
    correcting.answer(3)
    assert not drawn(session, "alive", item.frame).any()


def test_the_snapshot_says_where_labels_count(
    correcting: Correcting, session: Session, tmp_path: Path
) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    correcting.accept()
    correcting.leave()
    for _ in write_snapshot(session.layer_data.drawing(), tmp_path):
        pass
    files = sorted(path.name for path in (tmp_path / "known").iterdir())
    assert files == [f"frame_{item.frame:04d}.tif"]
    known = tifffile.imread(tmp_path / "known" / files[0])
    np.testing.assert_array_equal(known > 0, known_mask([item.found.box], (40, 48)))


def test_a_training_learns_from_label_boxes(
    correcting: Correcting, session: Session, qtbot: Any
) -> None:
    item = correcting.queue.places[0]
    correcting.go(item)
    correcting.answer(2)
    correcting.accept()
    correcting.accept()
    scan = session.layer_data
    qtbot.waitUntil(lambda: scan.scan is not None and scan.scan.labeled.sum() == 3)
    assert session.layer_data.unlabeled == 3, "their rest is not labeled"
    session.setup.choose_preset("quick")
    request = session.next.request()
    for _ in prepare(request):
        pass
    plan = read_plan(request.folder)
    assert plan.data is not None
    data = open_data(plan.data, relative_to=request.folder)
    samples = [*data.labeled, *data.validation]
    assert {sample.name for sample in samples} <= {f"frame_{frame:04d}" for frame in range(3)}
    by_name = {sample.name: sample for sample in samples}
    sample = by_name[f"frame_{item.frame:04d}"]
    assert sample.known is not None
    np.testing.assert_array_equal(sample.known, known_mask([item.found.box], (40, 48)))
    assert sample.labeled[0][DOUBT].all()


def test_no_layer_of_the_person_is_touched(
    correcting: Correcting, viewer: ViewerModel, image: Image
) -> None:
    before = image.data.copy(), image.name
    correcting.go(correcting.queue.places[0])
    correcting.accept()
    assert (np.array_equal(image.data, before[0]), image.name) == (True, before[1])
    assert [layer for layer in viewer.layers if role_of(layer) is None] == [image]


@given(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 19), st.integers(1, 19)),
    st.integers(0, 5),
    st.sampled_from(["TZYX", "TXYZ"]),
)
def test_a_box_comes_back_from_its_rectangle(
    numbers: tuple[int, int, int, int], frame: int, letters: str
) -> None:
    lengths = {"T": 2, "Z": 3, "Y": 40, "X": 44}
    axes = FrameAxes(letters, tuple(lengths[letter] for letter in letters))
    box = (numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3])
    found = boxes_by_frame([corners(box, frame, axes)], ["rectangle"], axes, "label boxes")
    assert found == {frame: (box,)}


def test_only_rectangles_are_label_boxes() -> None:
    axes = FrameAxes("YX", (40, 48))
    with pytest.raises(InputError, match=r"'mine' holds a polygon: label boxes are rectangles"):
        boxes_by_frame([np.zeros((5, 2))], ["polygon"], axes, "mine")


def test_a_turned_rectangle_is_no_label_box() -> None:
    """The box around it would hold pixels that nobody has labeled."""
    axes = FrameAxes("TYX", (3, 40, 48))
    turned = np.array([[1, 10, 20], [1, 20, 10], [1, 30, 20], [1, 20, 30]], float)
    with pytest.raises(InputError, match="'mine' holds a turned rectangle"):
        boxes_by_frame([turned], ["rectangle"], axes, "mine")
    shaky = np.array([[1, 9.5, 19.5], [1, 9.7, 29.5], [1, 19.5, 29.4], [1, 19.4, 19.5]])
    assert boxes_by_frame([shaky], ["rectangle"], axes, "mine") == {1: ((10, 20, 20, 30),)}


def test_a_rectangle_moved_out_of_the_image_is_refused() -> None:
    """Without it the frame would count as labeled all over."""
    axes = FrameAxes("TYX", (3, 40, 48))
    outside, inside = corners((50, 2, 60, 9), 1, axes), corners((5, 2, 9, 9), 1, axes)
    with pytest.raises(InputError, match=r"'mine' holds a rectangle in frame 1 that has no pixel"):
        boxes_by_frame([outside], ["rectangle"], axes, "mine")
    both = boxes_by_frame([outside, inside], ["rectangle"] * 2, axes, "mine")
    assert both == {1: ((5, 2, 9, 9),)}
    plane = FrameAxes("YX", (40, 48))
    with pytest.raises(InputError, match="'mine' holds a rectangle that has no pixel"):
        boxes_by_frame([corners((5, -9, 9, -1), 0, plane)], ["rectangle"], plane, "mine")


def test_what_is_only_proposed_does_not_stay_when_another_image_is_chosen(
    correcting: Correcting, session: Session, viewer: ViewerModel, image: Image
) -> None:
    other = add_image(viewer, (3, 20, 24), name="other")
    first = correcting.queue.places[0]
    correcting.go(first)
    layers = [row.layer for row in session.layer_data.rows]
    session.layer_data.choose_image(other)
    assert correcting.queue.current is None
    correcting.leave()
    assert first.state == OPEN
    assert session.layer_data.boxes.of(image, first.axes) == {}
    assert not any(np.asarray(layer.data).any() for layer in layers)


ELLIPSE = [[4, 4], [4, 20], [20, 20], [20, 4]]


def draw_ellipse(session: Session, item: QueuedPlace) -> Shapes:
    shapes = session.layer_data.boxes.layer(item.image)
    assert shapes is not None
    shapes.add([[item.frame, *corner] for corner in ELLIPSE], shape_type="ellipse")
    return shapes


def remove_ellipse(shapes: Shapes) -> None:
    shapes.selected_data = {shapes.shape_type.index("ellipse")}
    shapes.remove_selected()


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_an_ellipse_among_the_label_boxes_holds_nobody_at_a_place(
    correcting: Correcting,
    session: Session,
    viewer: ViewerModel,
    image: Image,
    before: bool,
    changed: bool,
) -> None:
    """Whether something was drawn at the place before, or is only proposed."""
    other, item = add_image(viewer, (3, 20, 24), name="other"), correcting.queue.places[0]
    session.layer_data.choose_image(image)
    add_missing_layers(session.layer_data)
    alive = session.layer_data.rows[0].layer
    first: dict[int, tuple[Box, ...]] = {}
    if before:
        first = {item.frame: ((0, 0, 6, 6),)}
        session.layer_data.boxes.add(image, item.axes, item.frame, (0, 0, 6, 6))
        alive.data_setitem((np.array([item.frame]), np.array([27]), np.array([20])), 1)
    correcting.go(item)
    shapes = draw_ellipse(session, item)
    if changed:
        alive.data_setitem((np.array([item.frame]), np.array([28]), np.array([20])), 1)
    session.layer_data.choose_image(other)
    assert session.layer_data.image is other
    assert correcting.queue.current is None
    assert item.state == (DONE if changed else OPEN)
    assert alive.data[item.frame, 28, 20] == changed
    assert alive.data[item.frame, 27, 20] >= before
    remove_ellipse(shapes)
    now = session.layer_data.boxes.of(image, item.axes)
    kept = (*first.get(item.frame, ()), item.found.box)
    assert now == ({item.frame: kept} if changed else first)


def test_a_place_is_not_gone_to_while_label_boxes_cannot_be_read(
    correcting: Correcting, session: Session
) -> None:
    first, second, _ = correcting.queue.places
    correcting.go(first)
    correcting.accept()
    shapes = draw_ellipse(session, second)
    for place in (first, second):
        with pytest.raises(InputError, match="holds an ellipse"):
            correcting.go(place)
        assert correcting.queue.current is None
    remove_ellipse(shapes)
    assert boxes(session) == {first.frame: (first.found.box,)}
    correcting.go(second)
    assert correcting.queue.current is second
    assert boxes(session)[second.frame] == (second.found.box,)


def test_the_section_leads_through_the_places(
    viewer: ViewerModel, correcting: Correcting, qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    assert section.summary == "0 of 3 done"
    assert section.accept.isHidden()
    section.next.click()
    assert not section.accept.isHidden()
    assert correcting.queue.current is correcting.queue.places[0]
    section.accept.click()
    assert section.summary == "1 of 3 done"
    assert section.progress.text() == "1 of 3 done."
    assert [row[-1] for row in section.table.rows] == [DONE, OPEN, OPEN]
    section.table.chosen.emit(2)
    assert correcting.queue.current is correcting.queue.places[2]
    assert "U hides the mask" in section.meaning.text()  # it lies over what is to be corrected
    section.skip.click()
    section.undo.click()
    assert correcting.queue.current is correcting.queue.places[2]
    section.back.click()
    assert correcting.queue.current is correcting.queue.places[1]
    offers = [
        section._answers.itemAt(number).widget() for number in range(section._answers.count())
    ]
    assert [offer.text() for offer in offers] == [
        "As all together", "As network A", "As network B", "Nothing is there",
    ]  # fmt: skip
    offers[2].click()
    assert correcting.can_undo


def test_single_images_need_no_column_of_frames(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    add_image(viewer)
    predict(session, children, qtbot)
    qtbot.waitUntil(lambda: len(section.table.rows) == 1)
    assert section.table.isColumnHidden(FRAME)
    session.looking.choose(add_image(viewer, (3, 40, 48), name="stack"))
    predict(session, children, qtbot)
    qtbot.waitUntil(lambda: len(section.table.rows) > 1)
    assert not section.table.isColumnHidden(FRAME)


@pytest.mark.parametrize("scheme", [CELLS, LabelScheme(Task.MULTILABEL, ("alive", "dead"))])
def test_points_are_spoken_of_where_there_are_some(
    scheme: LabelScheme,
    viewer: ViewerModel,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    add_image(viewer)
    session.layer_data.set_rows([row for row in default_rows() if row.name in scheme.classes])
    predict(session, children, qtbot, scheme)
    qtbot.waitUntil(lambda: len(section.table.rows) > 0)
    section.next.click()
    has_points = scheme.position is not None
    assert ("with the brush and the points, or" in section.meaning.text()) == has_points
    assert ("with the brush, or" in section.meaning.text()) != has_points


@pytest.fixture
def section(viewer: ViewerModel, correcting: Correcting, qtbot: Any) -> CorrectSection:
    """At the first place, in a window in which somebody presses keys."""
    made = CorrectSection(viewer)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.next.click()
    return made


def press_space(qtbot: Any) -> None:
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)


def test_space_after_the_last_step_was_taken_back_presses_nothing_else(
    section: CorrectSection, correcting: Correcting, qtbot: Any
) -> None:
    section.skip.click()
    section.undo.setFocus()
    for _ in range(3):
        press_space(qtbot)
    assert not section.undo.isEnabled()
    assert [item.state for item in correcting.queue.places] == [OPEN] * 3
    assert section.hasFocus()


def test_space_after_the_last_place_was_accepted_presses_nothing_else(
    section: CorrectSection, correcting: Correcting, qtbot: Any
) -> None:
    """The button that retrains comes next."""
    section.accept.setFocus()
    for _ in range(3):
        press_space(qtbot)
    assert section.accept.isHidden()
    assert correcting.queue.done == 3
    assert section.hasFocus()


def test_space_after_a_press_with_the_mouse_is_left_to_the_picture(
    section: CorrectSection, correcting: Correcting, qtbot: Any
) -> None:
    """It moves it, and would else accept what nobody has looked at."""
    offers = [section._answers.itemAt(number).widget() for number in range(2)]
    for button in (offers[1], section.accept, section.next, section.back, section.skip):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        before = [item.state for item in correcting.queue.places], correcting.queue.current
        press_space(qtbot)
        after = [item.state for item in correcting.queue.places], correcting.queue.current
        assert after == before, button.text()


def test_tab_leads_from_the_buttons_to_the_answers(section: CorrectSection, qtbot: Any) -> None:
    section.skip.setFocus()
    names = []
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        names.append(QApplication.focusWidget().objectName())
    assert names == [f"correct_answer_{number}" for number in range(4)]


def test_the_section_is_at_no_place_after_one_was_refused(
    viewer: ViewerModel, correcting: Correcting, session: Session, qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    section.next.click()
    shapes = draw_ellipse(session, correcting.queue.places[1])
    section.accept.click()
    assert section.progress.text() == "1 of 3 done.", "it was accepted, and the next one refused"
    assert section.accept.isHidden()
    assert section.meaning.isHidden()
    assert section.table.current == -1
    section.table.setCurrentIndex(section.table.model().index(1, 0))
    assert correcting.queue.current is None
    remove_ellipse(shapes)
    section.table.setCurrentIndex(section.table.model().index(1, 0))
    assert correcting.queue.current is correcting.queue.places[1]


def test_a_place_that_was_the_last_can_be_pressed_again(
    viewer: ViewerModel, correcting: Correcting, qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    section.next.click()
    for _ in range(3):
        section.accept.click()
    assert correcting.queue.current is None
    last = section.table.model().index(2, 0)
    section.table.setCurrentIndex(last)
    assert correcting.queue.current is correcting.queue.places[2]


def test_a_place_below_another_image_is_said_to_be_hidden(
    viewer: ViewerModel, correcting: Correcting, image: Image, qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    other = add_image(viewer, image.data.shape, name="other")
    assert section.covered.isHidden()  # at no place
    section.next.click()
    assert not section.covered.isHidden()
    section.covered.hide_cover.click()
    assert section.covered.isHidden()
    assert (image.visible, other.visible) == (True, False)
    assert correcting.queue.current is correcting.queue.places[0]


def test_an_empty_section_says_what_to_do(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    assert not section.empty.isHidden()
    assert section.empty.text().startswith("Nothing to correct yet: predict frames under 3 Look")
    assert section.table.isHidden()
    assert section.summary == "nothing to correct yet"


def test_an_empty_section_says_why_after_a_prediction(
    image: Image, session: Session, viewer: ViewerModel, children: list[FakeChild], qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    networks = Networks(children, qtbot, CELLS)
    session.looking.use(session.setup.folder / "run", whole=True)
    networks.get_ready()
    networks.predict_all(session)
    qtbot.waitUntil(lambda: "the networks agree everywhere" in section.empty.text())
    assert section.summary == "nothing to correct"
    add_missing_layers(session.layer_data)
    alive = next(row.layer for row in session.layer_data.rows if row.name == "alive")
    drawn_all = np.zeros((3, 40, 48), int)
    drawn_all[:, 5, 7] = 1
    alive.data = drawn_all
    qtbot.waitUntil(lambda: "labeled all over" in section.empty.text())


def test_points_of_another_scale_are_read_and_drawn_where_they_are(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    """Such as positions in micrometers on an image that has 0.5 of them per pixel."""
    stack = add_image(viewer, (3, 40, 48), name="stack", scale=(1, 0.5, 0.5), translate=(0, 3, 0))
    spots = viewer.add_points(ndim=3, name="centers")
    data = session.layer_data
    data.set_rows(
        [replace(row, layer=spots if row.name == "position" else None) for row in data.rows]
    )
    predict(session, children, qtbot)
    correcting = session.correcting
    qtbot.waitUntil(lambda: len(correcting.queue.places) == 3)
    first, second, *_ = correcting.queue.places
    correcting.go(first)
    answers = [answer for _, answer in correcting.answers()]
    number = next(i for i, answer in enumerate(answers) if len(answer.centers))
    correcting.answer(number)
    guessed = data.axes.points(first.frame, answers[number].centers)
    np.testing.assert_allclose(points_on(stack, spots), guessed)
    np.testing.assert_allclose(spots.data[:, 1:], guessed[:, 1:] * 0.5 + [3, 0])
    correcting.accept()
    top, left, bottom, right = first.found.box
    assert data.drawing().target(first.frame)[2, top:bottom, left:right].any()
    kept = len(spots.data)
    correcting.go(second)
    correcting.skip()
    assert len(spots.data) == kept, "what was proposed is taken away again"
    row, column = (top + bottom) / 2, (left + right) / 2
    spots.add([[second.frame, row * 0.5 + 3, column * 0.5]])
    correcting.go(second)
    assert correcting.queue.current is second
    correcting.answer([name for name, _ in correcting.answers()].index("nothing"))
    assert not [place for place in spots.data if round(place[0]) == second.frame]


def read_only(labels: Any) -> Any:
    labels.flags.writeable = False
    return labels


@pytest.mark.parametrize(
    "kind",
    [
        lambda labels: da.from_array(labels, chunks=(1, 40, 48)),
        lambda labels: [labels, labels[:, ::2, ::2]],
        read_only,
    ],
    ids=["dask", "pyramid", "read-only"],
)
def test_labels_that_nobody_can_paint_in_are_refused_before_anything_is_drawn(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any, kind: Any
) -> None:
    add_image(viewer, (3, 40, 48), name="stack")
    layer = viewer.add_labels(kind(np.zeros((3, 40, 48), np.uint8)), name="alive")
    data = session.layer_data
    add_missing_layers(data)
    data.set_rows([ClassRow("alive", "#fff", layer=layer), *default_rows()[1:]])
    add_missing_layers(data)
    predict(session, children, qtbot)
    qtbot.waitUntil(lambda: len(session.correcting.queue.places) == 3)
    with pytest.raises(InputError, match=r"Nobody can paint in labels layer 'alive'"):
        session.correcting.go(session.correcting.queue.places[0])
    assert session.correcting.queue.current is None
    assert boxes_are_gone(viewer)


@pytest.mark.parametrize("at_a_place", [False, True])
def test_labels_that_got_another_shape_are_told_and_hold_nobody_at_a_place(
    correcting: Correcting, session: Session, at_a_place: bool
) -> None:
    """As by another plugin, which may give a layer any array."""
    add_missing_layers(session.layer_data)
    if at_a_place:
        correcting.go(correcting.queue.places[0])
    session.layer_data.rows[0].layer.data = np.zeros((2, 20, 24), np.uint8)
    with pytest.raises(InputError, match=r"'alive' has the shape 2 x 20 x 24 and image 'stack' 3"):
        correcting.go(correcting.queue.places[1])
    assert correcting.queue.current is None
    session.layer_data.rows[0].layer.data = np.zeros((3, 40, 48), np.uint8)
    correcting.go(correcting.queue.places[1])
    assert correcting.queue.current is correcting.queue.places[1]


def test_of_labels_in_a_file_no_more_than_a_frame_is_read(
    viewer: ViewerModel,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("all of it is read")

    stored = zarr.zeros((3, 40, 48), chunks=(1, 40, 48), dtype="u1")
    add_image(viewer, (3, 40, 48), name="stack")
    row = ClassRow("alive", "#fff", layer=viewer.add_labels(stored, name="alive"))
    session.layer_data.set_rows([row, *default_rows()[1:]])
    predict(session, children, qtbot)
    correcting = session.correcting
    qtbot.waitUntil(lambda: len(correcting.queue.places) == 3)
    monkeypatch.setattr(zarr.Array, "__array__", refuse)
    item = correcting.queue.places[0]
    correcting.go(item)
    correcting.accept()
    assert stored[item.frame].any()
