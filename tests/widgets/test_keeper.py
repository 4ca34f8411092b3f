"""What is drawn is on disk soon, survives the window, and comes back when asked for."""

from __future__ import annotations

import errno
import gc
import json
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image
from open_layers import add_image, add_labels

from napari_inconsistency_masks.files import atomic
from napari_inconsistency_masks.projects.corrections import Corrections
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.drawing.keeper import Keeper
from napari_inconsistency_masks.widgets.layers.class_rows import POSITION
from napari_inconsistency_masks.widgets.layers.fitting import points_on
from napari_inconsistency_masks.widgets.pages.layer_page import LayerPage
from napari_inconsistency_masks.widgets.session.session import Session, session_of

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


@pytest.fixture
def stack(viewer: ViewerModel) -> Image:
    return add_image(viewer, (4, 40, 48), name="stack")


def layer(session: Session, number: int) -> Any:
    return session.layer_data.rows[number].layer


def paint(session: Session, frame: int, value: int = 1, number: int = 0) -> None:
    layer(session, number).data_setitem((np.array([frame]), np.array([5]), np.array([7])), value)


def kept(session: Session, frame: int) -> Any:
    folder = session.keeper.folder
    assert folder is not None
    return Corrections(folder, session.layer_data.scheme()).read("image", frame)


def wait_until_kept(session: Session, qtbot: Any) -> None:
    """Until nothing waits to be saved."""
    keeper = session.keeper
    qtbot.waitUntil(lambda: not keeper.busy() and not session.layer_data.scanning)


def test_a_stroke_is_on_disk_without_a_word(stack: Image, session: Session, qtbot: Any) -> None:
    add_missing_layers(session.layer_data)
    assert session.keeper.folder is None
    paint(session, 2)
    layer(session, 2).add([[2, 10.25, 20.5]])
    session.layer_data.boxes.add(stack, session.layer_data.axes, 2, (0, 0, 30, 40))
    wait_until_kept(session, qtbot)
    labels = kept(session, 2)
    assert np.argwhere(labels.masks["alive"]).tolist() == [[5, 7]]
    assert not labels.masks["dead"].any()
    assert labels.positions.tolist() == [[10.25, 20.5]]
    assert labels.boxes == ((0, 0, 30, 40),)
    assert kept(session, 0) is None, "nothing is drawn there"
    about = json.loads((session.keeper.folder / "about.json").read_text())
    assert (about["image"], about["shape"]) == ("stack", [4, 40, 48])


