"""Results of a batch, opened again: the table, and the layers of one image."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from batch_folders import do_batch, picture, write_images
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points
from open_layers import add_image

from napari_inconsistency_masks.batch import BatchOptions, read_results
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tables import read_csv, write_csv
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.batch.frames import FrameArray, KeptFrames
from napari_inconsistency_masks.widgets.batch.rows import read_rows
from napari_inconsistency_masks.widgets.sections.batch import BatchSection
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")


# --- frames that are read when needed -------------------------------------------------------------


def frame_arrays(shown: set[int]) -> tuple[np.ndarray, FrameArray, list[int], KeptFrames]:
    whole = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    asked: list[int] = []
    kept = KeptFrames(
        lambda frame: {"a": whole.reshape(-1, 4, 5)[frame]}, asked.append, shown.__contains__
    )
    return whole, FrameArray(kept, "a", (2, 3), (4, 5), np.uint8), asked, kept


@pytest.mark.parametrize(
    "key",
    [
        1,
        (1, 2),
        (-1, -1),
        (slice(None), 1),
        (0, slice(1, 3), slice(None), 2),
        (slice(0, 0), 1),
        (..., 3),
        (1, ..., slice(2)),
        (np.int64(1), np.int64(0), slice(1, None), slice(None, None, 2)),
        np.array([1, 0]),
    ],
)
def test_an_array_of_frames_is_indexed_as_any_other(key: Any) -> None:
    whole, array, asked, _ = frame_arrays(set())
    np.testing.assert_array_equal(array[key], whole[key])
    assert (array.shape, array.ndim, array.size, len(array)) == ((2, 3, 4, 5), 4, 120, 2)
    assert asked == []


def test_only_the_frame_that_is_shown_is_waited_for() -> None:
    whole, array, asked, kept = frame_arrays({4})
    np.testing.assert_array_equal(array[0, 2], whole[0, 2])  # a program gets what is in the file
    assert not array[1, 1].any()
    assert asked == [4]
    kept.load(4)
    np.testing.assert_array_equal(array[1, 1], whole[1, 1])
    np.testing.assert_array_equal(np.asarray(array), whole)


def test_only_some_frames_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_inconsistency_masks.widgets.batch.frames.KEPT_BYTES", 40)
    _, _, _, kept = frame_arrays(set())
    for frame in (0, 1, 2):
        kept.load(frame)
    assert [frame in kept for frame in range(3)] == [False, True, True]


# --- opening --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(networks: dict[Task, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images, and in it the results of all of them."""
    folder = tmp_path_factory.mktemp("batch")
    write_images(folder / "images")
    do_batch(networks[Task.MULTILABEL], folder / "images", folder / "results")
    return folder


@pytest.fixture
def section(session: Session, viewer: ViewerModel, qtbot: Any) -> BatchSection:
    made = BatchSection(viewer)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def opened(section: BatchSection, done: Path, qtbot: Any) -> BatchSection:
    section.page.wanted.emit(done / "results")
    settle(section, qtbot)
    return section


def settle(section: BatchSection, qtbot: Any) -> None:
    shown = section.session.batch_results
    qtbot.waitUntil(
        lambda: not shown.busy and shown._reading is None and shown._wanted_frame is None,
    )


def test_a_table_that_somebody_saved_with_blank_lines_is_read(done: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(done / "results", tmp_path / "copied")
    table = copied / "counts.csv"
    table.write_bytes(table.read_bytes() + b"\r\n\r\n")
    assert len(list(read_results(copied).rows())) == 7


def with_points(text: bytes) -> bytes:
    """A table whose whole numbers have a decimal point."""
    lines = [line.split(b",") for line in text.split(b"\r\n")]
    place = lines[0].index(b"unclear")
    for line in lines[1:-1]:
        line[place] += b".0" if line[place] else b""
    return b"\r\n".join(map(b",".join, lines))


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: text.replace(b",", b";"),
        lambda text: text.replace(b",notes", b",remarks"),
        lambda text: text.replace(b",unclear", b",unclear,more"),
        with_points,
    ],
    ids=["semicolons", "another column", "one column too many", "numbers with a point"],
)
def test_a_table_that_a_spreadsheet_made_something_else_of_is_told_in_a_sentence(
    done: Path, tmp_path: Path, saved: Callable[[bytes], bytes]
) -> None:
    copied = shutil.copytree(done / "results", tmp_path / "copied")
    table = copied / "counts.csv"
    table.write_bytes(saved(table.read_bytes()))
    with pytest.raises(InputError, match=r"counts\.csv: this table is"):
        list(read_rows(read_results(copied)))
    table.unlink()
    assert len(list(read_rows(read_results(copied)))) >= 1


