"""The images of a project: never changed, never given twice, found again when they moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from toy_project import ONE, SIZE, cells, make_project, picture, same, spot, stack

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects import FrameLabels, Project
from napari_inconsistency_masks.projects.layout import new_image_id


def test_ids_are_names_of_folders_and_never_given_twice(tmp_path: Path) -> None:
    assert new_image_id("Zählung 3 (neu).TIF", set()) == "zahlung-3-neu"
    assert new_image_id("細胞.png", set()) == "image"
    assert new_image_id("CON.png", set()) == "con-2"
    assert new_image_id("com1.png", set()) == "com1-2"
    assert new_image_id("a.png", {"a", "a-2"}) == "a-3"
    project = make_project(tmp_path)
    (project.folder / "corrections" / "lost").mkdir(parents=True)
    assert project.add_image(picture(tmp_path, "lost.png", 5)).id == "lost-2"
    assert project.add_image(picture(tmp_path / "b", "lost.png", 6)).id == "lost-3"


def test_duplicates_are_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    original = tmp_path / "pictures" / "image-0.png"
    copy = shutil.copy(original, tmp_path / "copy.png")
    for path in (original, copy):
        with pytest.raises(InputError, match="in the project already, as image-0"):
            project.add_image(path)
    original.unlink()
    with pytest.raises(InputError, match="in the project already"):
        project.add_image(copy)


def test_many_images_are_added_though_some_are_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    new = [picture(tmp_path, f"{number}.png", 20 + number) for number in range(3)]
    (tmp_path / "text.png").write_text("no image")
    twice = shutil.copy(new[0], tmp_path / "twice.png")
    added, refused = project.add_images(
        [new[0], tmp_path / "text.png", twice, project.path_of("image-0"), *new[1:]], split="train"
    )
    assert [image.id for image in added] == ["0", "1", "2"]
    assert {image.split for image in added} == {"train"}
    assert Project.open(project.folder).images[1:] == tuple(added)
    assert ["as 0." in refused[0], "as image-0." in refused[1], "text.png" in refused[2]] == [
        True
    ] * 3


def test_alike_at_both_ends_is_not_the_same(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", ONE)
    pixels = np.zeros((1000, 1000), np.uint8)
    for number, name in enumerate(("a.bmp", "b.bmp")):
        pixels[300] = number  # neither at the beginning, nor in the middle, nor at the end
        Image.fromarray(pixels).save(tmp_path / name)
        project.add_image(tmp_path / name)
    one, other = project.images
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize("name", ["text.png", "nothing.png"])
def test_files_that_are_no_images_are_refused(tmp_path: Path, name: str) -> None:
    project = make_project(tmp_path)
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(InputError, match=name):
        project.add_image(tmp_path / name)
    assert len(project.images) == 1


def test_copies_are_the_project_s_own(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", ONE)
    original = picture(tmp_path / "elsewhere", "My Cells.PNG", 3)
    image = project.add_image(original, copy=True)
    assert image.path == "images/my-cells.png"
    assert project.path_of(image.id).read_bytes() == original.read_bytes()
    original.unlink()
    assert project.missing == ()


def test_a_project_moves_with_the_images_beside_it(tmp_path: Path) -> None:
    project = make_project(tmp_path / "all", images=2)
    project.write_frame("image-1", 0, cells(3))
    assert project.image("image-0").path == "../pictures/image-0.png"
    (tmp_path / "all").rename(tmp_path / "moved")
    moved = Project.open(tmp_path / "moved" / "project")
    assert moved.missing == ()
    assert moved.path_of("image-1") == tmp_path / "moved" / "pictures" / "image-1.png"
    assert same(moved.read_frame("image-1", 0), cells(3))


def test_images_elsewhere_are_found_by_their_whole_path(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "here" / "project", ONE)
    path = picture(tmp_path / "elsewhere", "a.png", 1)
    assert project.add_image(path).path == str(path)
    (tmp_path / "here").rename(tmp_path / "there")
    assert Project.open(tmp_path / "there" / "project").path_of("a") == path


def test_moved_images_are_found_by_name_size_and_content(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=3)
    pictures, found = tmp_path / "pictures", tmp_path / "archive" / "deep"
    found.mkdir(parents=True)
    same_size = (pictures / "image-0.png").read_bytes()[:-30] + bytes(30)
    (found / "image-0.png").write_bytes(same_size)  # the right name and size, another content
    (pictures / "image-0.png").rename(found / "other name.png")
    shutil.copy(pictures / "image-1.png", found / "a.png")
    (pictures / "image-1.png").rename(found / "image-1.png")
    (pictures / "image-2.png").unlink()
    assert project.missing == ("image-0", "image-1", "image-2")
    moved = project.find_missing(tmp_path / "archive")
    assert moved == {"image-0": found / "other name.png", "image-1": found / "image-1.png"}
    for image_id, path in moved.items():
        project.relocate(image_id, path)
    assert Project.open(project.folder).missing == ("image-2",)
    assert project.path_of("image-0") == found / "other name.png"


def test_paths_of_other_systems_are_looked_for_by_their_name(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    path = project.folder / "project.json"
    path.write_text(path.read_text().replace("../pictures/", r"C:\\data\\"))
    opened = Project.open(project.folder)
    assert opened.missing == ("image-0",)
    shutil.copy(tmp_path / "pictures" / "image-0.png", tmp_path / "pictures" / "a.png")
    assert opened.find_missing(tmp_path)["image-0"].name == "image-0.png"


def test_relocation_to_something_else_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=2)
    with pytest.raises(InputError, match="it is not that image"):
        project.relocate("image-0", picture(tmp_path, "small.png", 0, (5, 5)))
    with pytest.raises(InputError, match="it is not that image"):
        project.relocate("image-0", stack(tmp_path, "movie.tif", 0))
    resaved = picture(tmp_path, "resaved.png", 50)
    with pytest.raises(InputError, match="its content is not that of image-0"):
        project.relocate("image-0", resaved)
    with pytest.raises(InputError, match="in the project already, as image-1"):
        project.relocate("image-0", project.path_of("image-1"), other_content=True)
    project.relocate("image-0", resaved, other_content=True)
    assert Project.open(project.folder).path_of("image-0") == resaved


def test_a_file_with_its_frames_in_another_order_is_another_one(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", ONE)
    frames = np.random.default_rng(3).integers(0, 256, (4, 2, *SIZE), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", frames.swapaxes(0, 1), ome=True, metadata={"axes": "ZTYX"})
    tifffile.imwrite(tmp_path / "b.tif", frames, ome=True, metadata={"axes": "TZYX"})
    entry = project.add_image(tmp_path / "a.tif")
    with pytest.raises(InputError, match="its frames are 4 T x 2 Z, and those of a 2 Z x 4 T"):
        project.relocate(entry.id, tmp_path / "b.tif", other_content=True)
    assert Project.open(project.folder).image(entry.id).stack == (("Z", 2), ("T", 4))


def test_table_says_what_there_is_of_each_image(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", ONE)
    for name in ("a.tif", "b.tif"):
        project.add_image(stack(tmp_path, name, ord(name[0])))
    whole, nothing = (
        FrameLabels(SIZE, {"cell": spot(1, 1)}),
        FrameLabels(SIZE, {"cell": spot(1, 1) * 0}),
    )
    boxed = FrameLabels(SIZE, nothing.masks, boxes=((0, 0, 5, 5),))
    all_over = FrameLabels(SIZE, nothing.masks, boxes=((0, 0, 20, 15), (0, 10, 20, 30)))
    for frame, labels in enumerate((whole, boxed, all_over)):
        project.write_frame("a", frame, labels)
    project.write_frame("b", 1, nothing)
    project.mark_predicted({"b": "run-1"})
    (tmp_path / "b.tif").unlink()
    one, other = Project.open(project.folder).table()
    assert (one.labeled, one.corrected, one.predicted, one.found) == (2, 1, None, True)
    assert (other.labeled, other.corrected, other.predicted, other.found) == (0, 0, "run-1", False)


def test_inputs_are_never_changed(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=2)
    before = {path: path.read_bytes() for path in (tmp_path / "pictures").iterdir()}
    project.add_image(picture(tmp_path, "more.png", 8), copy=True)
    project.write_frame("image-0", 0, cells(3))
    project.find_missing(tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "pictures").iterdir()} == before
