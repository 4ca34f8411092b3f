"""Look: what can be predicted and why not, progress, what is found, the mask and the votes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image
from qtpy.QtWidgets import QLabel
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.correcting.keys import MASK_KEY, VOTES_KEY
from napari_inconsistency_masks.widgets.parts.controls import Chooser
from napari_inconsistency_masks.widgets.predicting.prediction import MOST_PER_CHUNK
from napari_inconsistency_masks.widgets.sections.look import LookSection
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
BINARY = LabelScheme(Task.BINARY, ("cell",))


@pytest.fixture
def section(session: Session, viewer: ViewerModel, qtbot: Any) -> LookSection:
    made = LookSection(viewer)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def networks(children: list[FakeChild], qtbot: Any) -> Networks:
    return Networks(children, qtbot, CELLS)


@pytest.fixture
def predicted(
    section: LookSection, session: Session, viewer: ViewerModel, networks: Networks
) -> LookSection:
    """A section with a stack of five frames, of which the middle one is predicted."""
    add_image(viewer, (5, 40, 48))
    networks.load(session)
    networks.predict_all(session)
    return section


def pick(chooser: Chooser, words: str) -> None:
    """Choose from a list as a person does."""
    index = chooser.findText(words)
    assert index >= 0, words
    chooser.setCurrentIndex(index)
    chooser.activated.emit(index)


def offered(chooser: Chooser) -> Any:
    return [chooser.itemText(index) for index in range(chooser.count())]


def legend(section: LookSection) -> Any:
    labels = [section._legend.itemAt(i).widget() for i in range(section._legend.count())]
    return [w for label in labels for w in [x.text() for x in label.findChildren(QLabel)] if w]


# --- before ---------------------------------------------------------------------------------------


def test_without_networks_it_says_how_to_get_some(
    section: LookSection, viewer: ViewerModel
) -> None:
    add_image(viewer)
    assert "There are no networks yet" in section.problem.text()
    assert section.model.text() == "none yet"
    assert not section.frame.isVisible()
    assert section.summary == "no networks yet"


def test_while_networks_are_loaded_it_says_so(
    section: LookSection, session: Session, networks: Networks
) -> None:
    session.looking.use(session.setup.folder / "my run")
    assert "The networks of my run are being loaded." in section.problem.text()
    assert session.status.activity.words == "Loading the networks of my run"
    networks.get_ready()
    assert session.status.activity is None
    assert "There is no image" in section.problem.text()


def test_networks_that_are_ready_are_described(
    section: LookSection, session: Session, viewer: ViewerModel, networks: Networks
) -> None:
    networks.load(session, "my run")
    assert section.model.text() == "2 of my run, for alive, dead, position; on cpu"
    assert section.summary == "my run"


def test_the_meaning_of_the_mask_is_always_said(section: LookSection) -> None:
    assert section.meaning.isVisible()
    assert "inconsistency mask" in section.meaning.text()


def test_networks_that_cannot_be_loaded_are_told_and_those_before_stay(
    section: LookSection, session: Session, networks: Networks, viewer: ViewerModel
) -> None:
    networks.load(session, "first")
    session.looking.use(session.setup.folder / "second")
    request = networks.child.requests[-1]
    networks.child.answered.emit(
        {"id": request["id"], "answer": "failed", "message": "second: no networks here."}
    )
    assert session.status.sentence == "second: no networks here."
    assert session.predictor.model.run.name == "first"


def test_images_are_offered_by_name(
    section: LookSection, session: Session, viewer: ViewerModel, networks: Networks
) -> None:
    first, second = add_image(viewer), add_image(viewer, name="other")
    assert offered(section.image) == ["cells", "other"]
    assert section.image.currentText() == "other"  # it is seen, as it was opened over the first
    pick(section.image, "cells")
    assert session.looking.image is first
    pick(section.image, "other")
    assert session.looking.image is second
    second.name = "renamed"
    assert section.image.currentText() == "renamed"
    viewer.layers.remove(second)
    assert session.looking.image is first


def test_an_image_below_another_one_is_said_to_be_hidden(
    section: LookSection, session: Session, viewer: ViewerModel
) -> None:
    first, second = add_image(viewer), add_image(viewer, name="other")
    note = section.covered
    assert note.isHidden()
    pick(section.image, "cells")
    assert note.isVisible()
    assert note.sentence.text().endswith("other lies over cells: you see other only.")
    second.visible = False
    assert note.isHidden()
    second.visible = True
    assert note.isVisible()
    viewer.layers.move(0, 2)  # now the first lies on top
    assert note.isHidden()
    viewer.layers.move(1, 0)
    assert note.isVisible()
    viewer.canvas.grid.enabled = True
    assert note.isHidden()
    viewer.canvas.grid.enabled = False
    viewer.dims.ndisplay = 3
    assert note.isHidden()
    viewer.dims.ndisplay = 2
    assert note.isVisible()
    note.take.click()
    assert session.looking.image is second
    assert note.isHidden()
    assert first.visible  # layers of the person stay as they are
    pick(section.image, "cells")
    note.hide_cover.click()
    assert session.looking.image is first
    assert note.isHidden()
    assert not second.visible


@pytest.mark.parametrize(
    ("shape", "about", "channels", "fits"),
    [
        ((40, 48), {}, 1, True),
        ((40, 48), {}, 3, False),
        ((40, 48, 3), {"rgb": True}, 3, True),
        ((40, 48, 3), {"rgb": True}, 1, True),
        ((2, 40, 48), {"axis_labels": ("c", "y", "x")}, 2, True),
        ((2, 40, 48), {"axis_labels": ("c", "y", "x")}, 1, False),
    ],
)
def test_an_image_with_other_channels_is_refused(
    section: LookSection,
    session: Session,
    viewer: ViewerModel,
    children: list[FakeChild],
    qtbot: Any,
    shape: tuple[int, ...],
    about: Any,
    channels: Any,
    fits: Any,
) -> None:
    add_image(viewer, shape, **about)
    Networks(children, qtbot, CELLS, channels).load(session)
    assert section.frame.isVisible() is fits
    assert section.problem.isVisible() is not fits
    if not fits:
        assert "'cells' has" in section.problem.text()
        assert f"the networks take {channels}" in section.problem.text()


def test_channels_that_a_person_corrects_under_data_count_here_too(
    section: LookSection,
    session: Session,
    viewer: ViewerModel,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    add_image(viewer, (2, 40, 48))
    Networks(children, qtbot, CELLS, channels=2).load(session)
    assert "'cells' has 1 channel and" in section.problem.text()
    assert "say under 1 Data which of its axes are the channels" in section.problem.text()
    session.layer_data.name_axis(0, "C")
    assert not section.problem.isVisible()
    assert section.frame.text() == "Predict this image"


# --- predicting -----------------------------------------------------------------------------------


def test_the_buttons_say_what_they_predict(
    section: LookSection, session: Session, viewer: ViewerModel, networks: Networks
) -> None:
    add_image(viewer, name="single")
    networks.load(session)
    networks.predict_all(session)
    assert section.frame.text() == "Predict this image"
    assert not section.stack.isVisible()
    session.looking.choose(add_image(viewer, (5, 40, 48), name="stack"))
    assert section.frame.text() == "Predict this frame"
    assert section.stack.text() == "Predict all 5 frames"


def test_loaded_networks_predict_what_is_shown_and_ask_for_this_section(
    section: LookSection, session: Session, viewer: ViewerModel, networks: Networks, qtbot: Any
) -> None:
    image = add_image(viewer, (5, 40, 48))
    viewer.dims.set_point(0, 3)
    with qtbot.waitSignal(session.wanted) as wanted:
        networks.load(session)
    assert wanted.args == ["look"]
    request = networks.asked()
    np.testing.assert_array_equal(np.load(request["image"]), image.data[3][None, None])
    networks.predict_all(session)
    assert [row.frame for row in session.results.rows()] == [3, 3]


def test_what_was_found_is_told(predicted: LookSection, viewer: ViewerModel) -> None:
    assert predicted.area.text() == "Frame 2: inconsistent area 1.0%."
    assert predicted.found.text() == "Found: 1 alive (1-2), 1 dead (1-2)."
    viewer.dims.set_point(0, 0)
    assert predicted.area.text() == "Frame 0 is not predicted yet."
    assert not predicted.found.isVisible()


def test_unclear_cells_and_notes_are_told(
    section: LookSection, session: Session, viewer: ViewerModel, networks: Networks
) -> None:
    networks.counted = lambda index: {
        "counts": {"states": {"alive": [0, 0, 0], "dead": [7, 7, 7]}, "unclear": 2},
        "inconsistent": 0.256,
        "notes": ["All pixels are alike.", "Is it the right image?"],
    }
    add_image(viewer)
    networks.load(session)
    networks.predict_all(session)
    assert section.area.text() == "This image: inconsistent area 25.6%."
    assert section.found.text() == "Found: 0 alive, 7 dead, 2 unclear."
    assert section.notes.text() == "All pixels are alike. Is it the right image?"


def test_a_stack_is_predicted_in_pieces_with_progress(
    predicted: LookSection, session: Session, viewer: ViewerModel, networks: Networks, qtbot: Any
) -> None:
    session.looking.choose(add_image(viewer, (MOST_PER_CHUNK + 3, 40, 48), name="long"))
    predicted.stack.click()
    assert predicted.stack.text() == "Cancel"
    first = networks.asked()
    assert len(np.load(first["image"])) == MOST_PER_CHUNK
    networks.answer(first, frames=4)
    qtbot.waitUntil(lambda: "frame 4 of 19" in session.status.activity.words)
    assert session.status.activity.share == pytest.approx(4 / 19)
    networks.answer(first)
    second = networks.asked()
    assert len(np.load(second["image"])) == 3
    networks.predict_all(session)
    assert session.status.sentence == "Predicted 19 frames."
    assert session.status.activity is None
    assert predicted.stack.text() == "Predict all 19 frames"


def test_cancel_keeps_what_is_done(
    predicted: LookSection, session: Session, viewer: ViewerModel, networks: Networks, qtbot: Any
) -> None:
    predicted.stack.click()
    request = networks.asked()
    networks.answer(request, frames=2)
    qtbot.waitUntil(lambda: "frame 2 of 5" in session.status.activity.words)
    predicted.stack.click()
    assert networks.child.requests[-1] == {"id": request["id"], "do": "cancel"}
    assert session.status.sentence == "Canceled: 2 of 5 frames are predicted."
    assert predicted.stack.text() == "Predict all 5 frames"
    networks.child.answered.emit({"id": request["id"], "answer": "canceled"})
    assert {row.frame for row in session.results.rows()} == {0, 2}


def test_cancel_while_frames_are_written(
    predicted: LookSection, session: Session, networks: Networks
) -> None:
    before = len(networks.child.requests)
    predicted.stack.click()
    predicted.stack.click()
    assert not session.predictor.busy
    assert session.status.sentence == "Canceled: 0 of 5 frames are predicted."
    assert len(networks.child.requests) == before
    predicted.stack.click()
    networks.predict_all(session)
    assert session.status.sentence == "Predicted 5 frames."


def test_a_second_prediction_replaces_the_first(
    predicted: LookSection, session: Session, networks: Networks, viewer: ViewerModel, qtbot: Any
) -> None:
    predicted.stack.click()
    first = networks.asked()
    predicted.frame.click()
    assert {"id": first["id"], "do": "cancel"} in networks.child.requests
    networks.predict_all(session)
    assert session.status.sentence == "Predicted 1 frame."


def test_a_prediction_that_fails_is_told_and_can_be_tried_again(
    predicted: LookSection, session: Session, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted.frame.click()
    request = networks.asked()
    networks.child.answered.emit(
        {"id": request["id"], "answer": "failed", "message": "The GPU has no memory left."}
    )
    assert session.status.sentence == "cells: The GPU has no memory left."
    assert not session.predictor.busy
    networks.child.over.add(request["id"])
    predicted.frame.click()
    networks.predict_all(session)
    assert session.status.sentence == "Predicted 1 frame."


def test_when_the_program_dies_it_is_told_and_started_anew(
    predicted: LookSection,
    session: Session,
    networks: Networks,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    predicted.frame.click()
    networks.asked()
    died = networks.child
    died.end(-1)
    assert not session.predictor.busy
    assert "ended unexpectedly" in session.status.sentence
    predicted.frame.click()
    networks.predict_all(session)
    assert networks.child is not died
    assert session.status.sentence == "Predicted 1 frame."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("the disk is gone"), "the disk is gone"),
        (MemoryError(), "lazy cannot be read: MemoryError()"),
        (KeyError(3), "lazy cannot be read: KeyError(3)"),
    ],
)
def test_an_image_that_cannot_be_read_is_told(
    predicted: LookSection,
    session: Session,
    viewer: ViewerModel,
    qtbot: Any,
    error: Exception,
    words: str,
) -> None:
    import dask.array
    from napari.layers import Image

    broken = []

    def read() -> Any:
        if broken:
            raise error
        return np.zeros((1, 40, 48), np.uint8)

    lazy = dask.array.map_blocks(read, chunks=((1, 1), (40,), (48,)), dtype=np.uint8)
    session.looking.choose(viewer.add_layer(Image(lazy, name="lazy", contrast_limits=(0, 9))))
    told: list[str] = []
    session.predictor.ended.connect(lambda sentence, _: told.append(sentence))
    broken.append(True)
    predicted.frame.click()
    qtbot.waitUntil(lambda: not session.predictor.busy)
    assert words in told[-1]


def test_the_command_that_does_the_same_is_shown(predicted: LookSection, session: Session) -> None:
    assert session.status.command == "napari-im batch run IMAGES --out results"


# --- mask and votes -------------------------------------------------------------------------------


def test_the_boxes_show_and_hide_the_layers(predicted: LookSection, viewer: ViewerModel) -> None:
    mask, votes = viewer.layers["inconsistency mask"], viewer.layers["votes (networks outvoted)"]
    assert predicted.mask.isChecked()
    assert not predicted.votes.isChecked()
    predicted.mask.click()
    predicted.votes.click()
    assert (mask.visible, votes.visible) == (False, True)
    assert (predicted.mask.isChecked(), predicted.votes.isChecked()) == (False, True)


def test_the_boxes_follow_the_list_of_layers(predicted: LookSection, viewer: ViewerModel) -> None:
    viewer.layers["inconsistency mask"].visible = False
    assert not predicted.mask.isChecked()
    viewer.layers["votes (networks outvoted)"].visible = True
    assert predicted.votes.isChecked()


def test_one_class_of_the_mask_can_be_chosen(
    predicted: LookSection, session: Session, viewer: ViewerModel
) -> None:
    assert offered(predicted.mask_class) == ["any class", "alive", "dead", "position"]
    mask = viewer.layers["inconsistency mask"]
    pick(predicted.mask_class, "dead")
    assert mask.get_color(0b10)[3] == 1
    assert mask.get_color(0b01)[3] == 0
    pick(predicted.mask_class, "any class")
    assert mask.get_color(0b01)[3] == 1


def test_of_two_predicted_images_the_chosen_one_is_meant(
    predicted: LookSection, session: Session, viewer: ViewerModel, networks: Networks
) -> None:
    first = viewer.layers["inconsistency mask"]
    other = add_image(viewer, name="other")
    session.looking.choose(other)
    predicted.frame.click()
    networks.predict_all(session)
    second = next(layer for layer in viewer.layers if layer.name == "inconsistency mask [1]")
    pick(predicted.image, "cells")
    predicted.mask.click()
    assert (first.visible, second.visible) == (False, True)
    assert not predicted.mask.isChecked()
    pick(predicted.mask_class, "dead")
    assert first.get_color(0b01)[3] == 0


def test_a_chosen_class_that_other_networks_do_not_know_is_let_go(
    predicted: LookSection,
    session: Session,
    viewer: ViewerModel,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    pick(predicted.mask_class, "dead")
    others = Networks(children, qtbot, BINARY)
    others.load(session, "other")
    others.predict_all(session)
    assert predicted.mask_class.currentText() == "any class"
    mask = next(layer for layer in viewer.layers if layer.name == "inconsistency mask [1]")
    assert mask.get_color(0b01)[3] == 1


def test_the_legend_names_every_color(predicted: LookSection) -> None:
    assert legend(predicted) == ["alive", "dead", "unclear", "networks disagree"]


def test_nothing_of_a_result_is_shown_for_an_image_that_is_not_predicted(
    predicted: LookSection, session: Session, viewer: ViewerModel
) -> None:
    session.looking.choose(add_image(viewer, name="other"))
    for widget in (predicted.mask, predicted.mask_class, predicted.votes, predicted.area):
        assert not widget.isVisible()
    assert legend(predicted) == []


def test_tooltips_name_the_keys(section: LookSection) -> None:
    assert f"key {MASK_KEY}" in section.mask.toolTip()
    assert f"key {VOTES_KEY}" in section.votes.toolTip()
