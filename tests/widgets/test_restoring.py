"""Labels of another day come back whole, whatever happens while they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from open_layers import add_image, add_labels

from napari_inconsistency_masks.projects.corrections import Corrections
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.layers.class_rows import ClassRow
from napari_inconsistency_masks.widgets.session.session import Session, session_of

FRAMES = 12

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


def layer(session: Session, number: int = 0) -> Any:
    return session.layer_data.rows[number].layer


def paint(session: Session, frame: int, row: int, value: int = 1) -> None:
    layer(session).data_setitem(tuple(np.array([[frame], [row], [7]])), value)


def settle(session: Session, qtbot: Any) -> None:
    """Until everything is restored, counted and saved."""
    keeper, data = session.keeper, session.layer_data
    qtbot.waitUntil(
        lambda: keeper._earlier.restoring is None and not keeper.busy() and not data.scanning
    )


def saved_in(folder: Path, session: Session, frame: int) -> Any:
    labels = Corrections(folder, session.layer_data.scheme()).read("image", frame)
    assert labels is not None
    return labels.masks["alive"]


@pytest.fixture
def kept(viewer: ViewerModel, session: Session, qtbot: Any) -> Path:
    """A folder in which a pixel of each frame is labeled; the image was closed."""
    add_image(viewer, (FRAMES, 40, 48), name="stack")
    add_missing_layers(session.layer_data)
    layer(session).data[1:, 5, 7] = 1
    paint(session, 0, 5)
    settle(session, qtbot)
    folder = session.keeper.folder
    assert folder is not None
    viewer.layers.clear()
    return folder


def offered(viewer: Any, session: Session, qtbot: Any) -> Image:
    """The image is opened again, and its labels are offered."""
    image = add_image(viewer, (FRAMES, 40, 48), name="stack")
    qtbot.waitUntil(lambda: session.keeper.offer is not None)
    return image


def test_another_image_chosen_meanwhile_gets_nothing_and_the_rest_follows_later(
    viewer: ViewerModel, session: Session, kept: Path, qtbot: Any
) -> None:
    image = offered(viewer, session, qtbot)
    other = viewer.add_layer(Image(np.zeros((FRAMES, 60, 60), np.uint8), name="other"))
    session.layer_data.choose_image(image)
    qtbot.waitUntil(lambda: session.keeper.offer is not None)
    session.keeper.restore()
    mine = layer(session)
    session.layer_data.choose_image(other)
    add_missing_layers(session.layer_data)
    assert layer(session) is not mine
    settle(session, qtbot)
    assert not layer(session).data.any()
    session.layer_data.choose_image(image)
    assert layer(session) is mine
    qtbot.waitUntil(lambda: mine.data[:, 5, 7].all())
    settle(session, qtbot)
    assert session.keeper.folder == kept
    paint(session, 3, 9)
    settle(session, qtbot)
    assert saved_in(kept, session, 3)[[5, 9], 7].all()
    assert len(list(kept.parent.iterdir())) == 1


def test_a_stroke_meanwhile_stays_on_top_of_what_is_restored(
    viewer: ViewerModel, session: Session, kept: Path, qtbot: Any
) -> None:
    offered(viewer, session, qtbot)
    session.keeper.restore()
    for frame in (0, FRAMES - 1):
        paint(session, frame, 20)
        paint(session, frame, 21)
    settle(session, qtbot)
    assert layer(session).data[:, 5, 7].all()
    for frame in (0, FRAMES - 1):
        assert layer(session).data[frame, 20:22, 7].all()
        assert saved_in(kept, session, frame)[[5, 20, 21], 7].all()


def test_a_damaged_frame_is_told_and_the_others_are_restored(
    viewer: ViewerModel, session: Session, kept: Path, qtbot: Any
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    file = kept / "image" / "2" / "v1" / "alive.tif"
    data = bytearray(file.read_bytes())
    data[-5] ^= 255
    file.write_bytes(data)
    offered(viewer, session, qtbot)
    session.keeper.restore()
    settle(session, qtbot)
    found = [frame for frame in range(FRAMES) if layer(session).data[frame, 5, 7]]
    assert found == [frame for frame in range(FRAMES) if frame != 2]
    assert told[0].startswith("Frame 2 is not restored: ")
    for row in (20, 21, 22):
        paint(session, 2, row)
        settle(session, qtbot)
    assert file.read_bytes() == data, "what was never shown is never removed"


def test_two_windows_that_restore_the_same_do_not_write_into_one_folder(
    viewer: ViewerModel, session: Session, kept: Path, qtbot: Any
) -> None:
    second = session_of(later := ViewerModel())
    for window, its in ((viewer, session), (later, second)):
        offered(window, its, qtbot)
        its.keeper.restore()
        settle(its, qtbot)
        assert layer(its).data[:, 5, 7].all()
    paint(session, 1, 10)
    settle(session, qtbot)
    for row in (20, 21):
        paint(second, 1, row)
        settle(second, qtbot)
    other = second.keeper.folder
    assert session.keeper.folder == kept
    assert other is not None
    assert other != kept
    assert saved_in(kept, session, 1)[:, 7].nonzero()[0].tolist() == [5, 10]
    assert saved_in(other, second, 1)[:, 7].nonzero()[0].tolist() == [5, 20, 21]
    assert saved_in(other, second, 2)[5, 7], "also what was restored and not drawn on"
    second._guard.close()


def test_single_objects_come_back_with_their_numbers(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    add_image(viewer, name="nuclei")
    stardist = add_labels(viewer, "stardist")
    stardist.data = stardist.data.astype(np.int32)
    data = session.layer_data
    data.set_rows([ClassRow("nucleus", "#ffffff", "mask", stardist)])
    objects = np.zeros((40, 48), np.int32)
    objects[5:15, 5:15], objects[5:15, 15:25], objects[20:25, 5:9] = 300, 7, 65
    stardist.data_setitem(np.nonzero(objects), objects[objects > 0])
    settle(session, qtbot)
    assert session.keeper.folder is not None
    viewer.layers.clear()
    add_image(viewer, name="nuclei")
    qtbot.waitUntil(lambda: session.keeper.offer is not None)
    session.keeper.restore()
    settle(session, qtbot)
    np.testing.assert_array_equal(layer(session).data, objects)
    assert all(layer(session).get_color(number)[3] > 0 for number in (7, 65, 300))
    saved = sorted(path.name for path in session.keeper.folder.glob("image/0/v*"))
    assert saved == ["v1"], "it is what is on disk"


def test_exclusive_classes_come_back_in_their_colors(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    colors = []
    for opened in (1, 2):
        add_image(viewer, (FRAMES, 40, 48), name="stack")
        session.layer_data.choose_task(Task.MULTICLASS)
        if opened == 1:
            add_missing_layers(session.layer_data)
            for value in (1, 2, 3):
                paint(session, 1, 4 * value, value)
        else:
            qtbot.waitUntil(lambda: session.keeper.offer is not None)
            session.keeper.restore()
        settle(session, qtbot)
        assert layer(session).data[1, [4, 8, 12], 7].tolist() == [1, 2, 3]
        colors.append([layer(session).get_color(value).tolist() for value in (1, 2, 3)])
        viewer.layers.clear()
    assert colors[0] == colors[1]
