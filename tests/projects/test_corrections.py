"""Labels of frames: what is written is read, and what is damaged is never taken for whole."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from scipy import ndimage
from toy_project import CELLS, IDS, ONE, SIZE, cells, make_project, same, spot

from napari_inconsistency_masks.boxes import known_mask
from napari_inconsistency_masks.cells import position_markers
from napari_inconsistency_masks.data.masks import apart
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.projects import FrameLabels, Project, load_project
from napari_inconsistency_masks.projects import corrections as saving

BOXES = ((0, 0, 5, 6), (4, 4, 20, 30))


def folder_of(project: Project) -> Path:
    return project.folder / "corrections" / "image-0" / "0"


def test_nothing_was_saved(tmp_path: Path) -> None:
    assert make_project(tmp_path).read_frame("image-0", 0) is None


@pytest.mark.parametrize("boxes", [(), BOXES])
@pytest.mark.parametrize("number", range(4))
def test_cells_are_read_as_written(
    tmp_path: Path, number: int, boxes: tuple[tuple[int, int, int, int], ...]
) -> None:
    project = make_project(tmp_path)
    labels = cells(number, boxes)
    assert project.write_frame("image-0", 0, labels) == 1
    read = Project.open(project.folder).read_frame("image-0", 0)
    assert same(read, labels)
    assert read is not None
    assert read.notes == ()


def test_class_ids_are_read_as_written(tmp_path: Path) -> None:
    project = make_project(tmp_path, IDS)
    labels = FrameLabels(SIZE, ids=np.random.default_rng(0).integers(0, 3, SIZE), boxes=BOXES)
    project.write_frame("image-0", 0, labels)
    assert same(project.read_frame("image-0", 0), labels)


def test_files_are_plain_ones(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    labels = cells(3, BOXES)
    project.write_frame("image-0", 0, labels)
    folder = folder_of(project) / "v1"
    assert {path.name for path in folder.iterdir()} == {
        "alive.tif", "dead.tif", "position.tif", "positions.csv", "boxes.json", "known.tif",
        "manifest.json",
    }  # fmt: skip
    alive = tifffile.imread(folder / "alive.tif")
    assert alive.dtype == np.uint8
    assert np.array_equal(alive, labels.masks["alive"] * np.uint8(255))
    markers = tifffile.imread(folder / "position.tif") > 0
    assert np.array_equal(markers, position_markers(labels.positions, SIZE))
    assert markers.any()
    known = np.zeros(SIZE, bool)
    for y0, x0, y1, x1 in BOXES:
        known[y0:y1, x0:x1] = True
    assert np.array_equal(tifffile.imread(folder / "known.tif") > 0, known)
    assert json.loads((folder / "boxes.json").read_text()) == [list(box) for box in BOXES]
    assert [row["state"] for row in read_csv(folder / "positions.csv")] == ["alive", "", "dead"]


def test_target_is_what_training_reads(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    labels = cells(3)
    project.write_frame("image-0", 0, labels)
    folder = folder_of(project) / "v1"
    files = [tifffile.imread(folder / f"{name}.tif") > 0 for name in CELLS.classes]
    assert np.array_equal(labels.target(CELLS), np.stack(files))
    ids = np.random.default_rng(0).integers(0, 3, SIZE)
    assert np.array_equal(FrameLabels(SIZE, ids=ids).target(IDS), ids)


def objects(largest: int) -> npt.NDArray[np.int64]:
    """Two that touch, and one for itself."""
    numbers = np.zeros(SIZE, np.int64)
    numbers[2:8, 2:8], numbers[2:8, 8:12], numbers[12:15, 3:6] = 4, 9, largest
    return numbers


@pytest.mark.parametrize("largest", [200, 255, 60_000, 70_000])
def test_single_objects_are_read_with_their_numbers(tmp_path: Path, largest: int) -> None:
    project, numbers = make_project(tmp_path, ONE), objects(largest)
    labels = FrameLabels(SIZE, {"cell": numbers})
    project.write_frame("image-0", 0, labels)
    read = Project.open(project.folder).read_frame("image-0", 0)
    assert read is not None
    np.testing.assert_array_equal(read.masks["cell"], numbers)
    for target in (labels.target(ONE), read.target(ONE)):
        np.testing.assert_array_equal(target[0], apart(numbers))


def test_training_reads_single_objects_set_apart(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE)
    project.write_frame("image-0", 0, FrameLabels(SIZE, {"cell": objects(255)}))
    (mask,) = (folder_of(project) / "v1").glob("cell.tif")
    assert ndimage.label(tifffile.imread(mask), np.ones((3, 3)))[1] == 3
    sample = load_project(project.folder).labeled[0]
    np.testing.assert_array_equal(sample.target[0], apart(objects(255)))


@pytest.mark.parametrize("number", [1, 7, 255])
def test_one_number_is_an_area_without_a_file_of_numbers(tmp_path: Path, number: int) -> None:
    project = make_project(tmp_path, ONE)
    project.write_frame("image-0", 0, FrameLabels(SIZE, {"cell": spot(1, 1) * np.uint8(number)}))
    names = {path.name for path in (folder_of(project) / "v1").iterdir()}
    assert names == {"cell.tif", "manifest.json"}
    read = project.read_frame("image-0", 0)
    assert read is not None
    np.testing.assert_array_equal(read.masks["cell"], spot(1, 1) > 0)


def test_saves_that_nobody_was_shown_are_never_removed(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write = project.corrections.write
    for number in range(3):
        write("image-0", 0, cells(number))
    write("image-0", 0, cells(4), shown=0)
    for number in range(5, 8):
        project.write_frame("image-0", 0, cells(number))
    assert {path.name for path in folder_of(project).iterdir()} == {"v2", "v3", "v6", "v7"}
    assert same(project.read_frame("image-0", 0), cells(7))
    for name in ("v6", "v7"):
        shutil.rmtree(folder_of(project) / name)
    assert same(project.read_frame("image-0", 0), cells(2))


def test_two_versions_are_kept(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    for number in range(5):
        assert project.write_frame("image-0", 0, cells(number)) == number + 1
    assert sorted(path.name for path in folder_of(project).iterdir()) == ["v4", "v5"]
    assert same(project.read_frame("image-0", 0), cells(4))


def test_a_save_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk it is tried again every few seconds."""
    project = make_project(tmp_path)
    project.write_frame("image-0", 0, cells(1))

    def refuse(*_: object) -> None:
        raise WriteError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(saving, "write_csv", refuse)
        for _ in range(3):
            with pytest.raises(WriteError):
                project.write_frame("image-0", 0, cells(2))
    assert [path.name for path in folder_of(project).iterdir()] == ["v1"]
    assert same(project.read_frame("image-0", 0), cells(1))
    assert project.write_frame("image-0", 0, cells(2)) == 2


