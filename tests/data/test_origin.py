from __future__ import annotations

from pathlib import Path

import pytest
from dataset_files import make_folder

from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.origin import KINDS, describe, open_data, relative_origin
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.task import Task


def test_describe() -> None:
    origin = describe(
        "folder",
        {"path": "data", "task": Task.BINARY, "classes": ("a",), "intensity": Intensity()},
    )
    assert origin == {
        "kind": "folder",
        "path": str(Path.cwd() / "data"),
        "task": "binary",
        "classes": ["a"],
        "intensity": Intensity().to_json(),
    }


def test_synthetic_data_is_made_again() -> None:
    options = {"images": 3, "labeled": 1, "validation": 1, "test": 1, "size": [48, 64]}
    data = open_data({"kind": "synthetic", **options})
    assert data.origin is not None
    again = open_data(data.origin)
    assert (again.labeled[0].image == data.labeled[0].image).all()


def test_relative_paths_move_with_their_root(tmp_path: Path) -> None:
    project = tmp_path / "project"
    data = load_folder(make_folder(project / "data"))
    assert data.origin is not None
    run = project / "runs" / "one"
    origin = relative_origin(data.origin, run, project)
    assert origin["path"] == "../../data"
    project.rename(tmp_path / "moved")
    again = open_data(origin, relative_to=tmp_path / "moved" / "runs" / "one")
    assert len(again.labeled) == len(data.labeled)
    assert relative_origin(data.origin, run, run)["path"] == data.origin["path"]
    assert relative_origin({"kind": "synthetic"}, run, run) == {"kind": "synthetic"}


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ({}, "Data of the kind None; known are folder, hela, "),
        ({"kind": "os.system"}, "'os.system'; known are"),
        ({"kind": ["folder"]}, "known are"),
        ({"kind": "folder"}, "path"),
        ({"kind": "folder", "path": "x", "shell": "y"}, "shell: Unexpected keyword"),
        ({"kind": "folder", "path": 3}, "path"),
        ({"kind": "folder", "path": "x", "validation": "many"}, "validation"),
        ({"kind": "folder", "path": "x", "intensity": {"mode": 3}}, "mode"),
        ({"kind": "folder", "path": "x", "intensity": {"hi": 3}}, "unknown setting 'hi'"),
        ({"kind": "hela", "path": "x", "split_by": "frame"}, "split_by"),
        ({"kind": "folder", "path": "/no/such/folder"}, "no such folder"),
        (
            {"kind": "isic2018", "path": "x", "labeled": "few"},
            "isic2018: labeled='few': give a whole number or a number such as 0.1 or a list of n",
        ),
        ({"kind": "suim", "path": "x", "crops": 1.5}, r"crops=1\.5: give a whole number\."),
        ({"kind": "hela", "path": "x", "split_by": "frame"}, "'frame': give 'crop' or 'image'"),
        ({"kind": "folder", "path": 3}, "path=3: give a path"),
    ],
)
def test_refusals(origin: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        open_data(origin)


def test_every_kind_names_a_function() -> None:
    for kind in KINDS:
        with pytest.raises(InputError):
            open_data({"kind": kind, "no such option": 1})