def choose(section: BatchSection, image: str, frame: str, qtbot: Any) -> None:
    """Press a row."""
    rows = section.session.batch_results.rows
    number = next(n for n, r in enumerate(rows) if (r["image"], r["frame"]) == (image, frame))
    section.results.table.selectionModel().clearCurrentIndex()
    section.results.table.setCurrentIndex(section.results.table.model().index(number, 0))
    settle(section, qtbot)


def shown_cells(section: BatchSection) -> Any:
    table = section.results.table
    model = table.model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_the_table_is_that_of_the_file_and_leaves_empty_what_is_missing(
    opened: BatchSection, done: Path
) -> None:
    rows = read_csv(done / "results" / "counts.csv")
    cells = shown_cells(opened)
    table = opened.results.table
    assert not any(table.isColumnHidden(column) for column in range(len(cells[0]) - 2))
    assert len(cells) == len(rows) == 7
    damaged = next(line for line in cells if line[0] == "damaged.tif")
    assert damaged == ["damaged.tif", "", "", "", "", "", "failed", "", ""]
    movie = [line for line in cells if line[0] == "deep/movie.tif"]
    assert [line[1] for line in movie] == ["t=0", "t=1", "t=2", "t=3"]
    assert all(line[2].split(" ")[0].isdecimal() for line in movie)
    assert opened.results.words.text().startswith("results: 6 frames with multilabel")
    assert "1 file failed" in opened.results.words.text()


def test_areas_are_told_behind_all_else(opened: BatchSection, done: Path) -> None:
    columns, areas = opened.session.batch_results.found.columns, ("bright area", "dark area")
    assert columns[-3:] == ("Status", *areas)
    for row, line in zip(
        read_csv(done / "results" / "counts.csv"), shown_cells(opened), strict=True
    ):
        shares = [row["bright_area"], row["dark_area"]]
        assert line[-2:] == [f"{float(share):.1%}" if share else "" for share in shares]
    page, last = opened.results, len(columns) - 1
    assert not page.areas.isHidden()
    assert page.table.isColumnHidden(last)
    page.areas.click()
    assert not page.table.isColumnHidden(last)
    assert not page.table.isColumnHidden(last - 1)


def test_results_without_areas_and_with_a_class_named_like_a_column(
    section: BatchSection, done: Path, tmp_path: Path, qtbot: Any
) -> None:
    """As an earlier version wrote them."""
    old = Path(shutil.copytree(done / "results", tmp_path / "old"))
    about = (old / "batch.json").read_text().replace('"bright"', '"Status"')
    (old / "batch.json").write_text(about)
    rows = [row for row in read_csv(old / "counts.csv") if row["status"] == "done"]
    names = {name: name.replace("bright", "Status") for name in rows[0] if "_area" not in name}
    kept = [{new: row[name] for name, new in names.items()} for row in rows]
    write_csv(old / "counts.csv", kept, tuple(names.values()))
    section.page.wanted.emit(old)
    settle(section, qtbot)
    table, columns = section.results.table, section.session.batch_results.found.columns
    hidden = [name for place, name in enumerate(columns) if table.isColumnHidden(place)]
    assert columns[:3] == ("Image", "Frame", "Status")
    assert hidden == ["Status", "Status area", "dark area"]
    assert not table.isColumnHidden(2)
    assert section.results.areas.isHidden()


def test_a_row_opens_its_image_with_its_layers_at_its_frame(
    opened: BatchSection, viewer: ViewerModel, done: Path, qtbot: Any
) -> None:
    mine = add_image(viewer)
    choose(opened, "deep/movie.tif", "t=2", qtbot)
    assert viewer.layers[0] is mine
    names = [layer.name for layer in viewer.layers[1:]]
    lead = "deep/movie.tif"
    assert names == [
        lead,
        *(f"{lead}: {kind}" for kind in ("bright", "dark", "labels", "inconsistency", "votes")),
        f"{lead}: cells",
    ]
    image, bright, *_ = viewer.layers[1:]
    assert viewer.dims.current_step[0] == 2
    np.testing.assert_array_equal(image._slice.image.raw, picture(12))
    assert tuple(image.scale) == (30.0, 0.5, 0.5)
    assert [str(unit) for unit in image.units] == ["second", "micrometer", "micrometer"]
    for layer in viewer.layers[2:]:
        assert tuple(layer.scale) == tuple(image.scale)
        assert layer.units == image.units
    results = done / "results" / "images" / "deep"
    masks = tifffile.imread(results / "movie_masks.tif")
    assert masks[:, :2].any(axis=(0, 2, 3)).any()
    np.testing.assert_array_equal(np.asarray(bright.data), masks[:, 0] != 0)
    labels = tifffile.imread(results / "movie_labels.tif")
    np.testing.assert_array_equal(np.asarray(viewer.layers[f"{lead}: labels"].data), labels)
    disagree = tifffile.imread(results / "movie_inconsistency.tif")
    shown = viewer.layers[f"{lead}: inconsistency"]
    np.testing.assert_array_equal(np.asarray(shown.data), disagree != 0)
    np.testing.assert_array_equal(shown._slice.image.raw, disagree[2] != 0)
    kinds = [type(layer) for layer in viewer.layers[1:]]
    assert kinds == [Image, Labels, Labels, Labels, Labels, Image, Points]


