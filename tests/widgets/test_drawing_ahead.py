"""Layers to draw in are made while a person looks at the list of places, one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from napari.components import ViewerModel
from napari.layers import Image
from stand_ins import FakeChild
from test_correcting import CELLS, correcting, image, predict

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.correcting import drawing_ahead
from napari_inconsistency_masks.widgets.correcting.correcting import Correcting
from napari_inconsistency_masks.widgets.layers.viewer_layers import role_of
from napari_inconsistency_masks.widgets.sections.correct import CorrectSection
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")

__all__ = ["correcting", "image"]  # fixtures

MADE = ["alive", "dead", "position", "label boxes"]


@pytest.fixture(autouse=True)
def breath(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing_ahead, "BREATH_MS", 5)


def drawing_layers(viewer: ViewerModel) -> list[str]:
    return [layer.name for layer in viewer.layers if role_of(layer) in ("drawing", "boxes")]


def show(viewer: ViewerModel, qtbot: Any) -> CorrectSection:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    section.show()
    return section


def test_they_are_made_one_per_turn_and_nothing_else_changes(
    correcting: Correcting, image: Image, session: Session, viewer: ViewerModel, qtbot: Any
) -> None:
    viewer.layers.selection.active = image
    show(viewer, qtbot)
    assert drawing_layers(viewer) == []  # not before the window has lived
    seen: list[int] = []
    viewer.layers.events.inserted.connect(lambda _: seen.append(len(drawing_layers(viewer))))
    qtbot.waitUntil(lambda: drawing_layers(viewer) == MADE)
    assert seen == [1, 2, 3, 4]
    assert viewer.layers.selection.active is image
    assert correcting.queue.current is None
    assert not session.keeper.drawn_on
    assert [row.layer.name for row in session.layer_data.rows] == MADE[:3]
    layers = list(viewer.layers)
    correcting.go_on()
    assert list(viewer.layers) == layers
    assert viewer.layers.selection.active is session.layer_data.rows[0].layer


def test_who_goes_to_a_place_at_once_waits_for_none(
    correcting: Correcting, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    show(viewer, qtbot)
    qtbot.waitUntil(lambda: bool(drawing_layers(viewer)))
    correcting.go_on()
    assert drawing_layers(viewer) == MADE
    assert viewer.layers.selection.active is session.layer_data.rows[0].layer
    qtbot.wait(50)
    assert drawing_layers(viewer) == MADE


def test_a_layer_that_is_removed_comes_back_only_when_it_is_needed(
    correcting: Correcting, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    section = show(viewer, qtbot)
    qtbot.waitUntil(lambda: drawing_layers(viewer) == MADE)
    viewer.layers.remove("dead")
    section.hide()
    section.show()
    qtbot.wait(50)
    assert "dead" not in drawing_layers(viewer)
    correcting.go_on()
    assert "dead" in drawing_layers(viewer)


def test_nothing_is_made_for_who_does_not_correct(
    correcting: Correcting, viewer: ViewerModel, qtbot: Any
) -> None:
    section = CorrectSection(viewer)
    qtbot.addWidget(section)
    correcting.changed.emit()
    qtbot.wait(50)
    assert drawing_layers(viewer) == []


def test_nothing_is_made_for_other_classes_than_the_networks_know(
    image: Image, viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    assert CELLS.classes == ("alive", "dead", "position")
    predict(session, children, qtbot, LabelScheme(Task.MULTILABEL, ("bright", "dark")))
    qtbot.waitUntil(lambda: bool(session.correcting.queue.places))
    show(viewer, qtbot)
    qtbot.wait(50)
    assert drawing_layers(viewer) == []
