"""Sample data, as napari's File menu opens it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points

from napari_inconsistency_masks.cells import find_cells, position_markers
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.samples import (
    FRAMES,
    SIZE,
    synthetic_image,
    synthetic_timelapse,
)
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")


@pytest.fixture(scope="module")
def timelapse() -> list[Any]:
    return synthetic_timelapse()


def test_an_image_with_labels_and_positions() -> None:
    layers = synthetic_image()
    assert [(about["name"], kind) for _, about, kind in layers] == [
        ("synthetic cells", "image"),
        ("alive", "labels"),
        ("dead", "labels"),
        ("position", "points"),
    ]
    assert layers[0][0].shape == layers[1][0].shape == layers[2][0].shape == SIZE
    assert layers[0][0].dtype == np.uint8
    assert layers[3][0].shape[1] == 2


def test_a_timelapse_with_labels_and_positions(timelapse: list[Any]) -> None:
    image, alive, dead, positions = (data for data, _, _ in timelapse)
    assert image.shape == alive.shape == dead.shape == (FRAMES, *SIZE)
    assert positions.shape[1] == 3
    assert set(positions[:, 0]) == set(range(FRAMES))


def test_the_labels_are_right(timelapse: list[Any]) -> None:
    """Cells counted by their labels are as many as there are points of that state."""
    _, alive, dead, positions = (data for data, _, _ in timelapse)
    states = np.array(timelapse[3][1]["features"]["state"])
    for frame in (0, FRAMES - 1):
        here = positions[:, 0] == frame
        marks = position_markers(np.rint(positions[here, 1:]).astype(np.int64), SIZE)
        cells = find_cells(np.stack([alive[frame], dead[frame], marks]) > 0, CELLS)
        expected = {name: int((states[here] == name).sum()) for name in ("alive", "dead")}
        for name, count in expected.items():
            assert abs(cells.counts[name] - count) <= 1


def test_a_training_can_start_from_the_sample(
    viewer: ViewerModel, session: Session, timelapse: list[Any], qtbot: Any
) -> None:
    kinds = {"image": Image, "labels": Labels, "points": Points}
    for data, about, kind in timelapse:
        viewer.add_layer(kinds[kind](data, **about))
    data = session.layer_data
    assert data.scheme() == CELLS
    assert data.axes.letters == "TYX"
    qtbot.waitUntil(lambda: data.scan is not None)
    assert data.scan.labeled.all()
    session.setup.choose_recipe("labeled-aug")
    assert session.next.problem() is None