def test_small_marks_in_a_layer_of_labels_are_kept_as_positions(
    stack: Image, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    """A brush of one or two pixels draws marks that the paper's rule of counting loses."""
    data = session.layer_data
    marks = viewer.add_labels(np.zeros((4, 40, 48), np.uint8), name="marks")
    (row,) = data.rows
    data.set_rows([replace(row, name="position", kind=POSITION)])
    pixels = np.array([[10, 15], [10, 16], [11, 15], [11, 16], [30, 40]])
    marks.data_setitem((np.full(len(pixels), 2), *pixels.T), 1)
    wait_until_kept(session, qtbot)
    assert sorted(kept(session, 2).positions.tolist()) == [[10.5, 15.5], [30, 40]]


def test_erasing_and_undoing_are_kept_too(stack: Image, session: Session, qtbot: Any) -> None:
    add_missing_layers(session.layer_data)
    paint(session, 1)
    wait_until_kept(session, qtbot)
    assert kept(session, 1).labeled
    layer(session, 0).undo()
    qtbot.waitUntil(lambda: not kept(session, 1).labeled)
    layer(session, 0).redo()
    qtbot.waitUntil(lambda: kept(session, 1).labeled)


def test_only_frames_that_have_changed_are_written(
    stack: Image, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = Corrections.write

    def count(self: Corrections, image: str, frame: int, labels: Any, **about: Any) -> int:
        written.append(frame)
        return write(self, image, frame, labels, **about)

    monkeypatch.setattr(Corrections, "write", count)
    add_missing_layers(session.layer_data)
    paint(session, 1)
    wait_until_kept(session, qtbot)
    paint(session, 3)
    wait_until_kept(session, qtbot)
    assert written == [1, 3]


def test_a_class_without_a_layer_does_not_stop_it(
    stack: Image, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    rows = list(session.layer_data.rows)
    labels = add_labels(viewer, "mine", (4, 40, 48))
    rows[0] = type(rows[0])("alive", rows[0].color, rows[0].kind, labels)
    session.layer_data.set_rows(rows)
    paint(session, 0)
    wait_until_kept(session, qtbot)
    assert kept(session, 0).masks["alive"][5, 7]


def test_exclusive_ids_are_kept(stack: Image, session: Session, qtbot: Any) -> None:
    session.layer_data.choose_task(Task.MULTICLASS)
    add_missing_layers(session.layer_data)
    paint(session, 1, 2)
    wait_until_kept(session, qtbot)
    assert kept(session, 1).ids[5, 7] == 2


def test_an_id_without_a_class_is_told_and_not_taken_for_another(
    stack: Image, session: Session, qtbot: Any
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    session.layer_data.choose_task(Task.MULTICLASS)
    rows = session.layer_data.rows
    mine = add_labels(session.layers.viewer, "mine", (4, 40, 48))
    mine.data = mine.data.astype(np.int32)
    session.layer_data.set_rows([replace(rows[0], layer=mine), *rows[1:]])
    mine.data_setitem(tuple(np.array([[1], [5], [7]])), 257)
    qtbot.waitUntil(lambda: bool(told))
    assert "class id 257, and there are 3 classes" in told[0]
    mine.data_setitem(tuple(np.array([[1], [5], [7]])), 2)
    wait_until_kept(session, qtbot)
    assert kept(session, 1).ids[5, 7] == 2


def test_an_id_without_a_class_stops_no_other_frame_and_is_kept_as_it_is_drawn(
    stack: Image, session: Session, qtbot: Any
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    session.layer_data.choose_task(Task.MULTICLASS)
    add_missing_layers(session.layer_data)
    paint(session, 0, 9)
    paint(session, 2, 1)
    qtbot.waitUntil(lambda: bool(told))
    assert "stack, frame 0: The labels hold class id 9" in told[0]
    assert kept(session, 0) is None
    assert kept(session, 2).ids[5, 7] == 1
    paint(session, 3, 1)
    session.keeper.finish(10_000)
    assert kept(session, 3).ids[5, 7] == 1
    aside = session.keeper.folder / "image" / "0" / "as-drawn.tif"
    assert tifffile.imread(aside)[5, 7] == 9
    paint(session, 0, 3)
    wait_until_kept(session, qtbot)
    assert kept(session, 0).ids[5, 7] == 3
    assert not aside.exists()


def rename(session: Session, name: str) -> None:
    rows = list(session.layer_data.rows)
    session.layer_data.set_rows([replace(rows[0], name=name), *rows[1:]])


def test_strokes_while_a_class_has_no_valid_name_are_saved_once_it_has(
    stack: Image, session: Session, qtbot: Any
) -> None:
    told, said = list[str](), list[bool]()
    session.refused.connect(told.append)
    session.keeper.recovered.connect(lambda: said.append(True))
    add_missing_layers(session.layer_data)
    rename(session, "alive?")
    paint(session, 1)
    assert told[0].startswith("What is drawn is not saved: Class name 'alive?'")
    rename(session, "living")
    wait_until_kept(session, qtbot)
    assert kept(session, 1).masks["living"][5, 7]
    assert said


def test_strokes_while_a_class_has_no_valid_name_are_saved_at_closing(
    stack: Image, session: Session, qtbot: Any
) -> None:
    """With the names that the classes had before."""
    add_missing_layers(session.layer_data)
    root = session._drawings_folder()
    rename(session, "alive?")
    paint(session, 1)
    session._guard.close()
    (folder,) = root.iterdir()
    labels = Corrections(folder, CELLS).read("image", 1)
    assert labels is not None
    assert labels.masks["alive"][5, 7]


@pytest.mark.parametrize("then", ["closing", "another image"])
def test_positions_and_boxes_drawn_while_a_class_has_no_valid_name_are_saved_too(
    stack: Image, session: Session, viewer: ViewerModel, qtbot: Any, then: str
) -> None:
    data = session.layer_data
    add_missing_layers(data)
    paint(session, 0)
    data.boxes.add(stack, data.axes, 1, (0, 0, 9, 9))
    wait_until_kept(session, qtbot)
    folder = session.keeper.folder
    assert folder is not None
    rename(session, "alive?")
    paint(session, 1)
    layer(session, 2).add([[1, 10, 20]])
    data.boxes.add(stack, data.axes, 2, (1, 2, 8, 9))
    if then == "closing":
        session._guard.close()
    else:
        data.choose_image(add_image(viewer, (4, 30, 30), name="other"))
        qtbot.waitUntil(lambda: not session.keeper.busy())
    labels = Corrections(folder, CELLS).read("image", 1)
    assert labels is not None
    assert labels.masks["alive"][5, 7]
    assert labels.positions.tolist() == [[10, 20]]
    assert labels.boxes == ((0, 0, 9, 9),)
    more = Corrections(folder, CELLS).read("image", 2)
    assert more is not None
    assert more.boxes == ((1, 2, 8, 9),)


def test_a_layer_made_anew_while_a_class_has_no_valid_name_empties_nothing(
    stack: Image, session: Session, viewer: ViewerModel, qtbot: Any
) -> None:
    add_missing_layers(session.layer_data)
    paint(session, 1)
    wait_until_kept(session, qtbot)
    folder = session.keeper.folder
    assert folder is not None
    rename(session, "alive?")
    paint(session, 1, number=1)
    viewer.layers.remove(layer(session, 0))
    add_missing_layers(session.layer_data)
    session._guard.close()
    labels = Corrections(folder, CELLS).read("image", 1)
    assert labels is not None
    assert labels.masks["alive"][5, 7]
    assert labels.masks["dead"][5, 7]


def test_an_undo_is_kept_though_label_boxes_reach_over_the_rim(
    stack: Image, session: Session, qtbot: Any
) -> None:
    """What napari calls the place of the sliders moves with the layers' size, seen or not."""
    data = session.layer_data
    add_missing_layers(data)
    paint(session, 1)
    data.boxes.add(stack, data.axes, 1, (0, 19, 1, 24))
    wait_until_kept(session, qtbot)
    layer(session, 0).undo()
    qtbot.waitUntil(lambda: not session.keeper.busy() and not data.scanning)
    assert not kept(session, 1).masks["alive"].any()


def test_an_undo_just_before_another_image_is_chosen_is_kept(
    stack: Image, session: Session, viewer: ViewerModel, qtbot: Any
) -> None:
    """napari tells of it in no other way than of a move of the sliders."""
    add_missing_layers(session.layer_data)
    other = add_image(viewer, (4, 30, 30), name="other")
    session.layer_data.choose_image(stack)
    paint(session, 1)
    wait_until_kept(session, qtbot)
    folder = session.keeper.folder
    layer(session, 0).undo()
    session.layer_data.choose_image(other)
    qtbot.waitUntil(lambda: not session.keeper.busy())
    assert folder is not None
    labels = Corrections(folder, CELLS).read("image", 1)
    assert labels is not None
    assert not labels.masks["alive"].any()


def test_a_removed_image_leaves_memory_once_its_strokes_are_on_disk(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    pixels = np.zeros((4, 40, 48), np.uint8)
    there = weakref.ref(pixels)
    viewer.add_layer(Image(pixels, name="stack"))
    del pixels
    add_missing_layers(session.layer_data)
    paint(session, 1)
    viewer.layers.clear()
    add_image(viewer, (4, 30, 30), name="other")
    wait_until_kept(session, qtbot)
    assert len(session.keeper._sittings._known) == 1, "that of the other image"
    qtbot.waitUntil(lambda: gc.collect() >= 0 and there() is None)


def draw_and_close(viewer: ViewerModel, qtbot: Any) -> None:
    """A sitting of another day."""
    session = session_of(viewer)
    add_image(viewer, (4, 40, 48), name="stack")
    add_missing_layers(session.layer_data)
    paint(session, 2)
    paint(session, 3, number=1)
    layer(session, 2).add([[2, 10.25, 20.5], [3, 1, 2]])
    session.layer_data.boxes.add(
        session.layer_data.image, session.layer_data.axes, 3, (0, 0, 30, 40)
    )
    session._guard.close()  # at once: what is not saved yet is saved now


def test_another_day_it_can_be_restored(viewer: ViewerModel, runs_folder: Path, qtbot: Any) -> None:
    draw_and_close(viewer, qtbot)
    folders = list((runs_folder / "drawings").iterdir())
    assert len(folders) == 1
    later = ViewerModel()
    session = session_of(later)
    page = LayerPage(session)
    qtbot.addWidget(page)
    add_image(later, (4, 40, 48), name="stack")
    qtbot.waitUntil(lambda: not page.restore.isHidden())
    assert page.restore.text() == "Restore labels of 2 frames"
    page.restore.click()
    data = session.layer_data
    qtbot.waitUntil(lambda: data.scan is not None and data.scan.labeled.sum() == 2)
    assert np.argwhere(layer(session, 0).data).tolist() == [[2, 5, 7]]
    assert np.argwhere(layer(session, 1).data).tolist() == [[3, 5, 7]]
    assert layer(session, 2).data.tolist() == [[2, 10.25, 20.5], [3, 1, 2]]
    assert data.drawing().boxes == {3: ((0, 0, 30, 40),)}
    assert page.restore.isHidden()
    paint(session, 0)
    wait_until_kept(session, qtbot)
    assert session.keeper.folder == folders[0], "it goes on where it was"
    assert kept(session, 2).masks["alive"][5, 7]
    session._guard.close()


def names_of_frames(session: Session, qtbot: Any) -> tuple[str, ...]:
    """What is offered, once it was looked for."""
    worker = session.keeper._earlier._looking
    assert worker is not None
    qtbot.waitUntil(worker.isFinished)
    qtbot.wait(20)  # what it returned is delivered with the next events
    offer = session.keeper.offer
    return () if offer is None else offer.scheme.classes


@pytest.mark.parametrize(
    ("task", "names"),
    [
        (Task.BINARY, ("nuclei",)),
        (Task.MULTICLASS, ("round", "long")),
        (Task.MULTILABEL, ("vital", "dead", "position")),
    ],
)
def test_another_day_classes_and_axes_come_back_too(
    viewer: ViewerModel, runs_folder: Path, qtbot: Any, task: Task, names: tuple[str, ...]
) -> None:
    """The window begins with those of the paper's cells, and with a guess."""
    session, data = session_of(viewer), session_of(viewer).layer_data
    add_image(viewer, (4, 40, 48), name="stack")
    data.choose_classes(LabelScheme(task, names), "ZYX")
    add_missing_layers(data)
    paint(session, 2)
    wait_until_kept(session, qtbot)
    scheme = data.scheme()
    session._guard.close()
    later = ViewerModel()
    session = session_of(later)
    page = LayerPage(session)
    qtbot.addWidget(page)
    add_image(later, (4, 40, 48), name="stack")
    assert names_of_frames(session, qtbot) == names
    assert page.restore.text() == f"Restore labels of 1 frame ({', '.join(names)})"
    page.restore.click()
    data = session.layer_data
    qtbot.waitUntil(lambda: data.scan is not None and data.scan.labeled.sum() == 1)
    assert data.scheme() == scheme
    assert data.axes is not None
    assert data.axes.letters == "ZYX"
    assert np.argwhere(layer(session, 0).data).tolist() == [[2, 5, 7]]
    paint(session, 3)
    wait_until_kept(session, qtbot)
    assert [*runs_folder.glob("drawings/*")] == [session.keeper.folder], "it goes on there"
    session._guard.close()


def test_positions_come_back_into_points_of_another_scale(
    viewer: ViewerModel, runs_folder: Path, qtbot: Any
) -> None:
    for window in (viewer, ViewerModel()):
        session, data = session_of(window), session_of(window).layer_data
        image = add_image(window, (4, 40, 48), name="stack", scale=(1, 0.5, 0.5))
        spots = window.add_points(ndim=3, name="centers")
        rows = [replace(row, layer=spots if row.name == "position" else None) for row in data.rows]
        data.set_rows(rows)
        if window is viewer:
            add_missing_layers(data)
            spots.add([[2, 5.0, 7.5]])
            wait_until_kept(session, qtbot)
            assert kept(session, 2).positions.tolist() == [[10, 15]]
            session._guard.close()
    qtbot.waitUntil(lambda: session.keeper.offer is not None)
    session.keeper.restore()
    qtbot.waitUntil(lambda: len(spots.data))
    assert spots.data.tolist() == [[2, 5.0, 7.5]]
    assert points_on(image, spots).tolist() == [[2, 10, 15]]
    session._guard.close()


def test_labels_of_the_chosen_classes_are_offered_first(
    viewer: ViewerModel, runs_folder: Path, qtbot: Any
) -> None:
    session, data = session_of(viewer), session_of(viewer).layer_data
    add_image(viewer, (4, 40, 48), name="stack")
    for name in ("nuclei", "cells"):
        data.choose_classes(LabelScheme(Task.BINARY, (name,)), "TYX")
        add_missing_layers(data)
        paint(session, 2)
        wait_until_kept(session, qtbot)
    session._guard.close()
    later = ViewerModel()
    session = session_of(later)
    add_image(later, (4, 40, 48), name="stack")
    assert names_of_frames(session, qtbot) == ("cells",), "the last ones"
    for name, offered in (("nuclei", "nuclei"), ("cells", "cells"), ("other", "cells")):
        session.layer_data.choose_classes(LabelScheme(Task.BINARY, (name,)), "TYX")
        assert names_of_frames(session, qtbot) == (offered,)
    session._guard.close()


def test_drawing_anew_replaces_nothing(viewer: ViewerModel, runs_folder: Path, qtbot: Any) -> None:
    draw_and_close(viewer, qtbot)
    later = ViewerModel()
    session = session_of(later)
    add_image(later, (4, 40, 48), name="stack")
    qtbot.waitUntil(lambda: session.keeper.offer is not None)
    first = session.keeper.offer
    add_missing_layers(session.layer_data)
    for frame in (2, 3, 2, 3):
        paint(session, frame, frame % 2)
        wait_until_kept(session, qtbot)
    assert session.keeper.folder != first.folder
    old = Corrections(first.folder, session.layer_data.scheme())
    assert old.read("image", 2).positions.tolist() == [[10.25, 20.5]]
    assert old.read("image", 3).masks["dead"][5, 7]
    session._guard.close()


@pytest.mark.parametrize("at_once", [True, False])
def test_an_image_of_the_same_name_begins_anew_and_replaces_nothing(
    stack: Image, viewer: ViewerModel, session: Session, qtbot: Any, at_once: bool
) -> None:
    """Such as a file that is closed and opened again without its labels."""
    add_missing_layers(session.layer_data)
    for frame in (1, 2):
        paint(session, frame)
    scheme, root = session.layer_data.scheme(), session._drawings_folder()
    if not at_once:
        wait_until_kept(session, qtbot)
    viewer.layers.clear()
    add_image(viewer, (4, 40, 48), name="stack")
    add_missing_layers(session.layer_data)
    paint(session, 0)
    wait_until_kept(session, qtbot)
    found = [Corrections(folder, scheme) for folder in sorted(root.iterdir())]
    labeled = [
        [frame for frame, saved in kept.frames("image").items() if saved.labeled] for kept in found
    ]
    assert labeled == [[1, 2], [0]]


def test_a_removed_layer_is_not_taken_for_an_empty_one(
    stack: Image, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    """napari has no undo for that; what is on disk is the only copy."""
    add_missing_layers(session.layer_data)
    paint(session, 1)
    paint(session, 1, number=1)
    wait_until_kept(session, qtbot)
    first, scheme = session.keeper.folder, session.layer_data.scheme()
    assert first is not None
    viewer.layers.remove(layer(session, 0))
    paint(session, 2, number=1)
    wait_until_kept(session, qtbot)
    assert session.keeper.folder != first
    assert kept(session, 2).masks["dead"][5, 7]
    assert kept(session, 1).masks["dead"][5, 7]
    old = Corrections(first, scheme)
    assert old.read("image", 1).masks["alive"][5, 7]
    assert old.read("image", 1).masks["dead"][5, 7]


def test_label_boxes_on_disk_outlive_their_layer(
    stack: Image, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    add_missing_layers(session.layer_data)
    session.layer_data.boxes.add(stack, session.layer_data.axes, 1, (0, 0, 30, 40))
    paint(session, 1)
    wait_until_kept(session, qtbot)
    first, scheme = session.keeper.folder, session.layer_data.scheme()
    assert first is not None
    viewer.layers.remove(session.layer_data.boxes.layer(stack))
    for frame in (1, 2):
        paint(session, frame, number=1)
        wait_until_kept(session, qtbot)
    assert Corrections(first, scheme).read("image", 1).boxes == ((0, 0, 30, 40),)
    assert kept(session, 1).boxes == ()
    assert sorted(path.name for path in first.parent.iterdir())[1:] == [session.keeper.folder.name]


def test_labels_of_other_images_are_not_offered(
    viewer: ViewerModel, runs_folder: Path, qtbot: Any
) -> None:
    draw_and_close(viewer, qtbot)
    later = ViewerModel()
    session = session_of(later)
    add_image(later, (3, 40, 48), name="stack")
    worker = session.keeper._earlier._looking
    assert worker is not None
    qtbot.waitUntil(worker.isFinished)
    qtbot.wait(20)  # what it returned is delivered with the next events
    assert session.keeper.offer is None
    session._guard.close()


def test_a_full_disk_is_told_once_and_overcome(
    stack: Image, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    replace = atomic.os.replace

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    add_missing_layers(session.layer_data)
    monkeypatch.setattr(atomic.os, "replace", refuse)
    paint(session, 1)
    qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(100)  # several further attempts
    monkeypatch.setattr(atomic.os, "replace", replace)
    wait_until_kept(session, qtbot)
    assert kept(session, 1).masks["alive"][5, 7]
    assert len(list(session._drawings_folder().iterdir())) == 1
    assert len(told) == 1
    assert told[0].startswith("What is drawn is not saved, which is tried again: ")
    assert "the disk is full" in told[0]


def test_points_beyond_the_frames_are_told_and_all_else_is_saved(
    stack: Image, session: Session, qtbot: Any
) -> None:
    """Such as those of a longer stack; the sliders of the viewer go as far."""
    told: list[str] = []
    session.refused.connect(told.append)
    add_missing_layers(session.layer_data)
    paint(session, 1)
    spots = layer(session, 2)
    spots.add([[2, 10, 20], [4, 11, 12]])
    wait_until_kept(session, qtbot)
    words = (
        "Points layer 'position' has {} on no frame of image 'stack', and only what is on its 4 "
        "frames of 40 x 48 can be saved: move {them} onto a frame, or remove {them}."
    )
    assert told == [words.format("a point", them="it")]
    assert kept(session, 1).masks["alive"][5, 7]
    assert kept(session, 2).positions.tolist() == [[10, 20]]
    paint(session, 3)
    wait_until_kept(session, qtbot)
    assert len(told) == 1
    spots.add([[-1, 3, 3]])
    wait_until_kept(session, qtbot)
    assert told[1:] == [words.format("2 points", them="them")]
    spots.data = spots.data[:1]
    wait_until_kept(session, qtbot)
    assert len(told) == 2


def test_the_page_says_where_strokes_are_kept(stack: Image, session: Session, qtbot: Any) -> None:
    page = LayerPage(session)
    qtbot.addWidget(page)
    add_missing_layers(session.layer_data)
    assert page.kept.isHidden()
    paint(session, 1)
    wait_until_kept(session, qtbot)
    keeper: Keeper = session.keeper
    assert page.kept.text() == f"Kept as you draw in {keeper.folder}."


@pytest.mark.parametrize("lines", [1, 2, 4])
def test_what_is_kept_survives_a_kill(tmp_path: Path, lines: int) -> None:
    """The first, second and fourth time that all strokes so far are on disk, the power goes."""
    program = Path(__file__).with_name("painting_program.py")
    command = [sys.executable, str(program), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(lines)]
        child.kill()
    (folder,) = (tmp_path / "drawings").iterdir()
    corrections = Corrections(folder, CELLS)
    there = 0
    for frame in range(4):
        labels = corrections.read("image", frame)
        if labels is not None:
            there += int(labels.masks["alive"].sum())
    assert there >= said[-1] > 0


def test_a_brush_step_makes_no_drawing_anew_and_nothing_of_it_is_lost(
    stack: Image, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_missing_layers(session.layer_data)
    wait_until_kept(session, qtbot)
    keeper, asked = session.keeper, []
    keeper._saving._timer.setInterval(60_000)
    now = keeper._sittings.now
    monkeypatch.setattr(keeper._sittings, "now", lambda: asked.append(1) or now())
    for column in range(20):
        layer(session, 0).paint((1, 20, 10 + column), 1)
    assert len(asked) == 1
    layer(session, 2).add([[2, 11.0, 12.0]])  # points are copied when the drawing is made
    before = len(asked)
    assert before > 1
    layer(session, 1).paint((3, 20, 30), 1)
    assert len(asked) == before
    keeper.flush(lambda _: None)
    wait_until_kept(session, qtbot)
    assert kept(session, 1).masks["alive"][20, 10:30].all()
    assert kept(session, 2).positions.tolist() == [[11.0, 12.0]]
    assert kept(session, 3).masks["dead"][20, 30]


def test_strokes_before_and_after_another_image_is_chosen_are_kept_apart(
    stack: Image, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    add_missing_layers(session.layer_data)
    wait_until_kept(session, qtbot)
    keeper = session.keeper
    keeper._saving._timer.setInterval(60_000)
    paint(session, 1)
    mine = layer(session, 0)
    first = keeper._sittings.current
    other = add_image(viewer, (4, 30, 30), name="other")
    session.layer_data.choose_image(other)
    add_missing_layers(session.layer_data)
    assert layer(session, 0) is not mine
    layer(session, 0).data_setitem((np.array([2]), np.array([3]), np.array([4])), 1)
    assert keeper._sittings.current is not first
    keeper.flush(lambda _: None)
    wait_until_kept(session, qtbot)
    assert kept(session, 2).masks["alive"][3, 4]
    session.layer_data.choose_image(stack)
    assert first.home is not None
    saved = first.home.corrections.read("image", 1)
    assert saved.masks["alive"].sum() == 1
    assert saved.masks["alive"][5, 7]
