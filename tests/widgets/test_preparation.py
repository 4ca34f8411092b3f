"""The folder of a new run: what was drawn when Start was pressed, and nothing after an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from open_layers import add_image, add_labels, add_points
from tiny import write_folder

from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.images import read_image
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.recipes import PRESETS
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.layers.class_rows import ClassRow
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.training.preparation import (
    RunRequest,
    check_run_name,
    new_run_name,
    prepare,
)

pytestmark = pytest.mark.usefixtures("children", "at_once")

SHAPE = (7, 40, 48)
LABELED = (0, 2, 3, 6)


@pytest.fixture
def start(session: Session, qtbot: Any) -> Callable[..., RunRequest]:
    """What Start would write, from the data as it is chosen now."""

    def press(recipe: str = "im") -> Any:
        session.setup.choose_recipe(recipe)
        qtbot.waitUntil(lambda: session.next.problem() is None)
        return session.next.request()

    return press


def draw_squares(layer: Any, value: Any = 1) -> None:
    for frame in LABELED:
        layer.data[frame, 4 : 12 + frame, 5:20] = value


def load(run: Path) -> Any:
    """The data of a run as the program that trains reads it."""
    return open_data(read_plan(run).data, relative_to=run)


def targets(data: Any) -> Any:
    samples = [sample for source in (data.labeled, data.validation) for sample in source]
    return {int(sample.name[-4:]): sample.target for sample in samples}


def finish(request: Any) -> Any:
    """Write the run folder; returns how far it told it was, and the folder."""
    told, generator = [], prepare(request)
    while True:
        try:
            told.append(next(generator))
        except StopIteration as end:
            return told, end.value


def test_a_run_learns_from_what_was_drawn_as_masks_and_positions(
    viewer: ViewerModel, session: Session, start: Callable[..., RunRequest]
) -> None:
    image = add_image(viewer, SHAPE)
    alive, dead = add_labels(viewer, "alive", SHAPE), add_labels(viewer, "dead", SHAPE)
    draw_squares(alive)
    dead.data[2, 30:38, 30:40] = 3
    add_points(viewer, "position", [[frame, 8, 10 + frame] for frame in LABELED])
    told, run = finish(start())
    assert told == [(frame + 1, 7) for frame in range(7)]
    plan = read_plan(run)
    assert (plan.recipe.key, plan.config) == ("im", PRESETS["standard"])
    data = load(run)
    scheme = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
    assert data.scheme == scheme
    assert len(data.unlabeled) == 3
    drawing = session.layer_data.drawing()
    read = targets(data)
    assert sorted(read) == list(LABELED)
    for frame in LABELED:
        np.testing.assert_array_equal(read[frame], drawing.target(frame))
        assert read[frame][2].sum() == 29  # a disc of radius 3
        file = run / "data" / "images" / f"frame_{frame:04d}.tif"
        np.testing.assert_array_equal(np.squeeze(read_image(file).array), image.data[frame])


def test_a_run_with_exclusive_classes(
    viewer: ViewerModel, session: Session, start: Callable[..., RunRequest]
) -> None:
    add_image(viewer, SHAPE)
    ids = add_labels(viewer, "ids", SHAPE)
    draw_squares(ids, 2)
    ids.data[2, :3] = 1
    session.layer_data.set_rows(
        [ClassRow("alive", "#ffffff", layer=ids), ClassRow("dead", "#ffffff")]
    )
    session.layer_data.choose_task(Task.MULTICLASS)
    data = load(finish(start())[1])
    assert data.scheme == LabelScheme(Task.MULTICLASS, ("alive", "dead"))
    for frame, target in targets(data).items():
        np.testing.assert_array_equal(target, ids.data[frame])


def test_a_run_with_one_class(
    viewer: ViewerModel, session: Session, start: Callable[..., RunRequest]
) -> None:
    add_image(viewer, SHAPE)
    draw_squares(add_labels(viewer, "cell", SHAPE), 5)
    session.layer_data.choose_task(Task.BINARY)
    data = load(finish(start())[1])
    assert data.scheme == LabelScheme(Task.BINARY, ("cell",))
    np.testing.assert_array_equal(targets(data)[2][0], viewer.layers["cell"].data[2] > 0)


def test_strokes_after_the_start_are_not_in_the_run(
    viewer: ViewerModel, start: Callable[..., RunRequest]
) -> None:
    add_image(viewer, SHAPE)
    alive = add_labels(viewer, "alive", SHAPE)
    draw_squares(alive)
    points = add_points(viewer, "position", [[2, 8, 10]])
    request = start()
    generator = prepare(request)
    next(generator)
    expected = alive.data[2].copy()
    alive.data[:] = 0
    points.data = np.zeros((0, 3))
    list(generator)
    target = targets(load(request.folder))[2]
    np.testing.assert_array_equal(target[0], expected)
    assert target[1].any()


def test_a_run_on_colors(viewer: ViewerModel, start: Callable[..., RunRequest]) -> None:
    image = add_image(viewer, (*SHAPE, 3), rgb=True)
    draw_squares(add_labels(viewer, "alive", SHAPE))
    data = load(finish(start())[1])
    assert data.channels == 3
    sample = next(sample for sample in data.labeled if sample.name.endswith("2"))
    np.testing.assert_array_equal(sample.image, np.moveaxis(image.data[2], -1, 0))


def test_a_run_on_an_image_with_nan(viewer: ViewerModel, start: Callable[..., RunRequest]) -> None:
    pixels = np.random.default_rng(0).normal(100, 20, SHAPE).astype(np.float32)
    pixels[2, :5, :5] = np.nan
    viewer.add_layer(Image(pixels, name="nan"))
    draw_squares(add_labels(viewer, "alive", SHAPE))
    data = load(finish(start())[1])
    sample = next(s for s in [*data.labeled, *data.validation] if s.name.endswith("2"))
    assert sample.known is not None
    assert not sample.known[..., :5, :5].any()


def test_an_image_of_nothing_but_nan_is_refused_before_training(
    viewer: ViewerModel, start: Callable[..., RunRequest]
) -> None:
    viewer.add_layer(Image(np.full(SHAPE, np.nan, np.float32), name="nan"))
    draw_squares(add_labels(viewer, "alive", SHAPE))
    request = start()
    with pytest.raises(InputError, match="frame_000"):
        finish(request)
    assert not request.folder.exists()


def test_a_name_that_is_taken_is_refused_and_the_run_of_that_name_kept(
    viewer: ViewerModel, start: Callable[..., RunRequest]
) -> None:
    add_image(viewer, SHAPE)
    draw_squares(add_labels(viewer, "alive", SHAPE))
    request = start()
    finish(request)
    before = sorted(request.folder.rglob("*"))
    with pytest.raises(InputError, match="there is a run of this name"):
        finish(request)
    assert sorted(request.folder.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_an_error_that_leaves_nothing(
    viewer: ViewerModel, start: Callable[..., RunRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    add_image(viewer, SHAPE)
    draw_squares(add_labels(viewer, "alive", SHAPE))
    request = start()
    monkeypatch.setattr("napari_inconsistency_masks.widgets.drawing.snapshot.write_tiff", full)
    with pytest.raises(OSError, match="no space left"):
        finish(request)
    assert not request.folder.exists()


def test_given_up_early_nothing_is_left(
    viewer: ViewerModel, start: Callable[..., RunRequest]
) -> None:
    add_image(viewer, SHAPE)
    draw_squares(add_labels(viewer, "alive", SHAPE))
    request = start()
    generator = prepare(request)
    next(generator)
    assert request.folder.exists()
    generator.close()
    assert not request.folder.exists()


def test_a_run_on_a_folder_reads_the_folder_itself(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "data", labeled=8)
    config = PRESETS["quick"]
    request = RunRequest(tmp_path / "run", "labeled-aug", config, lambda: load_folder(root))
    assert finish(request) == ([], tmp_path / "run")
    assert not (tmp_path / "run" / "data").exists()
    assert load(tmp_path / "run").name == "data"


def test_data_that_does_not_allow_the_recipe_leaves_nothing(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "data", labeled=8)
    request = RunRequest(tmp_path / "run", "im", PRESETS["quick"], lambda: load_folder(root))
    with pytest.raises(InputError, match="images without labels"):
        finish(request)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["a", "first try", "Zelle-2", "a.b"])
def test_names_of_runs(name: str) -> None:
    check_run_name(name)


def test_a_new_name_is_free(tmp_path: Path) -> None:
    (tmp_path / "cells-quick-1").mkdir()
    (tmp_path / "cells-quick-2").write_text("")
    assert new_run_name(tmp_path, "cells", "quick") == "cells-quick-3"
    assert new_run_name(tmp_path, "Cells", "quick") == "Cells-quick-3", "on every system"
    assert new_run_name(tmp_path / "none yet", "cells", "quick") == "cells-quick-1"


def test_a_name_is_found_without_asking_for_each_run_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form asks after every stroke, and the folder may lie on another computer."""
    for number in range(1, 31):
        (tmp_path / f"cells-quick-{number}").mkdir()
    asked: list[Path] = []
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", lambda path: bool(asked.append(path)) or path.is_dir())
        assert new_run_name(tmp_path, "cells", "quick") == "cells-quick-31"
    assert len(asked) < 2