def test_cells_are_points_in_their_frames(
    opened: BatchSection, viewer: ViewerModel, done: Path, qtbot: Any
) -> None:
    choose(opened, "deep/movie.tif", "t=1", qtbot)
    cells = [
        row for row in read_csv(done / "results" / "cells.csv") if row["image"] == "deep/movie.tif"
    ]
    points = viewer.layers["deep/movie.tif: cells"]
    expected = [[float(row[name]) for name in ("t", "y_px", "x_px")] for row in cells]
    np.testing.assert_allclose(points.data, np.array(expected).reshape(-1, 3))
    assert list(points.features["state"]) == [row["state"] for row in cells]


def test_the_next_row_of_an_image_only_moves_the_slider(
    opened: BatchSection, viewer: ViewerModel, qtbot: Any
) -> None:
    choose(opened, "deep/movie.tif", "t=1", qtbot)
    before = [(layer, layer.data) for layer in viewer.layers]
    choose(opened, "deep/movie.tif", "t=3", qtbot)
    assert viewer.dims.current_step[0] == 3
    assert all(
        one is layer and data is layer.data
        for (one, data), layer in zip(before, viewer.layers, strict=True)
    )
    np.testing.assert_array_equal(viewer.layers[0]._slice.image.raw, picture(13))


def test_moving_the_slider_selects_the_row_and_reads_the_frame(
    opened: BatchSection, viewer: ViewerModel, qtbot: Any
) -> None:
    choose(opened, "deep/movie.tif", "t=1", qtbot)
    viewer.dims.set_current_step(0, 0)
    settle(opened, qtbot)
    row = opened.session.batch_results.rows[opened.results.table.current]
    assert (row["image"], row["frame"]) == ("deep/movie.tif", "t=0")
    np.testing.assert_array_equal(viewer.layers[0]._slice.image.raw, picture(10))


def test_nobody_can_paint_in_results(opened: BatchSection, viewer: ViewerModel, qtbot: Any) -> None:
    """Their arrays read from files and hold no pixels that could be changed."""
    for number in range(2):
        choose(opened, f"image_{number}.tif", "", qtbot)
        labels = [layer for layer in viewer.layers if isinstance(layer, Labels)]
        assert [layer.editable for layer in labels] == [False] * 4


def test_a_row_that_is_pressed_while_results_are_read_again_is_shown(
    opened: BatchSection, done: Path, viewer: ViewerModel, qtbot: Any
) -> None:
    shown = opened.session.batch_results
    shown.open(done / "results")
    number = next(n for n, row in enumerate(shown.rows) if row["image"] == "image_1.tif")
    shown.choose(number)
    assert shown.busy
    qtbot.waitUntil(lambda: len(viewer.layers) == 7)
    settle(opened, qtbot)
    assert viewer.layers[0].name == "image_1.tif"


def test_an_image_that_was_given_up_does_not_come_with_the_next_results(
    opened: BatchSection, done: Path, viewer: ViewerModel, tmp_path: Path, qtbot: Any
) -> None:
    shown, session = opened.session.batch_results, opened.session
    number = next(n for n, row in enumerate(shown.rows) if row["image"] == "image_1.tif")
    shown.choose(number)
    session.status.activity.cancel()
    qtbot.waitUntil(lambda: not shown.busy)
    assert session.status.activity is None
    others = shutil.copytree(done / "results", tmp_path / "others")
    plan = (others / "batch.json").read_text()
    (others / "batch.json").write_text(plan.replace(str(done / "results"), str(others)))
    shown.open(others)
    qtbot.waitUntil(lambda: not shown.busy)
    qtbot.wait(50)
    assert Path(shown.results.plan.folder) == others
    assert (len(viewer.layers), shown.busy) == (0, False)


