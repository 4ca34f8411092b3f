"""The project file: nothing is lost, and nothing is taken for something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from toy_project import CELLS, IDS, ONE, SIZE, make_project, picture, stack

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.task import LabelScheme, Task


@pytest.mark.parametrize("scheme", [CELLS, IDS, ONE])
def test_what_is_made_is_opened(tmp_path: Path, scheme: LabelScheme) -> None:
    project = Project.create(tmp_path / "a" / "project", scheme, settings={"width": 0.5})
    project.add_image(stack(tmp_path, "movie.tif", 0), split="validation")
    project.change_settings(zoom=[1, 2])
    project.mark_predicted({"movie": "run-3"})
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


@pytest.mark.parametrize("name", ["a/b", "known", "CON", "x.", "a:b", "..", "x" * 300])
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
