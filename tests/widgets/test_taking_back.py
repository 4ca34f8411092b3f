"""Taking steps back at places to correct, and napari's own undo: no stroke is lost by either."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from stand_ins import FakeChild, Networks
from test_correcting import CELLS, boxes, correcting, drawn, image, state

from napari_inconsistency_masks.widgets.correcting.correcting import Correcting
from napari_inconsistency_masks.widgets.correcting.queue import DONE, OPEN, SKIPPED, QueuedPlace
from napari_inconsistency_masks.widgets.sections.correct import CorrectSection
from napari_inconsistency_masks.widgets.session.session import Session

__all__ = ["correcting", "image"]

pytestmark = pytest.mark.usefixtures("children", "at_once")


def draw_at(session: Session, item: QueuedPlace, number: int = 1, column: int = 0) -> Any:
    """A stroke in a corner of a place, in the layer of a class, and its pixel."""
    top, left, *_ = item.found.box
    layer = session.layer_data.rows[number].layer
    assert layer is not None
    pixel = item.frame, top, left + column
    layer.data_setitem(tuple(np.array([each]) for each in pixel), 1)
    return layer, pixel


@pytest.mark.parametrize("button", ["accept", "go_on"])
def test_who_takes_a_step_back_finds_what_she_had_drawn(
    correcting: Correcting, session: Session, button: str
) -> None:
    first = correcting.queue.places[0]
    correcting.go(first)
    draw_at(session, first)
    session.layer_data.rows[2].layer.add([[first.frame, 20, 20]])
    by_hand = state(session)
    getattr(correcting, button)()
    correcting.undo()
    assert (first.state, correcting.queue.current) == (OPEN, first)
    assert state(session) == by_hand
    correcting.skip()
    assert not drawn(session, "dead", first.frame).any()
    assert first.frame not in boxes(session)


def test_a_step_is_taken_back_at_a_place_that_is_no_longer_among_those_to_correct(
    correcting: Correcting, session: Session, children: list[FakeChild], viewer: Any, qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    first = correcting.queue.places[0]
    correcting.go(first)
    correcting.answer(0)
    correcting.leave()
    networks = Networks(children, qtbot, CELLS)
    session.looking.use(session.setup.folder / "better", whole=True)
    networks.get_ready()
    networks.predict_all(session)
    qtbot.waitUntil(lambda: correcting.queue.places == [])
    section.undo.click()
    assert correcting.queue.current is first
    assert section.table.current == 0


def test_what_was_changed_at_several_places_is_taken_back_one_after_the_other(
    correcting: Correcting, session: Session
) -> None:
    places = correcting.queue.places
    correcting.go(places[0])
    pixels = []
    for item in places:
        pixels.append(draw_at(session, item))
        correcting.accept()
    for item in reversed(places):
        correcting.undo()
        assert (item.state, correcting.queue.current) == (OPEN, item)
    assert not correcting.can_undo
    assert all(layer.data[pixel] for layer, pixel in pixels)


def test_what_is_drawn_where_a_place_was_skipped_stays_as_that_is_taken_back(
    correcting: Correcting, session: Session
) -> None:
    first = correcting.queue.places[0]
    correcting.go(first)
    draw_at(session, first)
    correcting.skip()
    correcting.leave()
    layer, pixel = draw_at(session, first, column=1)
    correcting.undo()
    correcting.leave()
    assert first.state == DONE
    assert np.argwhere(layer.data).tolist() == [list(pixel)]
    assert boxes(session) == {}, "she drew on a frame without any"


def test_what_was_erased_at_a_place_does_not_come_back(
    correcting: Correcting, session: Session
) -> None:
    """It was drawn before she came, and another proposal is made where nothing is drawn."""
    first = correcting.queue.places[0]
    correcting.go(first)
    correcting.accept()
    correcting.leave()
    session.layer_data.boxes.remove(first.image, first.axes, first.frame, first.found.box)
    correcting.go(first)
    first.state = OPEN
    rows = session.layer_data.rows
    for row in rows[:2]:
        row.layer.data_setitem(np.nonzero(row.layer.data), 0)
    points = rows[2].layer
    points.selected_data = set(range(len(points.data)))
    points.remove_selected()
    correcting.skip()
    assert first.state == SKIPPED
    correcting.undo()
    correcting.leave()
    assert not drawn(session, "alive", first.frame).any()


def test_no_undo_of_napari_leads_back_to_another_place(
    correcting: Correcting, session: Session
) -> None:
    """Where a proposal would come back as labels, or what was accepted go, and nobody see it."""
    first, second, _ = correcting.queue.places
    correcting.go(first)
    correcting.leave()
    layers = [row.layer for row in session.layer_data.rows[:2]]

    def undo() -> None:
        for layer in layers:
            layer.undo()

    undo()
    assert not any(layer.data.any() for layer in layers), "it was only proposed"
    correcting.go(first)
    correcting.accept()
    accepted = [layer.data[first.frame].copy() for layer in layers]
    assert correcting.queue.current is second
    for _ in range(3):
        undo()
    assert not any(layer.data[second.frame].any() for layer in layers)
    for layer, before in zip(layers, accepted, strict=True):
        np.testing.assert_array_equal(layer.data[first.frame], before)


def test_a_brush_stays_a_brush_from_place_to_place(
    correcting: Correcting, session: Session
) -> None:
    correcting.go(correcting.queue.places[0])
    alive, dead, points = (row.layer for row in session.layer_data.rows)
    dead.visible = False
    alive.mode, points.mode = "paint", "add"
    correcting.accept()
    assert (alive.mode, points.mode, dead.visible) == ("paint", "add", False)


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("how", ["axis", "task", "class"])
def test_a_place_is_left_before_axes_or_classes_are_others(
    correcting: Correcting, session: Session, image: Image, how: str, changed: bool
) -> None:
    """Only then what was proposed can be told from what was drawn by hand."""
    last, data = correcting.queue.places[2], session.layer_data
    correcting.go(last)
    layers = [row.layer for row in data.rows]
    pixel: Any = None
    if changed:
        layer, pixel = draw_at(session, last)
    if how == "axis":
        data.name_axis(0, "C")
    elif how == "task":
        data.choose_task(next(task for task in type(data.task) if task is not data.task))
    else:
        data.set_rows([row for row in data.rows if row.name != "dead"])
    assert correcting.queue.current is None
    assert last.state == (DONE if changed else OPEN)
    assert data.boxes.of(image, last.axes) == ({last.frame: (last.found.box,)} if changed else {})
    if changed:
        assert layer.data[pixel]
    else:
        assert not any(np.asarray(layer.data).any() for layer in layers)
