"""From images and labels to counts, with the real programs that train and predict."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from person import Person
from tiny import PATIENCE, SIDE, add_stack, setting, write_folder

from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.dock import Dock
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.session.sources import FOLDER
from napari_inconsistency_masks.widgets.training.state import State
from toy import QUICK

STOPPABLE = replace(QUICK, epochs=5)
"""Seconds of training, so that it can be stopped in its midst."""


class Copies:
    """What a person's layers were, to see that they still are."""

    def __init__(self, layers: Any) -> None:
        self.layers = list(layers)
        self.looks = [self._look(layer) for layer in self.layers]
        self.data = [np.array(layer.data) for layer in self.layers]

    def assert_untouched(self, viewer: Any) -> None:
        """No layer is gone, moved, renamed or changed; there may be others above them."""
        kept = list(viewer.layers)[: len(self.layers)]
        assert all(one is other for one, other in zip(kept, self.layers, strict=True))
        assert [self._look(layer) for layer in self.layers] == self.looks
        for layer, data in zip(self.layers, self.data, strict=True):
            np.testing.assert_array_equal(layer.data, data)

    def _look(self, layer: Any) -> tuple[Any, ...]:
        return layer.name, layer.visible, layer.opacity, tuple(layer.scale), dict(layer.metadata)


def test_open_layers_become_networks_that_count(
    window: Any, window_session: Session, runs_folder: Path, qtbot: Any
) -> None:
    image, *_ = add_stack(window, frames=8, labeled=4)
    before = Copies(window.layers)
    session, dock = window_session, Dock(window)
    window.window.add_dock_widget(dock)
    person = Person(dock, qtbot)
    session.setup.set(setting(STOPPABLE))
    person.wait(lambda: session.next.problem() is None)
    assert person.read("layers_scan") == "8 frames, 4 labeled (50%)."

    person.open("train")
    person.press("train_main")
    person.wait(lambda: session.trainer.history.epochs)
    for sentence in ("train_words", "footer_sentence"):
        assert re.search(r"generation 0 of 1, epoch \d of 5", person.read(sentence))
    person.press("train_main")
    person.wait(lambda: session.trainer.state is State.STOPPED)
    run = runs_folder / "squares-standard-1"
    assert (run / "state.safetensors").exists()
    epochs_when_stopped = len(session.trainer.history.epochs)
    person.wait(lambda: len(curve_of(dock)) == epochs_when_stopped)

    assert person.read("train_main") == "Resume training"
    person.press("train_main")
    with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
        person.wait(lambda: session.trainer.state is State.FINISHED)
    assert ended.args == ["Predicted 1 frame.", True]
    assert session.trainer.history.started.resumed
    epochs = len(session.trainer.history.generations) * STOPPABLE.epochs
    assert len(session.trainer.history.epochs) == epochs > 0
    person.wait(lambda: len(curve_of(dock)) == epochs)
    assert session.predictor.model.run == run
    assert person.section == "look"
    shown = window.dims.current_step[0]
    assert f"Frame {shown}: inconsistent area" in person.read("look_area")
    assert set(session.results.of(image).counts.predicted) == {shown}

    session.predictor.arrived.connect(session.predictor.cancel)
    with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
        person.press("look_stack")
        assert person.read("look_stack") == "Cancel"
    assert ended.args == ["Canceled: 1 of 8 frames are predicted.", False]
    session.predictor.arrived.disconnect(session.predictor.cancel)
    with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
        person.press("look_stack")
    assert ended.args == ["Predicted 8 frames.", True]
    assert {layer.name for layer in window.layers if layer not in before.layers} == {
        "bright (predicted)", "dark (predicted)", "inconsistency mask",
        "votes (networks outvoted)", "cells (predicted)",
    }  # fmt: skip

    person.open("count")
    person.wait(lambda: not session.results.counting)
    rows = session.results.rows()
    assert [(row.frame, row.state) for row in rows] == [
        (frame, state) for frame in range(8) for state in ("bright", "dark")
    ]
    assert [row.true for row in rows] == [1] * 8 + [None] * 8
    assert "over 4 frames." in person.read("count_error")
    dock.sections["count"].save(runs_folder / "counts.csv")
    with (runs_folder / "counts.csv").open(newline="") as file:
        assert [line["true"] for line in csv.DictReader(file)] == ["1"] * 8 + [""] * 8

    person.open("train")
    files = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    person.press("train_new")
    person.press("train_main")
    person.wait(lambda: session.trainer.state is State.TRAINING)
    assert read_plan(runs_folder / "squares-standard-2").config == STOPPABLE
    session.trainer.stop()  # while the program starts up
    person.wait(lambda: session.trainer.state is State.STOPPED)
    assert person.read("train_main") == "Resume training"
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == files
    before.assert_untouched(window)


def curve_of(dock: Dock) -> Any:
    """Positions of the mean training loss as they are drawn."""
    items = dock.sections["train"].curves.loss.getPlotItem().listDataItems()
    means = [item for item in items if item.name() == "training"]
    return means[0].getData()[0] if means else []


