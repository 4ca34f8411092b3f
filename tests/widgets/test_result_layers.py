"""Predictions as layers: where they lie, what is in them, and that nothing else is touched."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points
from open_layers import add_image, add_labels, add_points
from qtpy.QtCore import QTimer
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.layers.viewer_layers import role_of
from napari_inconsistency_masks.widgets.parts.colors import MASK_COLOR, SYMBOLS, class_color
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
OVERLAPPING = LabelScheme(Task.MULTILABEL, ("alive", "dead"))
EXCLUSIVE = LabelScheme(Task.MULTICLASS, ("alive", "dead"))
BINARY = LabelScheme(Task.BINARY, ("cell",))
SCHEMES = (CELLS, OVERLAPPING, EXCLUSIVE, BINARY)
MASK_LAYER, VOTES_LAYER, CELLS_LAYER = (
    "inconsistency mask", "votes (networks outvoted)", "cells (predicted)",
)  # fmt: skip


@pytest.fixture
def predict(session: Session, children: list[FakeChild], qtbot: Any) -> Callable[..., Networks]:
    """Predict the image a session looks at with networks that see some classes."""

    def do(
        scheme: LabelScheme = CELLS, *, whole: Any = True, channels: Any = 1, run: Path = "run"
    ) -> Any:
        networks = Networks(children, qtbot, scheme, channels)
        networks.checksum = f"of {run}"
        session.looking.use(session.setup.folder / run, whole=whole)
        networks.get_ready()
        networks.predict_all(session)
        return networks

    return do


def names(layers: Any) -> Any:
    return [layer.name for layer in layers]


def results(viewer: ViewerModel) -> Any:
    return [layer for layer in viewer.layers if role_of(layer) == "result"]


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (CELLS, ["alive (predicted)", "dead (predicted)", MASK_LAYER, VOTES_LAYER, CELLS_LAYER]),
        (OVERLAPPING, ["alive (predicted)", "dead (predicted)", MASK_LAYER, VOTES_LAYER]),
        (EXCLUSIVE, ["classes (predicted)", MASK_LAYER, VOTES_LAYER]),
        (BINARY, ["cell (predicted)", MASK_LAYER, VOTES_LAYER]),
    ],
    ids=["positions", "overlapping", "exclusive", "binary"],
)
def test_the_layers_of_each_label_kind(
    viewer: ViewerModel, predict: Callable[..., Networks], scheme: LabelScheme, expected: Any
) -> None:
    add_image(viewer)
    predict(scheme)
    assert names(viewer.layers) == ["cells", *expected]
    assert viewer.layers[VOTES_LAYER].visible is False
    areas = viewer.layers[expected[0]]
    assert (areas.contour == 0, areas.opacity < 0.6) == (scheme.exclusive, scheme.exclusive)
    assert all(viewer.layers[name].visible for name in expected if name != VOTES_LAYER)


def test_masks_of_classes_are_what_the_networks_see(
    viewer: ViewerModel, predict: Callable[..., Networks]
) -> None:
    add_image(viewer)
    predict(CELLS)
    alive, dead = viewer.layers["alive (predicted)"], viewer.layers["dead (predicted)"]
    assert np.unique(alive.data).tolist() == [0, 1]
    assert np.unique(dead.data).tolist() == [0, 2]
    assert alive.data[8:18, 4:14].all()
    assert (alive.data > 0).sum() == (dead.data > 0).sum() == 100
    assert alive.features["class"].tolist() == ["", "alive", "dead", "position"]


def test_exclusive_classes_keep_their_ids(
    viewer: ViewerModel, predict: Callable[..., Networks]
) -> None:
    add_image(viewer)
    predict(EXCLUSIVE)
    classes = viewer.layers["classes (predicted)"].data
    assert classes[10, 5] == 1
    assert classes[10, 19] == 2
    assert np.bincount(classes.ravel()).tolist() == [40 * 48 - 200, 100, 100]


def test_the_mask_tells_about_which_classes_networks_disagree(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks]
) -> None:
    image = add_image(viewer)
    predict(OVERLAPPING)
    mask = viewer.layers[MASK_LAYER]
    assert isinstance(mask, Labels)
    assert mask.data[30, 4] == 0b01
    assert mask.data[30, 18] == 0b10
    assert np.count_nonzero(mask.data) == 16
    shown = mask.get_color
    assert all(np.allclose(shown(value), _rgba(MASK_COLOR)) for value in (1, 2))
    session.results.show_mask_of(image, "dead")
    assert np.allclose(shown(2), _rgba(MASK_COLOR))
    assert np.asarray(shown(1))[3] == 0
    session.results.show_mask_of(image, None)
    assert np.allclose(shown(1), _rgba(MASK_COLOR))


def _rgba(color: str) -> Any:
    return [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)] + [1]


def test_cells_are_points_with_their_state(
    viewer: ViewerModel, predict: Callable[..., Networks]
) -> None:
    add_image(viewer, (3, 40, 48))
    predict(CELLS)
    cells = viewer.layers[CELLS_LAYER]
    assert isinstance(cells, Points)
    np.testing.assert_allclose(cells.data, [[f, 13, c] for f in range(3) for c in (9, 23)])
    assert cells.features["class"].tolist() == ["alive", "dead"] * 3
    assert [str(symbol) for symbol in cells.symbol[:2]] == list(SYMBOLS[:2])
    np.testing.assert_allclose(cells.face_color[0], _rgba(class_color(0)), atol=1e-6)
    np.testing.assert_allclose(cells.face_color[1], _rgba(class_color(1)), atol=1e-6)


def test_frames_without_cells_are_shown_too(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    class Blind(Networks):
        def see(self, images: Any) -> Any:
            return tuple(np.zeros_like(array) for array in super().see(images))

    add_image(viewer, (3, 40, 48))
    networks = Blind(children, qtbot, CELLS)
    networks.load(session)
    networks.predict_all(session)
    assert len(viewer.layers[CELLS_LAYER].data) == 0
    assert viewer.layers[CELLS_LAYER].ndim == 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("shape", "about"),
    [
        ((40, 48), {"scale": (0.5, 0.25), "translate": (3, 4), "units": ("um", "um")}),
        ((3, 40, 48), {"scale": (2, 0.5, 0.25), "translate": (1, 3, 4), "units": ("s", "um", "um"),
                       "axis_labels": ("t", "y", "x"), "rotate": 20}),
        ((40, 48, 3), {"rgb": True, "scale": (0.5, 0.25), "shear": [0.5], "units": ("mm", "mm")}),
    ],
    ids=["image", "stack", "color"],
)  # fmt: skip
def test_results_lie_on_the_image(
    viewer: ViewerModel,
    predict: Callable[..., Networks],
    scheme: LabelScheme,
    shape: tuple[int, ...],
    about: Any,
) -> None:
    image = add_image(viewer, shape, **about)
    predict(scheme)
    for layer in results(viewer):
        for name in ("scale", "translate", "rotate", "shear"):
            np.testing.assert_allclose(getattr(layer, name), getattr(image, name), err_msg=name)
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels
        np.testing.assert_array_equal(layer.affine.affine_matrix, image.affine.affine_matrix)


@pytest.mark.parametrize("again", [False, True])
def test_results_follow_an_image_that_is_scaled_and_moved(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks], again: bool
) -> None:
    """Those of one that is not chosen under 1 Data as soon as it is predicted again."""
    image = add_image(viewer, (3, 40, 48))
    predict()
    if again:
        session.layer_data.choose_image(add_image(viewer, name="another"))
        session.looking.choose(image)
    image.scale, image.translate = (1, 0.5, 0.5), (0, 7, 0)
    if again:
        predict()
    assert len(results(viewer)) == 5
    for layer in results(viewer):
        np.testing.assert_array_equal(layer.scale, image.scale)
        np.testing.assert_array_equal(layer.translate, image.translate)


def test_frames_fill_layers_of_the_shape_of_the_stack(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks]
) -> None:
    add_image(viewer, (2, 3, 40, 48))
    viewer.dims.set_point((0, 1), (1, 2))
    predict(CELLS, whole=False)
    for layer in results(viewer):
        if not isinstance(layer, Points):
            assert layer.data.shape == (2, 3, 40, 48)
    alive = viewer.layers["alive (predicted)"]
    assert alive.data.any(axis=(2, 3)).tolist() == [[False, False, False], [False, False, True]]
    session.looking.predict(whole=True)


def test_a_whole_stack_is_predicted_beginning_with_what_is_shown(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    add_image(viewer, (5, 40, 48))
    viewer.dims.set_point(0, 3)
    networks = Networks(children, qtbot, CELLS)
    networks.load(session)
    networks.predict_all(session)
    session.looking.predict(whole=True)
    request = networks.asked()
    stack = viewer.layers["cells"].data
    np.testing.assert_array_equal(np.load(request["image"])[:, 0], stack[[3, 0, 1, 2, 4]])
    networks.answer(request, frames=2)
    alive = viewer.layers["alive (predicted)"]
    qtbot.waitUntil(lambda: alive.data.any(axis=(1, 2)).tolist() == [True, 0, 0, True, 0])
    networks.predict_all(session)
    assert alive.data.any(axis=(1, 2)).all()


def test_an_image_with_channels_gets_layers_with_one_plane(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks]
) -> None:
    image = add_image(viewer, (5, 3, 40, 48), scale=(1, 3, 0.5, 0.5))
    session.layer_data.name_axis(1, "C")
    predict(CELLS, channels=3)
    alive = viewer.layers["alive (predicted)"]
    assert alive.data.shape == (5, 1, 40, 48)
    for channel in range(3):  # whichever is shown, the prediction is shown with it
        place = alive.world_to_data(image.data_to_world((1, channel, 5, 6)))
        assert np.rint(place).tolist() == [1, 0, 5, 6]


def test_layers_of_the_person_are_not_touched(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks]
) -> None:
    image = add_image(viewer, (3, 40, 48))
    mine = add_labels(viewer, "alive (predicted)", (3, 40, 48))
    mine.data[0, 2:9, 2:9] = 7
    centers = add_points(viewer, CELLS_LAYER, [[0, 1, 2]])
    viewer.layers.selection.active = image
    before = [(layer, layer.name, layer.data.copy(), layer.visible) for layer in viewer.layers]
    predict(CELLS)
    predict(CELLS)
    assert viewer.layers[:3] == [image, mine, centers]
    for layer, name, data, visible in before:
        assert layer.name == name
        assert layer.visible == visible
        np.testing.assert_array_equal(layer.data, data)
    assert viewer.layers.selection.active is image


def test_results_take_the_colors_chosen_for_the_classes(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks]
) -> None:
    from dataclasses import replace

    add_image(viewer)
    data = session.layer_data
    data.set_rows([replace(row, color="#102030") for row in data.rows])
    predict(OVERLAPPING)
    color = viewer.layers["alive (predicted)"].get_color(1)
    np.testing.assert_allclose(color, _rgba("#102030"), atol=1e-6)


def test_predicting_again_uses_the_same_layers(
    viewer: ViewerModel, predict: Callable[..., Networks]
) -> None:
    add_image(viewer, (3, 40, 48))
    predict(CELLS, whole=False)
    first = list(viewer.layers)
    predict(CELLS)
    assert list(viewer.layers) == first


def test_a_layer_that_a_person_renames_is_still_known(
    viewer: ViewerModel, predict: Callable[..., Networks]
) -> None:
    add_image(viewer)
    predict(CELLS)
    mask = viewer.layers[MASK_LAYER]
    mask.name = "where to look"
    count = len(viewer.layers)
    predict(CELLS)
    assert len(viewer.layers) == count
    assert mask in viewer.layers


def test_a_layer_that_was_deleted_is_made_anew(
    viewer: ViewerModel, predict: Callable[..., Networks]
) -> None:
    add_image(viewer, (3, 40, 48))
    predict(CELLS)
    for layer in results(viewer):
        viewer.layers.remove(layer)
    predict(CELLS)
    assert names(results(viewer)) == [
        "alive (predicted)", "dead (predicted)", MASK_LAYER, VOTES_LAYER, CELLS_LAYER
    ]  # fmt: skip
    assert viewer.layers[MASK_LAYER].data.any(axis=(1, 2)).all()


def test_layers_deleted_while_frames_arrive_are_made_anew(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    add_image(viewer, (4, 40, 48))
    networks = Networks(children, qtbot, CELLS)
    session.looking.use(session.setup.folder, whole=True)
    networks.get_ready()
    request = networks.asked()
    networks.answer(request, frames=2)
    qtbot.waitUntil(lambda: len(session.results.rows()) == 4)
    for layer in results(viewer):
        viewer.layers.remove(layer)
    networks.predict_all(session)
    alive = viewer.layers["alive (predicted)"]
    assert alive.data.any(axis=(1, 2))[2:].all()
    assert len(session.results.rows()) == 8


def test_the_image_may_be_deleted_while_frames_arrive(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    image = add_image(viewer, (4, 40, 48))
    networks = Networks(children, qtbot, CELLS)
    session.looking.use(session.setup.folder, whole=True)
    networks.get_ready()
    networks.answer(networks.asked(), frames=2)
    qtbot.waitUntil(lambda: len(session.results.rows()) == 4)
    viewer.layers.remove(image)
    networks.predict_all(session)
    assert len(session.results.rows()) == 8
    assert not session.predictor.busy


def test_no_layers_come_for_an_image_that_was_deleted(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    add_image(viewer, (4, 40, 48))
    networks = Networks(children, qtbot, CELLS)
    session.looking.use(session.setup.folder, whole=True)
    networks.get_ready()
    networks.answer(networks.asked(), frames=2)
    qtbot.waitUntil(lambda: len(session.results.rows()) == 4)
    viewer.layers.clear()
    networks.predict_all(session)
    assert names(viewer.layers) == []
    assert len(session.results.rows()) == 8, "its counts come all the same"


@pytest.mark.parametrize("shape", [(4, 60, 80), (60, 80)])
def test_an_image_with_another_shape_is_predicted_anew(
    viewer: ViewerModel, session: Session, predict: Any, shape: tuple[int, ...]
) -> None:
    image = add_image(viewer, (4, 40, 48))
    predict()
    old = viewer.layers["alive (predicted)"]
    image.data = np.zeros(shape, np.uint8)
    assert session.looking.problem() is None
    predict()
    new = session.results.of(image).layers.find("class alive")
    assert (old.data.shape, new.data.shape) == ((4, 40, 48), shape)
    assert new.data.any()


def test_an_array_of_the_same_shape_is_another_image(
    viewer: ViewerModel, session: Session, predict: Any, qtbot: Any
) -> None:
    """As a camera gives a layer one after the other."""
    image = add_image(viewer, (4, 40, 48))
    viewer.dims.set_point(0, 0)
    predict()
    subject = session.subjects.of(image)
    session.results.typed.type(subject, 1, "alive", 7)
    qtbot.waitUntil(lambda: session.results.typed._worker is None)
    before = len(viewer.layers)
    image.data = image.data[::-1].copy()
    predict(whole=False)
    assert [row.frame for row in session.results.rows()] == [0, 0]
    assert len(viewer.layers) == before
    assert not viewer.layers["alive (predicted)"].data[1:].any()
    assert session.results.typed.of(subject) == {}
    predict(whole=False)
    session.looking.predict(whole=False)
    assert len(session.results.rows()) == 2, "the same array goes on"


def test_frames_of_the_array_before_arrive_where_they_belong(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    image = add_image(viewer, (4, 40, 48))
    networks = Networks(children, qtbot, CELLS)
    session.looking.use(session.setup.folder, whole=True)
    networks.get_ready()
    networks.answer(networks.asked(), frames=2)
    qtbot.waitUntil(lambda: len(session.results.rows()) == 4)
    image.data = np.zeros((60, 80), np.uint8)
    networks.predict_all(session)
    assert len(session.results.rows()) == 8


def test_an_image_that_is_gone_is_not_kept_in_memory(
    viewer: ViewerModel, session: Session, predict: Any
) -> None:
    gone = weakref.ref(add_image(viewer, (3, 40, 48)))
    predict()
    predicted = [weakref.ref(layer) for layer in results(viewer)]
    viewer.layers.clear()
    add_image(viewer, (20, 24), name="another")  # napari remembers the layer selected last
    gc.collect()
    assert (gone(), session.results.all()[0].image) == (None, None)
    assert len(session.results.rows()) == 6, "its counts stay"
    assert [layer() for layer in predicted] == [None] * 5


def test_other_networks_for_the_same_classes_replace_what_the_first_saw(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks]
) -> None:
    add_image(viewer, (3, 40, 48))
    predict(CELLS, run="first")
    assert {row.frame for row in session.results.rows()} == {0, 1, 2}
    predict(CELLS, whole=False, run="second")
    assert {row.frame for row in session.results.rows()} == {1}  # the slider is in the middle
    # What is not predicted by them is not shown as if it were.
    assert viewer.layers["alive (predicted)"].data.any(axis=(1, 2)).tolist() == [False, True, False]
    assert len(viewer.layers[CELLS_LAYER].data) == 2


def test_what_networks_predicted_stays_when_another_run_has_the_same(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    """As a retraining that was no better, which ends with a copy of those before it."""
    add_image(viewer, (3, 40, 48))
    networks = Networks(children, qtbot, CELLS)
    for run, whole in (("old", True), ("retrained", False)):
        session.looking.use(session.setup.folder / run, whole=whole)
        networks.get_ready()
        networks.predict_all(session)
        assert frames(session) == {0, 1, 2}
        assert session.results.all()[0].model.run.name == run


def test_another_generation_of_a_run_replaces_what_the_first_saw(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    """Also where nothing is known of the counts of either, which told them apart else."""
    add_image(viewer, (3, 40, 48))
    networks = Networks(children, qtbot, CELLS)
    for generation, whole, frames in (("new", True, {0, 1, 2}), ("old", False, {1})):
        networks.checksum = generation
        session.looking.use(session.setup.folder / "run", whole=whole)
        networks.get_ready()
        networks.predict_all(session)
        assert {row.frame for row in session.results.rows()} == frames


@pytest.fixture
def learning(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> Networks:
    """Networks that predicted the frame in the middle of 20, and whose run has others by now.

    As when a training goes on, or a terminal chooses another generation.
    """
    add_image(viewer, (20, 40, 48))
    networks = Networks(children, qtbot, CELLS)
    networks.load(session, str(session.setup.folder / "run"))
    networks.predict_all(session)
    assert frames(session) == {9}
    networks.checksum = "others"
    return networks


def in_use(session: Session) -> str:
    """The checksum of the networks in use."""
    assert session.predictor.model is not None
    return session.predictor.model.networks


def frames(session: Session) -> set[int]:
    """Of which counts are shown."""
    return {row.frame for row in session.results.rows()}


def test_who_predicts_again_gets_the_newest_networks_of_the_run(
    viewer: ViewerModel, session: Session, learning: Networks
) -> None:
    """What those before predicted is not mixed with it."""
    viewer.dims.set_current_step(0, 4)
    session.looking.predict(whole=False)
    learning.predict_all(session)
    assert in_use(session) == "others"
    assert frames(session) == {4}
    assert session.status.sentence == (
        "Predicted 1 frame. run has other networks by now: what the ones before predicted in this "
        "image is no longer shown."
    )
    session.looking.predict(whole=False)
    learning.predict_all(session)
    assert session.status.sentence == "Predicted 1 frame."


def test_all_frames_are_predicted_by_the_networks_that_the_first_was(
    session: Session, learning: Networks
) -> None:
    learning.checksum = "31a4dd23"
    session.looking.predict(whole=True)
    learning.answer(learning.asked())
    learning.checksum = "others"  # after the first 16
    learning.predict_all(session)
    assert (in_use(session), frames(session)) == ("31a4dd23", set(range(20)))


def test_if_they_are_in_memory_no_more_all_frames_are_predicted_again(
    session: Session, learning: Networks
) -> None:
    learning.checksum = "31a4dd23"
    session.looking.predict(whole=True)
    learning.answer(learning.asked())
    learning.checksum, learning.kept = "others", False
    learning.predict_all(session)
    assert (in_use(session), frames(session)) == ("others", set(range(20)))


def test_networks_for_other_classes_must_be_opened(
    session: Session, learning: Networks, qtbot: Any
) -> None:
    learning.scheme = BINARY
    with qtbot.waitSignal(session.predictor.ended) as told:
        session.looking.predict(whole=True)
        learning.answer(learning.asked())
    sentence, ok = told.args
    assert sentence == "run has other networks by now: open it anew (2 Train, Open another run…)."
    assert not ok
    assert (in_use(session), frames(session)) == ("31a4dd23", {9})


def test_networks_for_other_classes_get_layers_of_their_own(
    viewer: ViewerModel, predict: Callable[..., Networks]
) -> None:
    add_image(viewer)
    predict(CELLS, run="first")
    predict(BINARY, run="second")
    assert "cell (predicted)" in names(viewer.layers)
    assert "alive (predicted)" in names(viewer.layers)


def test_votes_are_shown_at_once_if_that_is_preferred(
    viewer: ViewerModel, session: Session, predict: Callable[..., Networks]
) -> None:
    add_image(viewer)
    session.results.spare.show_votes = True
    predict(CELLS)
    assert viewer.layers[VOTES_LAYER].visible
    assert isinstance(viewer.layers[VOTES_LAYER], Image)


def test_an_image_with_nan_is_predicted_and_its_layer_left_alone(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    image = viewer.add_layer(Image(np.full((40, 48), np.nan, np.float32), name="nan"))
    networks = Networks(children, qtbot, CELLS)
    networks.load(session)
    request = networks.asked()
    assert np.isnan(np.load(request["image"])).all()
    networks.predict_all(session)
    assert np.isnan(image.data).all()


def test_layers_are_made_one_by_one_while_the_networks_compute(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    add_image(viewer)
    networks = Networks(children, qtbot, CELLS)
    networks.load(session)
    turns, made_in = iter(range(10**6)), []
    turn, now = QTimer(), [next(turns)]
    turn.timeout.connect(lambda: now.append(next(turns)))
    turn.start(0)
    viewer.layers.events.inserted.connect(lambda: made_in.append(now[-1]))
    qtbot.waitUntil(lambda: len(made_in) == 5)
    turn.stop()
    assert len(set(made_in)) == 5, "the window could do nothing between two layers"
    prepared = results(viewer)
    assert not any(layer.data.any() for layer in prepared)
    networks.predict_all(session)
    assert results(viewer) == prepared
    assert prepared[0].data.any()


@pytest.mark.parametrize("cancel", [False, True], ids=["failed", "canceled"])
def test_no_empty_layers_are_left_if_nothing_came(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any, cancel: bool
) -> None:
    image = add_image(viewer)
    networks = Networks(children, qtbot, CELLS)
    networks.load(session)
    qtbot.waitUntil(lambda: len(results(viewer)) == 5)
    if cancel:
        session.predictor.cancel()
    else:
        answer = {"id": networks.asked()["id"], "answer": "failed", "message": "No memory."}
        networks.child.answered.emit(answer)
    qtbot.waitUntil(lambda: not session.predictor.busy)
    assert list(viewer.layers) == [image]


def test_a_person_may_delete_a_layer_that_is_still_empty(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> None:
    image = add_image(viewer)
    networks = Networks(children, qtbot, CELLS)
    networks.load(session)
    qtbot.waitUntil(lambda: len(results(viewer)) == 5)
    viewer.layers.remove(viewer.layers[MASK_LAYER])
    session.predictor.cancel()
    qtbot.waitUntil(lambda: not session.predictor.busy)
    assert list(viewer.layers) == [image]