def test_another_image_takes_the_place_of_the_layers_made_here_only(
    opened: BatchSection, viewer: ViewerModel, qtbot: Any
) -> None:
    mine = add_image(viewer)
    choose(opened, "image_0.tif", "", qtbot)
    first = list(viewer.layers[1:])
    viewer.layers.remove(first[1])  # by hand
    copied = add_image(viewer, name="image_0.tif")  # of the person, called like one of these
    name = copied.name
    choose(opened, "image_1.tif", "", qtbot)
    assert mine in viewer.layers
    assert copied.name == name
    ours = [layer for layer in viewer.layers if layer not in (mine, copied)]
    assert {layer.name.split(":")[0] for layer in ours} == {"image_1.tif"}
    assert first[0] in ours  # filled anew, which is faster
    np.testing.assert_array_equal(first[0]._slice.image.raw, picture(1))
    assert len(ours) == 7
    choose(opened, "deep/movie.tif", "t=0", qtbot)  # has other axes
    assert len(viewer.layers) == 9
    opened.results.close_results.click()
    settle(opened, qtbot)
    assert list(viewer.layers) == [mine, copied]
    assert opened.session.batch_results.results is None


def test_results_are_no_images_to_train_or_predict(
    opened: BatchSection, session: Session, qtbot: Any
) -> None:
    choose(opened, "image_0.tif", "", qtbot)
    assert session.layer_data.image is None
    assert session.looking.image is None


def test_results_are_closed_before_they_are_replaced(
    opened: BatchSection, session: Session, viewer: ViewerModel, done: Path, qtbot: Any
) -> None:
    """Windows replaces no file that is open."""
    choose(opened, "image_0.tif", "", qtbot)
    read = session.batch_results.current
    session.batch.replacing.emit(done / "others")
    assert session.batch_results.current is read is not None
    files = [read.source._stack._file, *(stack._file for stack in read.stacks.values())]
    assert not any(file.stream.closed for file in files)
    session.batch.replacing.emit(done / "images" / ".." / "results")
    settle(opened, qtbot)
    assert len(files) > 3
    assert all(file.stream.closed for file in files)
    assert not viewer.layers


def test_a_row_without_results_says_why(opened: BatchSection, qtbot: Any) -> None:
    choose(opened, "damaged.tif", "", qtbot)
    said = opened.results.problem.text()
    assert "damaged.tif has no results: failed:" in said
    assert said.endswith(".")
    assert not said.endswith("..")


def test_an_image_that_is_gone_or_another_one_is_told(
    section: BatchSection, done: Path, viewer: ViewerModel, tmp_path: Path, qtbot: Any
) -> None:
    copied = shutil.copytree(done, tmp_path / "copied")
    sidecar = copied / "results" / "batch.json"
    sidecar.write_text(sidecar.read_text().replace(str(done), str(copied)))
    section.session.batch_results.open(copied / "results")
    settle(section, qtbot)
    tifffile.imwrite(copied / "images" / "deep" / "movie.tif", picture(1))
    choose(section, "deep/movie.tif", "t=0", qtbot)
    assert "one of the two changed" in section.results.problem.text()
    (copied / "images" / "image_0.tif").unlink()
    choose(section, "image_0.tif", "", qtbot)
    assert "image_0.tif: this file does not exist" in section.results.problem.text()
    assert not viewer.layers


def test_a_folder_without_results_is_told(
    section: BatchSection, tmp_path: Path, qtbot: Any
) -> None:
    section.session.batch_results.open(tmp_path)
    settle(section, qtbot)
    assert "no results of a batch here" in section.results.problem.text()


def test_a_batch_is_gone_on_with_from_its_results(opened: BatchSection, done: Path) -> None:
    opened.results.again.click()
    choice = opened.session.batch.choice
    values = json.loads((done / "results" / "batch.json").read_text())
    assert choice.paths == (done / "images",)
    assert (choice.recursive, choice.folder) == (True, done / "results")
    assert str(choice.run) == values["model"]["path"]
    assert choice.options == BatchOptions.from_json(values["settings"])
    assert opened.page.isVisibleTo(opened)
    assert opened.page.form.writes["votes"].isChecked()


def test_a_moved_folder_of_few_frames_shows_where_they_are(
    networks: dict[Task, Path], section: BatchSection, viewer: ViewerModel, tmp_path: Path,
    qtbot: Any,
) -> None:  # fmt: skip
    """Results of frames 1 and 2 lie on frames 1 and 2 of the whole movie."""
    write_images(tmp_path / "images")
    do_batch(networks[Task.MULTILABEL], tmp_path / "images", tmp_path / "out", frames=(1, 3))
    section.session.batch_results.open(tmp_path / "out")
    settle(section, qtbot)
    choose(section, "deep/movie.tif", "t=2", qtbot)
    masks = tifffile.imread(tmp_path / "out" / "images" / "deep" / "movie_masks.tif")
    data = np.asarray(viewer.layers["deep/movie.tif: bright"].data)
    np.testing.assert_array_equal(data[1:3], masks[:, 0] != 0)
    assert not data[[0, 3]].any()
    assert viewer.dims.current_step[0] == 2