def test_a_folder_becomes_networks_that_count(
    viewer: Any, session: Session, tmp_path: Path, runs_folder: Path, qtbot: Any
) -> None:
    dock = Dock(viewer)
    qtbot.addWidget(dock)
    person = Person(dock, qtbot)
    person.press("data_source_folder")
    session.folder_data.open(write_folder(tmp_path / "dish", images=8, labeled=5))
    person.wait(lambda: session.folder_data.data is not None)
    assert session.source == FOLDER
    assert person.read("folder_summary") == "7 train (4 labeled), 1 validation"
    session.setup.set(setting(QUICK))

    person.open("train")
    person.press("train_main")
    with qtbot.waitSignal(session.predictor.loaded, timeout=PATIENCE):
        person.wait(lambda: session.trainer.state is State.FINISHED)
    assert session.predictor.model.run == runs_folder / "dish-standard-1"
    assert person.section == "look"
    assert "There is no image" in person.read("look_problem")

    person.open("data")
    labeled = next(i for i, it in enumerate(session.folder_data.images) if it.labeled == "yes")
    dock.sections["data"].folder_page.table.opened.emit(labeled)
    person.wait(lambda: len(viewer.layers) == 4)
    person.open("look")
    with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
        person.press("look_frame")
    assert ended.args == ["Predicted 1 frame.", True]
    person.wait(lambda: [row.true for row in session.results.rows()] == [1, 1])


def as_rgb(gray: np.ndarray) -> np.ndarray:
    return np.repeat(gray[..., None], 3, axis=-1)


IMAGES = {
    "16 bit": lambda gray: gray.astype(np.uint16) * 200,
    "float": lambda gray: gray / np.float32(255),
    "yes or no": lambda gray: gray > 128,
    "color": as_rgb,
    "color with alpha": lambda gray: np.concatenate(
        [as_rgb(gray), np.full_like(gray[..., None], 255)], axis=-1
    ),
}


RESULTS = {"inconsistency mask", "votes (networks outvoted)"}
LAYERS = {
    Task.BINARY: {"bright (predicted)", *RESULTS},
    Task.MULTICLASS: {"classes (predicted)", *RESULTS},
    Task.MULTILABEL: {"bright (predicted)", "dark (predicted)", "cells (predicted)", *RESULTS},
}


def test_networks_of_every_kind_predict_images_of_every_kind(
    viewer: Any, session: Session, networks: dict[Task, Path], qtbot: Any
) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE + 10), dtype=np.uint8)
    for task, run in networks.items():
        viewer.layers.clear()
        session.looking.choose(viewer.add_layer(Image(gray, name="gray", scale=(0.5, 0.5))))
        with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
            session.looking.use(run)
        assert ended.args == ["Predicted 1 frame.", True]
        found = {layer.name: layer for layer in viewer.layers if layer.name != "gray"}
        assert found.keys() == LAYERS[task]
        assert all(tuple(layer.scale) == (0.5, 0.5) for layer in found.values())
        mask, votes = found["inconsistency mask"].data, found["votes (networks outvoted)"].data
        assert mask.shape == gray.shape
        np.testing.assert_array_equal(mask != 0, votes != 0)
        assert mask.any()
    for name, change in IMAGES.items():
        data = change(gray)
        session.looking.choose(viewer.add_layer(Image(data, name=name, rgb=data.ndim == 3)))
        with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
            session.looking.predict(whole=False)
        assert ended.args == ["Predicted 1 frame.", True], name
        assert session.results.current.layers.find("mask").data.shape == gray.shape


def test_networks_learn_on_from_corrections_and_one_press_goes_back(
    viewer: ViewerModel, session: Session, runs_folder: Path, qtbot: Any
) -> None:
    add_stack(viewer, frames=8, labeled=4)
    drawn = image, bright, *_ = list(viewer.layers)
    dock = Dock(viewer)
    qtbot.addWidget(dock)
    person = Person(dock, qtbot)
    session.setup.set(setting(replace(QUICK, generations=0)))
    person.wait(lambda: session.next.problem() is None)
    person.open("train")
    person.press("train_main")
    with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE):
        person.wait(lambda: session.trainer.state is State.FINISHED)

    session.layer_data.boxes.add(image, session.layer_data.axes, 5, (0, 0, 24, 24))
    bright.data[5, 4:12, 4:12] = 1
    bright.refresh()
    before = Copies(drawn)
    person.open("correct")
    person.wait(lambda: session.retraining.problem() is None)
    person.press("retrain_main")
    with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
        person.wait(lambda: session.trainer.state is State.FINISHED)
    assert ended.args == ["Predicted 1 frame.", True]
    run = runs_folder / "squares-retrained-1"
    assert session.predictor.model.run == run
    assert session.trainer.history.started.corrections == 1
    assert session.trainer.history.started.labeled == 4, "one more is set aside, as before"
    assert person.section == "correct"
    assert "The old networks had learned from none of them." in person.read("comparison_basis")
    used = read_json(run / "ensemble.json")["generation"]
    with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
        person.press("comparison_switch")
    assert ended.args == ["Predicted 1 frame.", True]
    assert read_json(run / "ensemble.json")["generation"] == 1 - used
    assert "as you chose" in person.read("comparison_verdict")
    before.assert_untouched(viewer)
