"""Strokes on an open image, while a folder is what is learned from: they are learned from too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import write_folder

from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.widgets.pages.folder_page import FolderPage
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.session.sources import FOLDER, LAYERS

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture
def page(session: Session, tmp_path: Path, qtbot: Any) -> FolderPage:
    """The page of a folder of eight images, of which five are labeled."""
    session.choose_source(FOLDER)
    made = FolderPage(session)
    qtbot.addWidget(made)
    made.show()
    session.folder_data.open(write_folder(tmp_path / "dish"))
    qtbot.waitUntil(lambda: not session.folder_data.busy)
    session.folder_data.choose(position="position")
    qtbot.waitUntil(lambda: not session.folder_data.busy)
    return made


def open_image(page: FolderPage, session: Session, qtbot: Any, labels: str) -> str:
    """Open the first image whose labels are used, or not; its name."""
    listed = session.folder_data.images
    number = next(
        i for i, item in enumerate(listed) if (item.split, item.labeled) == ("train", labels)
    )
    page.table.opened.emit(number)
    qtbot.waitUntil(lambda: session.layer_data.image is not None)
    return listed[number].name


def draw(session: Session, qtbot: Any) -> None:
    """Paint 4 pixels in a label box."""
    from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers

    data = session.layer_data
    qtbot.waitUntil(lambda: not data.scanning)
    add_missing_layers(data)
    names = [row.name for row in data.rows]
    bright = data.rows[names.index("bright" if "bright" in names else "alive")].layer
    bright.data_setitem(tuple(np.mgrid[2:4, 2:4].reshape(2, -1)), 1)
    data.boxes.add(data.image, data.axes, 0, (0, 0, 8, 8))
    qtbot.waitUntil(lambda: not data.scanning)


def name_classes(session: Session) -> None:
    """Name the classes of the layers as those of the folder are."""
    from dataclasses import replace

    data = session.folder_data.data
    assert data is not None
    rows = session.layer_data.rows
    kinds = ["position" if name == data.scheme.position else "mask" for name in data.classes]
    session.layer_data.set_rows(
        replace(row, name=name, kind=kind)
        for row, name, kind in zip(rows, data.classes, kinds, strict=True)
    )


def prepared(session: Session, qtbot: Any) -> Path:
    """The folder of a run that was started."""
    session.setup.choose_recipe("labeled")
    session.trainer.press(session.next.request)
    qtbot.waitUntil(lambda: session.trainer.child is not None)
    assert session.trainer.run is not None
    return session.trainer.run


def test_a_correction_on_an_unlabeled_image_is_learned_from(
    page: FolderPage, session: Session, qtbot: Any
) -> None:
    name = open_image(page, session, qtbot, "no")
    name_classes(session)
    assert page.beside.text() == ""
    draw(session, qtbot)
    assert page.beside.text() == f"What is drawn on {name} is learned from too, besides the folder."
    run = prepared(session, qtbot)
    plan = read_plan(run)
    assert plan.data["kind"] == "corrected"
    assert plan.data["corrections"] == "data"
    data = open_data(plan.data, relative_to=run)
    before = len(session.folder_data.data.labeled)
    assert len(data.labeled) == before + 1
    sample = data.labeled[before]
    assert sample.known.sum() == 64
    assert np.argwhere(sample.target[0]).tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]


def test_what_was_tried_on_the_demo_is_not_learned_from_with_a_folder(
    page: FolderPage, session: Session, qtbot: Any
) -> None:
    """Its classes may well be those of the folder, and its cells are drawn ones."""
    name = open_image(page, session, qtbot, "no")
    name_classes(session)
    draw(session, qtbot)
    session.sources.demo = session.layer_data.image
    session.source_changed.emit()
    assert page.beside.text().startswith(f"What is drawn on {name} is not learned from.")
    assert session.sources.beside() is None


def test_strokes_after_the_start_are_told_to_be_in_no_run(
    page: FolderPage, session: Session, qtbot: Any
) -> None:
    open_image(page, session, qtbot, "no")
    name_classes(session)
    draw(session, qtbot)
    prepared(session, qtbot)
    assert not session.next.drawn_since_start
    draw(session, qtbot)
    assert session.next.drawn_since_start


def test_labels_that_nobody_touched_are_the_folder_s_alone(
    page: FolderPage, session: Session, qtbot: Any
) -> None:
    open_image(page, session, qtbot, "yes")
    qtbot.waitUntil(lambda: not session.layer_data.scanning)
    assert session.sources.beside() is None
    assert read_plan(prepared(session, qtbot)).data["kind"] == "folder"


def test_other_classes_are_told_and_left_out(
    page: FolderPage, session: Session, qtbot: Any
) -> None:
    open_image(page, session, qtbot, "no")
    draw(session, qtbot)  # alive, dead and position
    assert "is not learned from. Its classes are alive, dead, position, and" in page.beside.text()
    assert session.sources.beside() is None


def test_nothing_is_said_of_layers_that_are_the_source(
    page: FolderPage, session: Session, qtbot: Any
) -> None:
    open_image(page, session, qtbot, "no")
    name_classes(session)
    draw(session, qtbot)
    session.choose_source(LAYERS)
    assert page.beside.text() == ""
    assert session.sources.beside() is None
