"""The project file and its images: nothing is lost, and nothing is taken for something else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_project import CELLS, IDS, ONE, SIZE, cells, make_project, picture, same, spot, stack

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects import FrameLabels, Project
from napari_inconsistency_masks.projects.layout import new_image_id
from napari_inconsistency_masks.task import LabelScheme, Task


@pytest.mark.parametrize("scheme", [CELLS, IDS, ONE])
def test_what_is_made_is_opened(tmp_path: Path, scheme: LabelScheme) -> None:
    project = Project.create(tmp_path / "a" / "project", scheme, settings={"width": 0.5})
    project.add_image(stack(tmp_path, "movie.tif", 0), split="validation")
    project.change_settings(zoom=[1, 2])
    project.mark_predicted("movie", "run-3")
    opened = Project.open(str(project.folder))
    assert opened.scheme == scheme
    assert opened.images == project.images
    assert opened.settings == {"width": 0.5, "zoom": [1, 2]}
    movie = opened.image("movie")
    assert (movie.frames, movie.size) == (3, SIZE)
    assert (movie.split, movie.predicted) == ("validation", "run-3")
    assert opened.set_split("movie", None).split is None
    assert Project.open(project.folder).image("movie").split is None


def test_a_project_is_never_replaced(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    for _ in range(2):
        with pytest.raises(InputError, match="there is a project in this folder already"):
            Project.create(project.folder, CELLS)
        (project.folder / "project.json").unlink(missing_ok=True)  # its backup is still there
    assert len(Project.open(project.folder, use_backup=True).images) == 1


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "file/inside"):
        with pytest.raises(InputError, match="cannot be made"):
            Project.create(tmp_path / name, CELLS)


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no project in this folder"):
        Project.open(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []


def test_project_file_cut_at_every_byte(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=2)
    path, backup = project.folder / "project.json", project.folder / "project.json.bak"
    whole = path.read_bytes()
    backup.unlink()
    opened = 0
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            images = Project.open(project.folder).images
        except InputError as error:
            assert "project.json" in str(error)  # noqa: PT017
            assert "backup" not in str(error)  # noqa: PT017
        else:
            opened += 1
            assert images == project.images
        assert path.read_bytes() == whole[:length]
    assert opened == 1  # without its last line break
    backup.write_bytes(whole)
    for damaged in (b"", whole[:100]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"intact backup beside it.*use_backup=True"):
            Project.open(project.folder)
        assert Project.open(project.folder, use_backup=True).images == project.images
        assert path.read_bytes() == whole
        assert (project.folder / "project.json.damaged").read_bytes() == damaged


def test_backup_is_never_older_than_the_last_change(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=3)
    (project.folder / "project.json").unlink()
    with pytest.raises(InputError, match="intact backup"):
        Project.open(project.folder)
    assert Project.open(project.folder, use_backup=True).images == project.images


def test_damaged_backup_is_not_offered_and_not_used(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    for name in ("project.json", "project.json.bak"):
        (project.folder / name).write_text("{")
    with pytest.raises(InputError, match="no valid JSON") as caught:
        Project.open(project.folder)
    assert "backup" not in str(caught.value)
    with pytest.raises(InputError, match=r"project\.json\.bak"):
        Project.open(project.folder, use_backup=True)
    assert (project.folder / "project.json").read_text() == "{"


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (("format",), 2, "newer version"),
        (("format",), "1", "format"),
        (("extra",), 1, "extra"),
        (("images", 0, "color"), "red", "images.0.color"),
        (("images", 0, "id"), "../other", "images.0.id"),
        (("images", 0, "frames"), 0, "images.0.frames"),
        (("images", 0, "frames"), "1", "images.0.frames"),
        (("images", 0, "size"), [20], "images.0.size"),
        (("images", 0, "split"), "test", "images.0.split"),
        (("images", 1, "id"), "image-0", "two images have the id 'image-0'"),
        (("labels", "task"), "fun", "labels.task"),
        (("labels", "position"), "middle", "position class"),
        (("labels", "classes"), ["alive", "dead", "../x"], "Class name"),
        (("images",), None, "images"),
    ],
)
def test_project_files_that_are_refused(
    tmp_path: Path, keys: tuple[str | int, ...], value: object, said: str
) -> None:
    project = make_project(tmp_path, images=2)
    path = project.folder / "project.json"
    values = json.loads(path.read_text())
    part = values
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    if keys == ("labels", "classes"):
        values["labels"]["position"] = None
    path.write_text(json.dumps(values))
    (project.folder / "project.json.bak").unlink()
    with pytest.raises(InputError, match=said) as caught:
        Project.open(project.folder)
    assert "project.json" in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "known", "CON", "x.", "a:b", ".."])
def test_classes_that_cannot_be_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="Class name"):
        Project.create(tmp_path / "project", LabelScheme(Task.BINARY, (name,)))
    with pytest.raises(InputError, match="only in its case"):
        Project.create(tmp_path / "project", LabelScheme(Task.MULTILABEL, ("Cell", "cell")))
    assert list(tmp_path.iterdir()) == []


def test_settings_that_are_no_json_are_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    before = (project.folder / "project.json").read_bytes()
    for value in (float("nan"), {1, 2}, tmp_path):
        with pytest.raises(InputError):
            project.change_settings(what=value)
        with pytest.raises(InputError):
            Project.create(tmp_path / "other", CELLS, settings={"what": value})
    assert (project.folder / "project.json").read_bytes() == before
    assert project.settings == {}


def test_two_programs_do_not_undo_each_other(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    other = Project.open(project.folder)
    other.add_image(picture(tmp_path, "new.png", 9))
    with pytest.raises(InputError, match="was changed by another program"):
        project.set_split("image-0", "train")
    assert len(Project.open(project.folder).images) == 2


def test_ids_are_names_of_folders_and_never_given_twice(tmp_path: Path) -> None:
    assert new_image_id("Zählung 3 (neu).TIF", set()) == "zahlung-3-neu"
    assert new_image_id("細胞.png", set()) == "image"
    assert new_image_id("CON.png", set()) == "con-2"
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
    assert ["text.png" in refused[0], "as 0." in refused[1], "as image-0." in refused[2]] == [
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
    project.mark_predicted("b", "run-1")
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
