"""Strokes in layers of an image that is not the chosen one are saved as well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image, add_labels

from napari_inconsistency_masks.projects.corrections import Corrections
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.drawing.snapshot import DrawnClass
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


def test_who_draws_on_an_image_that_is_not_chosen_loses_nothing(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    data, keeper = session.layer_data, session.keeper
    add_image(viewer, (3, 40, 48), name="one")
    add_missing_layers(data)
    layer = data.rows[0].layer
    other = add_image(viewer, (3, 40, 48), name="two")
    data.choose_image(other)
    add_missing_layers(data)
    assert layer is not None
    layer.data_setitem((np.array([1]), np.array([5]), np.array([7])), 1)
    qtbot.waitUntil(lambda: not keeper.busy() and not data.scanning)
    root, scheme = session._drawings_folder(), data.scheme()
    session._guard.close()
    (folder,) = root.glob("one-*")
    labels = Corrections(folder, scheme).read("image", 1)
    assert labels is not None
    assert labels.masks["alive"][5, 7]


def test_what_was_drawn_in_a_layer_that_is_no_longer_chosen_for_a_class_stays_on_disk(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    data, keeper = session.layer_data, session.keeper
    add_image(viewer, (3, 40, 48), name="one")
    add_missing_layers(data)
    mine = data.rows[0].layer
    assert mine is not None
    mine.data_setitem((np.array([1]), np.array([5]), np.array([7])), 1)
    other = add_labels(viewer, "stardist", (3, 40, 48))
    data.set_rows([replace(data.rows[0], layer=other), *data.rows[1:]])
    other.data_setitem((np.array([1]), np.array([9]), np.array([9])), 1)
    qtbot.waitUntil(lambda: not keeper.busy() and not data.scanning)
    second = keeper.folder
    data.set_rows([replace(data.rows[0], layer=mine), *data.rows[1:]])
    qtbot.waitUntil(lambda: not keeper.busy() and not data.scanning)
    first = keeper.folder
    assert first is not None
    assert second is not None
    for folder, pixel in ((first, [5, 7]), (second, [9, 9])):
        labels = Corrections(folder, data.scheme()).read("image", 1)
        assert labels is not None
        assert np.argwhere(labels.masks["alive"]).tolist() == [pixel]


def test_a_stroke_in_the_layers_of_before_looks_through_no_whole_stack(
    viewer: ViewerModel, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, keeper = session.layer_data, session.keeper
    add_image(viewer, (3, 40, 48), name="one")
    add_missing_layers(data)
    layer = data.rows[0].layer
    assert layer is not None
    looked: list[str] = []
    monkeypatch.setattr(DrawnClass, "is_empty", lambda drawn: looked.append(drawn.name))
    for row in (5, 6):
        layer.data_setitem((np.array([1]), np.array([row]), np.array([7])), 1)
        qtbot.waitUntil(lambda: not keeper.busy() and not data.scanning)
    assert looked == []
