from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks.cells import draw_discs, find_cells, position_markers
from napari_inconsistency_masks.data.corrected import load_corrected
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.masks import apart
from napari_inconsistency_masks.data.sources import files_of
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.images import read_image
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.metrics.expected_counts import count_ratio
from napari_inconsistency_masks.metrics.scores import CountRow
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.drawing.drawn_frames import Scan, scan
from napari_inconsistency_masks.widgets.drawing.snapshot import (
    Drawing,
    DrawnClass,
    check_class_names,
    class_name,
    write_snapshot,
)
from napari_inconsistency_masks.widgets.layers.frames import FrameAxes

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
EXCLUSIVE = LabelScheme(Task.MULTICLASS, ("alive", "dead"))
AXES = FrameAxes("TYX", (6, 40, 48))
DRAWN = (0, 2, 3, 5)


def noise(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def squares(value: Any = 1) -> Any:
    """A square on the frames of `DRAWN`, on each somewhere else."""
    labels = np.zeros(AXES.shape, np.uint8)
    for frame in DRAWN:
        labels[frame, 3 * frame : 3 * frame + 9, 5:15] = value
    return labels


def positions() -> Any:
    return np.array([[frame, 3 * frame + 4.2, 9.6] for frame in DRAWN])


def cells() -> Any:
    """Alive and positions are drawn on four frames, dead on one of them."""
    dead = np.zeros(AXES.shape, np.uint8)
    dead[2, 30:38, 30:40] = 7  # any label that is not 0 is drawn
    return Drawing(
        "dish",
        AXES,
        noise(AXES.shape),
        CELLS,
        (
            DrawnClass("alive", "alive", squares()),
            DrawnClass("dead", "dead", dead),
            DrawnClass("position", "centers", points=positions()),
        ),
    )


def ids(labels: Any) -> Any:
    return Drawing(
        "dish", AXES, noise(AXES.shape), EXCLUSIVE, (DrawnClass("alive", "ids", labels),)
    )


def scanned(drawing: Drawing) -> Scan:
    looking = scan(drawing)
    while True:
        try:
            next(looking)
        except StopIteration as end:
            found: Scan = end.value
            return found


def test_a_frame_is_labeled_if_any_class_is_drawn_on_it() -> None:
    drawn = (
        DrawnClass("alive", "alive", np.zeros(AXES.shape, np.uint8)),
        DrawnClass("position", "centers", points=np.array([[1.0, 5, 5], [99, 5, 5]])),
    )
    scheme = LabelScheme(Task.MULTILABEL, ("alive", "position"), "position")
    drawing = Drawing("dish", AXES, noise(AXES.shape), scheme, drawn)
    assert drawing.labeled_frames().tolist() == [False, True, False, False, False, False]
    assert cells().labeled_frames().nonzero()[0].tolist() == list(DRAWN)


def test_classes_that_are_drawn_nowhere_are_named() -> None:
    assert scanned(cells()).undrawn == ()
    assert scanned(ids(squares(2))).undrawn == ("alive",)
    empty = Drawing("dish", AXES, None, CELLS, (DrawnClass("alive", "a", squares()),
        DrawnClass("dead", "d", np.zeros(AXES.shape, np.uint8)),
        DrawnClass("position", "p", points=np.zeros((0, 3)))))  # fmt: skip
    assert scanned(empty).undrawn == ("dead", "position")


class Stored:
    """Labels in a file: no more than a frame at a time may be read."""

    def __init__(self, labels: Any) -> None:
        self._labels, self.shape, self.read = labels, labels.shape, []

    def __getitem__(self, key: Any) -> Any:
        self.read.append(key[0])
        return self._labels[key]


@pytest.mark.parametrize("make", [ids, lambda labels: replace(cells(), drawn=(
    DrawnClass("alive", "alive", labels), *cells().drawn[1:]))])  # fmt: skip
def test_each_frame_is_read_once_and_looking_can_be_given_up(make: Any) -> None:
    stored = Stored(squares(2))
    scanned(make(stored))
    assert stored.read == list(range(6))
    stored.read.clear()
    looking = scan(make(stored))
    for _ in range(3):
        next(looking)
    looking.close()
    assert stored.read == [0, 1]


def test_layers_with_single_objects_are_named() -> None:
    labels = squares()
    labels[5, 30:34, 30:34] = 7
    drawn = (DrawnClass("alive", "objects", labels), *cells().drawn[1:])
    assert scanned(replace(cells(), drawn=drawn)).numbered == ("objects",)
    assert scanned(cells()).numbered == ()


def test_an_id_without_a_class_is_told_with_its_frame() -> None:
    with pytest.raises(InputError, match=r"'ids' has the label 3 on frame 2, and there are 2"):
        scanned(ids(np.where(np.arange(6)[:, None, None] == 2, 3, squares())))


def test_a_target_has_a_plane_per_class() -> None:
    target = cells().target(2)
    assert (target.dtype, target.shape) == (np.uint8, (3, 40, 48))
    np.testing.assert_array_equal(target[0], squares()[2])
    assert target[1].sum() == 80
    np.testing.assert_array_equal(
        target[2], draw_discs(np.array([[10, 10]]), np.array([3]), (40, 48))
    )


def test_single_objects_that_touch_are_set_apart_as_those_in_files_are() -> None:
    numbers = np.zeros((40, 48), np.int32)
    for number, (row, column) in enumerate(((0, 0), (0, 10), (10, 0), (10, 10)), start=1):
        numbers[row : row + 10, column : column + 10] = number
    scheme = LabelScheme(Task.BINARY, ("nuclei",))
    axes = FrameAxes("YX", numbers.shape)
    drawing = Drawing("dish", axes, None, scheme, (DrawnClass("nuclei", "stardist", numbers),))
    np.testing.assert_array_equal(drawing.target(0)[0], apart(numbers))
    assert len(find_cells(drawing.target(0) > 0, scheme)) == 4


def test_discs_have_a_quarter_of_the_distance_to_the_next_but_3_to_8() -> None:
    places = np.array([[10, 10], [10, 30], [60, 10], [60, 18], [80, 90]])
    discs = position_markers(places, (100, 100))
    radii = np.array([5, 5, 3, 3, 8])
    np.testing.assert_array_equal(discs, draw_discs(places, radii, (100, 100)))


def test_positions_outside_the_image_are_left_out() -> None:
    discs = position_markers(np.array([[-1, 5], [5, 100], [100, 5], [50, 50]]), (100, 100))
    np.testing.assert_array_equal(
        discs, draw_discs(np.array([[50, 50]]), np.array([3]), (100, 100))
    )
    assert not position_markers(np.zeros((0, 2), np.int64), (20, 20)).any()


def test_ids_are_the_target_of_exclusive_classes() -> None:
    np.testing.assert_array_equal(ids(squares(2)).target(3), squares(2)[3])


@pytest.mark.parametrize("wrong", [3, -1])
def test_an_id_without_a_class_is_refused_and_named(wrong: Any) -> None:
    with pytest.raises(InputError, match=f"Layer 'ids' has the label {wrong} on frame 3"):
        ids(squares(2).astype(np.int16) * 0 + wrong).target(3)


def test_later_strokes_do_not_change_a_frozen_drawing() -> None:
    drawing = cells()
    frozen = drawing.frozen()
    drawing.drawn[0].labels[:] = 0
    np.testing.assert_array_equal(frozen.target(2)[0], squares()[2])
    assert frozen.drawn[2].points is not None


@pytest.mark.parametrize("name", ["alive", "dead cells", "cell-2", "Zelle_ä", "b.c"])
def test_names_of_classes_that_are_names_of_folders(name: str) -> None:
    check_class_names([name])


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a/b",
        "..",
        "../up",
        ".hidden",
        "a ",
        "a.",
        "-x",
        "images",
        "Masks",
        "con\n",
        "aux",
        "COM1",
        "dead cells of the third plate" * 9,
        "\u7d30\u80de" * 40,  # 80 letters, 240 bytes
    ],
)
def test_names_of_classes_that_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="Class name"):
        check_class_names([name])


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("aux", "class aux"),
        ("Images", "Images class"),
        ("Zelle_a\u0308", "Zelle_\u00e4"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_layer_may_be_called_what_no_folder_can_be(layer: str, name: str) -> None:
    assert class_name(layer) == name
    check_class_names([name])


def test_classes_that_differ_in_capitals_only_are_refused() -> None:
    with pytest.raises(InputError, match="a name of its own"):
        check_class_names(["Alive", "alive"])


def by_name(data: Any) -> Any:
    return {sample.name: sample for source in (data.labeled, data.validation) for sample in source}


AS_IS = Intensity("as-is")


def write(drawing: Any, folder: Path) -> Any:
    return list(write_snapshot(drawing, folder))


def test_a_snapshot_is_what_was_drawn(tmp_path: Path) -> None:
    drawing = cells()
    assert write(drawing, tmp_path / "data") == [(frame + 1, 6) for frame in range(6)]
    data = load_folder(
        tmp_path / "data", CELLS.classes, task=CELLS.task, position="position", intensity=AS_IS
    )
    assert data.scheme == CELLS
    labeled = by_name(data)
    assert sorted(labeled) == [f"frame_{frame:04d}" for frame in DRAWN]
    assert len(data.unlabeled) == 2
    for frame in DRAWN:
        sample = labeled[f"frame_{frame:04d}"]
        np.testing.assert_array_equal(sample.image[0], drawing.image[frame])
        np.testing.assert_array_equal(sample.target, drawing.target(frame))


def test_a_snapshot_says_which_frames_of_which_file_it_has(tmp_path: Path) -> None:
    drawing = replace(cells(), file=tmp_path / "dish.tif")
    list(write_snapshot(drawing, tmp_path / "data", only_labeled=True))
    said = read_json(tmp_path / "data" / "source.json")
    assert said["file"] == str(tmp_path / "dish.tif")
    assert said["frames"] == {f"frame_{frame:04d}": frame for frame in DRAWN}
    images = sorted(path.stem for path in (tmp_path / "data" / "images").iterdir())
    assert images == sorted(said["frames"])


@pytest.mark.parametrize("file", [None, "dish.tif"], ids=["on no disk", "a file"])
def test_frames_of_a_snapshot_are_of_one_file(tmp_path: Path, file: str | None) -> None:
    """Each is written to one of its own, but what is missed in one is missed in the next."""
    drawing = replace(cells(), file=None if file is None else tmp_path / file)
    write(drawing, tmp_path / "data")
    assert read_json(tmp_path / "data" / "source.json")["file"] == (
        None if file is None else str(tmp_path / file)
    )
    data = load_folder(
        tmp_path / "data", CELLS.classes, task=CELLS.task, position="position", validation=0.5
    )
    assert len(data.validation) == 2
    of_file = files_of(data.validation)
    assert set(of_file.values()) == {data.validation[0].name}
    rows = [CountRow(name, "alive", 9, 9) for name in of_file] * 3
    ratio = count_ratio(rows, of_file)
    assert ratio is not None
    assert (ratio.images, ratio.files) == (6, 1)
    assert len(load_corrected(dict(data.origin or {}), tmp_path / "data").labeled) == 2


def test_a_snapshot_of_exclusive_classes(tmp_path: Path) -> None:
    labels = squares(2)
    labels[2, :3] = 1
    drawing = ids(labels)
    write(drawing, tmp_path / "data")
    data = load_folder(
        tmp_path / "data", EXCLUSIVE.classes, task=EXCLUSIVE.task, images="images", masks="masks",
        zero_is_unlabeled=True,
    )  # fmt: skip
    assert data.scheme == EXCLUSIVE
    for name, sample in by_name(data).items():
        np.testing.assert_array_equal(sample.target, drawing.target(int(name[-4:])))
        np.testing.assert_array_equal(sample.known, sample.target > 0)


def test_a_snapshot_of_one_class(tmp_path: Path) -> None:
    scheme = LabelScheme(Task.BINARY, ("cells",))
    drawing = Drawing(
        "dish", AXES, noise(AXES.shape), scheme, (DrawnClass("cells", "l", squares(9)),)
    )
    write(drawing, tmp_path / "data")
    data = load_folder(tmp_path / "data", scheme.classes, task=scheme.task)
    assert data.scheme == scheme
    np.testing.assert_array_equal(by_name(data)["frame_0002"].target[0], squares()[2])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_pixels_are_kept_as_they_are(tmp_path: Path, dtype: Any) -> None:
    drawing = cells()
    image = drawing.image.astype(dtype) * 3
    write(Drawing("dish", AXES, image, CELLS, drawing.drawn), tmp_path)
    read = read_image(tmp_path / "images" / "frame_0002.tif").array
    assert read.dtype == dtype
    np.testing.assert_array_equal(np.squeeze(read), image[2])


def test_a_snapshot_of_colors_and_of_a_single_image(tmp_path: Path) -> None:
    axes = FrameAxes("YXC", (40, 48, 3), color_last=True)
    labels = squares()[2]
    scheme = LabelScheme(Task.BINARY, ("cells",))
    image = noise(axes.shape)
    write(Drawing("dish", axes, image, scheme, (DrawnClass("cells", "l", labels),)), tmp_path)
    data = load_folder(tmp_path, ["cells"], intensity=AS_IS)
    assert data.channels == 3
    assert data.validation_is_training
    np.testing.assert_array_equal(data.labeled[0].image, np.moveaxis(image, -1, 0))


def test_a_snapshot_is_never_written_outside_its_folder(tmp_path: Path) -> None:
    drawn = (DrawnClass("../up", "l", squares()),)
    scheme = LabelScheme(Task.BINARY, ("../up",))
    with pytest.raises(InputError, match="Class name"):
        write(Drawing("dish", AXES, noise(AXES.shape), scheme, drawn), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []
