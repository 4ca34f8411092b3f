"""The data set that a project is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from toy_project import CELLS, IDS, ONE, SIZE, cells, make_project, picture, spot, stack

from napari_inconsistency_masks.boxes import known_mask
from napari_inconsistency_masks.data.held_out import hold_out
from napari_inconsistency_masks.data.origin import open_data, relative_origin
from napari_inconsistency_masks.data.sample import Source
from napari_inconsistency_masks.data.seen import Seen
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects import FrameLabels, Project, load_project
from napari_inconsistency_masks.recipes import RECIPES
from napari_inconsistency_masks.training.preflight import preflight

BOXES = ((2, 3, 10, 12),)


def names(source: Source) -> list[str]:
    return [sample.name for sample in source]


def movies(root: Path, *files: str) -> Project:
    project = Project.create(root / "project", CELLS)
    for number, name in enumerate(files):
        project.add_image(stack(root, f"{name}.tif", number))
    return project


def test_frames_are_labeled_unlabeled_or_both(tmp_path: Path) -> None:
    project = movies(tmp_path, "a", "b", "c")
    project.set_split("c", "validation")
    project.write_frame("a", 1, cells(3))
    project.write_frame("a", 2, cells(4, BOXES))
    project.write_frame("c", 0, cells(5, BOXES))
    project.write_frame("c", 2, cells(6))
    data = load_project(project.folder)
    assert data.scheme == CELLS
    assert (data.channels, data.name) == (1, "project")
    assert names(data.labeled) == ["a[t=1]", "a[t=2]"]
    assert names(data.unlabeled) == ["a[t=0]", "a[t=2]", *(f"b[t={t}]" for t in range(3))]
    assert names(data.validation) == ["c[t=0]", "c[t=2]"]
    assert data.named == set(names(data.validation))  # nobody said what "a" is for
    assert not data.validation_is_training
    assert all(sample.target is None for sample in data.unlabeled)
    boxed = data.labeled[1].known
    assert boxed is not None
    np.testing.assert_array_equal(data.unlabeled[1].known, ~boxed)
    assert all(data.unlabeled[place].known is None for place in (0, 2, 3, 4))
    assert len(data.test) == 0
    preflight(data, RECIPES["im"])


def test_networks_that_learn_on_never_learn_from_files_that_are_newly_for_validation(
    tmp_path: Path,
) -> None:
    project = movies(tmp_path, "a", "b", "c")
    project.set_split("b", "validation")
    for name in ("a", "b"):
        project.write_frame(name, 0, cells(3))
    first = load_project(project.folder)
    project.write_frame("c", 0, cells(4))
    project.set_split("c", "validation")
    project.write_frame("a", 1, cells(5))
    data = hold_out(load_project(project.folder), Seen.of(first.labeled, first.validation))
    assert names(data.validation) == ["b[t=0]", "c[t=0]"]
    assert names(data.labeled) == ["a[t=0]", "a[t=1]"]
    project.set_split("b", "train")
    data = hold_out(load_project(project.folder), Seen.of(first.labeled, first.validation))
    assert names(data.validation) == ["c[t=0]"]
    assert sorted(names(data.labeled)) == ["a[t=0]", "a[t=1]", "b[t=0]"]


def test_samples_are_the_frames_with_their_labels(tmp_path: Path) -> None:
    project = movies(tmp_path, "a", "b")
    project.set_split("b", "validation")
    project.write_frame("a", 1, cells(3))
    project.write_frame("a", 2, cells(7, BOXES))
    project.write_frame("b", 0, cells(5))
    pixels = np.random.default_rng(0).integers(0, 256, (3, *SIZE), dtype=np.uint8)
    whole, boxed = load_project(project.folder).labeled
    assert np.array_equal(whole.image[0], pixels[1])
    assert np.array_equal(boxed.image[0], pixels[2])
    assert np.array_equal(whole.labeled, cells(3).target(CELLS))
    assert np.array_equal(boxed.labeled, cells(7).target(CELLS))
    assert whole.labeled[2].any()
    assert whole.known is None
    assert boxed.known is not None
    assert np.array_equal(boxed.known, known_mask(BOXES, SIZE))


def test_class_ids(tmp_path: Path) -> None:
    project = make_project(tmp_path, IDS, images=2)
    project.set_split("image-1", "validation")
    ids = np.random.default_rng(1).integers(0, 3, SIZE)
    for name in ("image-0", "image-1"):
        project.write_frame(name, 0, FrameLabels(SIZE, ids=ids))
    sample = load_project(project.folder).labeled[0]
    assert np.array_equal(sample.labeled, ids)
    assert sample.known is not None
    assert np.array_equal(sample.known, ids > 0)


def test_nothing_drawn_is_no_label_and_a_box_over_everything_is_one(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE, images=4)
    empty = {"cell": spot(0, 0) * 0}
    project.write_frame("image-0", 0, FrameLabels(SIZE, {"cell": spot(1, 1)}))
    project.write_frame("image-1", 0, FrameLabels(SIZE, {"cell": spot(2, 2)}))
    project.write_frame("image-2", 0, FrameLabels(SIZE, empty))
    project.write_frame("image-3", 0, FrameLabels(SIZE, empty, boxes=((0, 0, *SIZE),)))
    data = load_project(project.folder)
    labeled = names(data.labeled) + names(data.validation)
    assert sorted(labeled) == ["image-0", "image-1", "image-3"]
    assert names(data.unlabeled) == ["image-2"]
    assert all(sample.known is None for sample in [*data.labeled, *data.validation])


def test_validation_is_drawn_by_file_and_seed(tmp_path: Path) -> None:
    project = movies(tmp_path, *"abcdef")
    for name in "abcde":
        for frame in range(2):
            project.write_frame(name, frame, cells(frame + 1))
    project.set_split("a", "train")
    chosen = set()
    for seed in range(8):
        data = load_project(project.folder, seed=seed, validation=0.25)
        held_out = {name[0] for name in names(data.validation)}
        trained = {name[0] for name in names(data.labeled)}
        assert held_out | trained == set("abcde")
        assert not held_out & trained
        assert not held_out & {name[0] for name in names(data.unlabeled)}
        assert len(held_out) == 1
        assert names(load_project(project.folder, seed=seed, validation=0.25).validation) == names(
            data.validation
        )
        chosen |= held_out
    assert len(chosen) > 1
    assert "a" not in chosen


@pytest.mark.parametrize("said", ["train", None])
def test_one_labeled_file(tmp_path: Path, said: str | None) -> None:
    project = movies(tmp_path, "a", "b")
    project.set_split("a", said)  # type: ignore[arg-type]
    project.write_frame("a", 0, cells(1))
    data = load_project(project.folder)
    assert data.validation_is_training
    assert names(data.validation) == names(data.labeled) == ["a[t=0]"]
    assert len(data.unlabeled) == 5
    assert any("validation is on the training images" in note for note in data.notes)


def test_nothing_is_labeled(tmp_path: Path) -> None:
    project = movies(tmp_path, "a")
    with pytest.raises(InputError, match="No image for training has labels"):
        load_project(project.folder)
    with pytest.raises(InputError, match="No image for training has labels"):
        load_project(Project.create(tmp_path / "empty", ONE).folder)


def test_files_that_are_gone_or_changed(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE, images=3)
    for name in ("image-0", "image-1"):
        project.write_frame(name, 0, FrameLabels(SIZE, {"cell": spot(1, 1)}))
    project.path_of("image-2").unlink()
    data = load_project(project.folder)
    assert len(data.unlabeled) == 0
    assert "Not there any more, so left out: image-2." in data.notes
    project.path_of("image-1").unlink()
    with pytest.raises(InputError, match="image-1 are labeled and not where they were"):
        load_project(project.folder)
    picture(tmp_path / "pictures", "image-1.png", 1, (30, 20))
    with pytest.raises(InputError, match=r"image-1\.png: changed"):
        load_project(project.folder)


def test_a_labeled_file_with_other_content_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE, images=3)
    for name in ("image-0", "image-1"):
        project.write_frame(name, 0, FrameLabels(SIZE, {"cell": spot(1, 1)}))
    for number in (1, 2):
        picture(tmp_path / "pictures", f"image-{number}.png", 90 + number)
    (note,) = [note for note in load_project(project.folder).notes if "content is not that" in note]
    assert "image-1.png" in note
    project.relocate("image-1", project.path_of("image-1"), other_content=True)
    assert not any("content is not that" in note for note in load_project(project.folder).notes)


def test_the_same_picture_for_training_and_validation_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE, images=2)
    for name, split in (("image-0", "train"), ("image-1", "validation")):
        project.write_frame(name, 0, FrameLabels(SIZE, {"cell": spot(1, 1)}))
        project.set_split(name, split)  # type: ignore[arg-type]
    shutil.copy(project.path_of("image-0"), project.path_of("image-1"))
    with pytest.raises(InputError, match="the same image"):
        load_project(project.folder)


def test_damaged_labels_are_those_saved_before_and_it_is_said(tmp_path: Path) -> None:
    project = movies(tmp_path, "a", "b")
    project.set_split("b", "validation")
    project.write_frame("b", 0, cells(5))
    project.write_frame("a", 0, cells(3))
    project.write_frame("a", 0, cells(7))
    (project.folder / "corrections/a/0/v2/position.tif").write_bytes(b"damaged")
    data = load_project(project.folder)
    assert np.array_equal(data.labeled[0].labeled, cells(3).target(CELLS))
    assert any("a[t=0]: The newest save is not used" in note for note in data.notes)
    (project.folder / "corrections/a/0/v1/alive.tif").unlink()
    with pytest.raises(InputError, match="every save"):
        load_project(project.folder)


def test_the_data_is_made_again_elsewhere(tmp_path: Path) -> None:
    project = movies(tmp_path / "all", "a", "b")
    for name in "ab":
        project.write_frame(name, 0, cells(3))
    run = project.folder / "runs" / "one"
    data = load_project(project.folder, seed=3, validation=0.5)
    assert data.origin is not None
    origin = relative_origin(data.origin, run, project.folder)
    assert origin["path"] == "../.."
    (tmp_path / "all").rename(tmp_path / "moved")
    again = open_data(origin, relative_to=tmp_path / "moved" / "project" / "runs" / "one")
    assert names(again.labeled) == names(data.labeled)
    assert names(again.validation) == names(data.validation)
    assert np.array_equal(again.labeled[0].labeled, cells(3).target(CELLS))


def test_a_run_keeps_the_labels_it_began_with(tmp_path: Path) -> None:
    project = movies(tmp_path / "all", "a", "b")
    for name in "ab":
        project.write_frame(name, 0, cells(3))
    run = project.folder / "runs" / "one"
    project.corrections.copy_to(run / "corrections")
    with pytest.raises(InputError, match="is not empty"):
        project.corrections.copy_to(run / "corrections")
    data = load_project(project.folder, corrections=run / "corrections")
    assert data.origin is not None
    origin = relative_origin(data.origin, run, project.folder)
    assert (origin["path"], origin["corrections"]) == ("../..", "corrections")
    for number in range(4, 8):
        project.write_frame("a", 0, cells(number))
        project.write_frame("a", 1, cells(number))
    (tmp_path / "all").rename(tmp_path / "moved")
    again = open_data(origin, relative_to=tmp_path / "moved" / "project" / "runs" / "one")
    labeled = [*again.labeled, *again.validation]
    assert sorted(sample.name for sample in labeled) == ["a[t=0]", "b[t=0]"]
    assert all(np.array_equal(sample.labeled, cells(3).target(CELLS)) for sample in labeled)
    with pytest.raises(InputError, match="no such folder with labels"):
        load_project(tmp_path / "moved" / "project", corrections=tmp_path / "none")


def test_a_run_keeps_images_that_left_the_project(tmp_path: Path) -> None:
    project = movies(tmp_path, "a", "b", "c")
    for name in "ab":
        project.write_frame(name, 0, cells(3))
    project.corrections.copy_to(tmp_path / "labels")
    project.remove_images(["b", "c"])
    assert names(load_project(project.folder).labeled) == ["a[t=0]"]
    began = load_project(project.folder, corrections=tmp_path / "labels")
    assert sorted([*names(began.labeled), *names(began.validation)]) == ["a[t=0]", "b[t=0]"]
    assert not any(name.startswith("c") for name in names(began.unlabeled))
