"""Images get copies of their own, leave a project and come back, and nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from toy_project import CELLS, cells, make_project, picture, same, stack

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects import Project, load_project


def everything(folder: Path) -> dict[Path, bytes]:
    """All files in a folder, but for the project's own list and its lock."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("project.")
    }


def test_a_copy_takes_the_place_of_the_file(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=2)
    original = project.path_of("image-1")
    project.write_frame("image-1", 0, cells(3))
    copied = project.copy_image("image-1")
    assert copied.path == "images/image-1.png"
    assert project.path_of("image-1").read_bytes() == original.read_bytes()
    original.unlink()
    opened = Project.open(project.folder)
    assert opened.missing == ()
    assert same(opened.read_frame("image-1", 0), cells(3))
    assert opened.copy_image("image-1") == copied  # there is nothing to do


def test_a_file_that_is_gone_or_another_one_is_not_copied(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=2)
    project.path_of("image-0").unlink()
    picture(tmp_path / "pictures", "image-1.png", seed=77)
    for image_id in ("image-0", "image-1"):
        before = project.image(image_id)
        with pytest.raises(InputError, match=f"{image_id}.png"):
            project.copy_image(image_id)
        assert Project.open(project.folder).image(image_id) == before
    assert not (project.folder / "images").exists()


def test_removing_touches_no_file(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=3)
    project.write_frame("image-1", 0, cells(3))
    project.copy_image("image-1")
    before = everything(tmp_path)
    project.remove_images(["image-1", "image-2"])
    assert everything(tmp_path) == before
    opened = Project.open(project.folder)
    assert [image.id for image in opened.images] == ["image-0"]
    assert [status.image.id for status in opened.table()] == ["image-0"]
    with pytest.raises(InputError, match="no image 'image-1'"):
        opened.read_frame("image-1", 0)


def test_an_unknown_image_is_not_removed(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=2)
    with pytest.raises(InputError, match="no image 'image-7'"):
        project.remove_images(["image-0", "image-7"])
    assert len(Project.open(project.folder).images) == 2


@pytest.mark.parametrize("there", [True, False])
def test_the_same_file_brings_everything_back(tmp_path: Path, there: bool) -> None:
    project = make_project(tmp_path, images=2)
    project.write_frame("image-0", 0, cells(3))
    project.set_split("image-0", "validation")
    project.mark_predicted({"image-0": "run-1"})
    before = project.image("image-0")
    project.remove_images(["image-0"])
    path = tmp_path / "pictures" / "image-0.png"
    if not there:
        path = Path(shutil.move(path, tmp_path / "pictures" / "renamed.png"))
    project = Project.open(project.folder)
    back = project.add_image(path)
    assert back == before.model_copy(update={"path": f"../pictures/{path.name}"})
    assert same(Project.open(project.folder).read_frame("image-0", 0), cells(3))
    with pytest.raises(InputError, match="in the project already, as image-0"):
        project.add_image(path)


def test_a_copy_comes_back_as_the_file(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    original = project.path_of("image-0")
    project.copy_image("image-0")
    project.remove_images(["image-0"])
    project.add_image(original)
    assert project.image("image-0").path == "images/image-0.png"


def test_another_file_of_the_same_name_gets_no_labels_of_a_removed_one(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.write_frame("image-0", 0, cells(3))
    project.remove_images(["image-0"])
    other = project.add_image(picture(tmp_path / "others", "image-0.png", seed=9))
    assert other.id == "image-0-2"
    assert project.read_frame(other.id, 0) is None
    assert project.add_image(tmp_path / "pictures" / "image-0.png").id == "image-0"


def test_the_id_of_a_removed_image_without_labels_is_not_given_again(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.remove_images(["image-0"])
    assert project.add_image(picture(tmp_path, "image-0.png", seed=9)).id == "image-0-2"


def test_nothing_is_learned_from_a_removed_image(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", CELLS)
    for number, name in enumerate(("a", "b", "c")):
        project.add_image(stack(tmp_path, f"{name}.tif", number))
        project.write_frame(name, 0, cells(number + 1))
    project.remove_images(["b"])
    data = load_project(project.folder)
    names = {sample.name for part in (data.labeled, data.validation) for sample in part}
    assert {name[0] for name in names} == {"a", "c"}


def test_what_the_project_wrote_is_no_image_of_it(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=2)
    project.write_frame("image-0", 0, cells(3))
    masks = sorted((project.folder / "corrections").rglob("*.tif"))
    assert masks
    with pytest.raises(InputError, match="is in corrections of this project"):
        project.add_image(masks[0])


def test_many_files_that_are_known_are_one_sentence(tmp_path: Path) -> None:
    project = make_project(tmp_path, images=4)
    paths = [project.path_of(image.id) for image in project.images]
    new = picture(tmp_path / "pictures", "new.png", seed=78)
    added, refused = project.add_images([*paths, new, tmp_path / "no.png"])
    assert [entry.id for entry in added] == ["new"]
    assert refused[0] == "4 of these files are in the project already."
    assert len(refused) == 2
    assert "no.png" in refused[1]