def test_labels_are_copied() -> None:
    labels = cells(3)
    copy = labels.copy()
    labels.masks["alive"][:] = 1
    labels.positions[:] = 0
    assert same(copy, cells(3))


def test_what_counts_as_labeled() -> None:
    nothing = {"alive": spot(0, 0) * 0, "dead": spot(0, 0) * 0}
    assert not FrameLabels(SIZE, nothing).labeled
    assert FrameLabels(SIZE, {**nothing, "dead": spot(0, 0)}).labeled
    assert FrameLabels(SIZE, nothing, positions=np.ones((1, 2))).labeled
    assert FrameLabels(SIZE, nothing, boxes=BOXES).labeled
    assert FrameLabels(SIZE, ids=spot(0, 0)).labeled


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)


def damaged_files(project: Project) -> list[str]:
    return sorted(path.name for path in (folder_of(project) / "v2").iterdir())


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_damage_of_any_file_is_found_and_the_save_before_is_read(
    tmp_path: Path, damage: str
) -> None:
    project = make_project(tmp_path)
    old, new = cells(2), cells(3, BOXES)
    project.write_frame("image-0", 0, old)
    project.write_frame("image-0", 0, new)
    backup = tmp_path / "intact"
    shutil.copytree(folder_of(project), backup)
    for name in damaged_files(project):
        path = folder_of(project) / "v2" / name
        if damage == "gone":
            path.unlink()
        elif damage == "flip":
            flip(path, path.stat().st_size // 2)
        else:
            path.write_bytes(path.read_bytes()[: -1 if damage == "cut" else 0])
        read = project.read_frame("image-0", 0)
        whole = name == "manifest.json" and damage == "cut"  # only its last line break is gone
        assert same(read, new if whole else old), name
        assert read is not None
        assert whole or "saved before it" in read.notes[0]
        assert whole or read.notes[0].startswith("image-0, frame 0: The newest save is not used")
        shutil.rmtree(folder_of(project))
        shutil.copytree(backup, folder_of(project))
    assert same(project.read_frame("image-0", 0), new)


def test_no_flipped_byte_of_a_manifest_changes_labels(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE)
    old, new = FrameLabels(SIZE, {"cell": spot(1, 1)}), FrameLabels(SIZE, {"cell": spot(9, 9)})
    project.write_frame("image-0", 0, old)
    project.write_frame("image-0", 0, new)
    path = folder_of(project) / "v2" / "manifest.json"
    intact = path.read_bytes()
    for offset in range(len(intact)):
        flip(path, offset)
        read = project.read_frame("image-0", 0)
        assert same(read, new) or same(read, old)
        path.write_bytes(intact)


def test_damage_of_all_saves_is_an_error(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.write_frame("image-0", 0, cells(1))
    flip(folder_of(project) / "v1" / "dead.tif", 100)
    with pytest.raises(InputError, match=r"every save of these labels is damaged.*dead\.tif"):
        project.read_frame("image-0", 0)
    project.write_frame("image-0", 0, cells(2))
    assert same(project.read_frame("image-0", 0), cells(2))


def test_labels_for_other_classes_are_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE)
    project.write_frame("image-0", 0, FrameLabels(SIZE, {"cell": spot(1, 1)}))
    text = (project.folder / "project.json").read_text()
    (project.folder / "project.json").write_text(text.replace('"cell"', '"nucleus"'))
    with pytest.raises(InputError, match=r"nucleus\.tif: the save holds no such file"):
        Project.open(project.folder).read_frame("image-0", 0)


GOOD = cells(2)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (replace(GOOD, masks={}), "Labels of no class were given, and the project has alive, dead"),
        (replace(GOOD, ids=spot(0, 0)), "class ids, alive, dead were given"),
        (replace(GOOD, masks={**GOOD.masks, "dead": np.zeros((3, 3), bool)}), "3 x 3 pixels"),
        (replace(GOOD, masks={**GOOD.masks, "dead": np.zeros(SIZE)}), "float64"),
        (replace(GOOD, masks={**GOOD.masks, "dead": np.full(SIZE, -1)}), "from 0 on"),
        (replace(GOOD, positions=np.array([[1.0, np.nan]]), states=()), "finite"),
        (replace(GOOD, positions=np.ones(2)), "finite|rows and columns"),
        (replace(GOOD, states=("alive",)), "1 states were given for 2 positions"),
        (replace(GOOD, states=("alive", "gone")), "'gone' of a position is none of alive, dead"),
        (replace(GOOD, boxes=((0, 0, 5, 31),)), "not inside of the frame"),
        (replace(GOOD, boxes=((5, 0, 5, 3),)), "is empty"),
        (replace(GOOD, size=(5, 5)), "pixels for frames of"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, labels: FrameLabels, said: str) -> None:
    project = make_project(tmp_path)
    with pytest.raises(InputError, match=said):
        project.write_frame("image-0", 0, labels)
    assert project.read_frame("image-0", 0) is None


def test_ids_without_a_class_are_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, IDS)
    with pytest.raises(InputError, match="class id 3, and there are 2 classes"):
        project.write_frame("image-0", 0, FrameLabels(SIZE, ids=spot(0, 0) * 3))
    with pytest.raises(InputError, match="no position class"):
        project.write_frame(
            "image-0", 0, FrameLabels(SIZE, ids=spot(0, 0), positions=np.ones((1, 2)))
        )


@pytest.mark.parametrize(("image", "frame"), [("image-1", 0), ("image-0", 1), ("image-0", -1)])
def test_unknown_frames_are_refused(tmp_path: Path, image: str, frame: int) -> None:
    project = make_project(tmp_path)
    with pytest.raises(InputError, match="there is no"):
        project.write_frame(image, frame, cells(1))
    with pytest.raises(InputError, match="there is no"):
        project.read_frame(image, frame)


def test_known_mask() -> None:
    assert np.array_equal(known_mask([(1, 0, 2, 2)], (3, 2)), [[0, 0], [1, 1], [0, 0]])
