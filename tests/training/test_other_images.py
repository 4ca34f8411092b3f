"""A run goes on with the images it began with, or says which differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import Finished, Started, StepEnd, Warned
from napari_inconsistency_masks.training.image_names import NAMES
from toy import QUICK, toy_data, toy_sample

CONFIG = replace(QUICK, epochs=1, steps=2, batch=2, patch=32, follow_collapsed=True)


def write(root: Path, name: str, number: int, *, labeled: bool) -> None:
    """Write an image to a data folder, with its labels or without."""
    sample = toy_sample(Task.BINARY, number)
    for folder in ("images", "bright"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    write_tiff(root / "images" / f"{name}.tif", sample.image[0], "YX")
    if labeled:
        write_tiff(root / "bright" / f"{name}.tif", sample.labeled[0] * 255, "YX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six images with labels and four without."""
    for number in range(10):
        write(tmp_path / "data", f"m{number}", number, labeled=number < 6)
    return tmp_path / "data"


def stopped(recipe: str, data: SegmentationData, run: Path) -> Path:
    """A run that was stopped in its last generation."""
    events = runs.train(recipe, data, CONFIG, folder=run)
    last = 1 if recipe == "im" else 0
    assert any(isinstance(e, StepEnd) and e.generation == last for e in events)
    events.close()  # type: ignore[attr-defined]
    return run


def test_an_image_more_would_give_every_other_the_wrong_pseudo_label(
    folder: Path, tmp_path: Path
) -> None:
    run = stopped("im", load_folder(folder, ["bright"]), tmp_path / "run")
    write(folder, "a-new", 20, labeled=False)
    before = (run / "run.json").read_bytes()
    said = r"run: the images .* \(unlabeled image 1 was 'm6', and now it is 'a-new'\); put the"
    with pytest.raises(InputError, match=said):
        list(runs.resume(run))
    assert (run / "run.json").read_bytes() == before
    (folder / "images" / "a-new.tif").unlink()
    *_, last = runs.resume(run)
    assert isinstance(last, Finished)


def test_a_label_more_would_be_another_split(folder: Path, tmp_path: Path) -> None:
    data = load_folder(folder, ["bright"])
    run = stopped("labeled", data, tmp_path / "run")
    names = read_json(run / NAMES)
    assert names == {
        "labeled": [sample.name for sample in data.labeled],
        "validation": [sample.name for sample in data.validation],
    }
    write_tiff(folder / "bright" / "m6.tif", np.eye(32, dtype=np.uint8) * 255, "YX")
    with pytest.raises(InputError, match="there was no labeled image 6, and now it is 'm6'"):
        list(runs.resume(run))
    assert read_json(run / NAMES) == names


def test_images_that_the_recipe_does_not_use_may_come_and_go(folder: Path, tmp_path: Path) -> None:
    run = stopped("labeled", load_folder(folder, ["bright"]), tmp_path / "run")
    write(folder, "a-new", 20, labeled=False)
    *_, last = runs.resume(run)
    assert isinstance(last, Finished)


def test_a_run_of_an_older_version_is_known_by_its_pseudo_labels(
    folder: Path, tmp_path: Path
) -> None:
    run = stopped("im", load_folder(folder, ["bright"]), tmp_path / "run")
    (run / NAMES).unlink()
    (folder / "images" / "m9.tif").rename(tmp_path / "m9.tif")
    with pytest.raises(InputError, match="unlabeled image 4 was 'm9', and there is none now"):
        list(runs.resume(run))
    (tmp_path / "m9.tif").rename(folder / "images" / "m9.tif")
    assert isinstance(next(runs.resume(run)), Started)
    assert read_json(run / NAMES)["unlabeled"] == ["m6", "m7", "m8", "m9"]


@pytest.mark.parametrize(
    ("recipe", "which", "said"),
    [
        ("im", "unlabeled", "unlabeled image 1 was 'multilabel-4', and now it is 'multilabel-5'"),
        ("labeled", "validation", "validation image 1 was 'multilabel-10', and now it is"),
        ("full", "hidden", "image with hidden labels 1 was"),
    ],
)
def test_images_in_memory_are_known_too(recipe: str, which: str, said: str, tmp_path: Path) -> None:
    data = toy_data()
    first, *rest = getattr(data, which)
    stopped(recipe, data, tmp_path / "run")
    with pytest.raises(InputError, match=said):
        list(runs.resume(tmp_path / "run", replace(data, **{which: [*rest, first]})))
    more = replace(data, labeled=[*data.labeled, toy_sample(Task.MULTILABEL, 50)])
    with pytest.raises(InputError, match="there was no labeled image 5, and now it is"):
        list(runs.resume(tmp_path / "run", more))


def test_a_damaged_list_of_names_is_said(tmp_path: Path) -> None:
    run = stopped("labeled", toy_data(), tmp_path / "run")
    (run / NAMES).write_text('{"labeled": 3}')
    with pytest.raises(InputError, match=r"names\.json: the list of the images .* is damaged"):
        next(runs.resume(run, toy_data()))


@pytest.mark.parametrize(
    ("which", "number", "notes"),
    [("images", 0, 1), ("images", 4, 1), ("bright", 1, 1), ("bright", 4, 1), ("", 0, 0)],
)
def test_other_pixels_or_labels_under_the_same_names_are_told(
    which: str, number: int, notes: int, folder: Path, tmp_path: Path
) -> None:
    """Of labeled images, and of the one for validation; and told once."""
    run = stopped("labeled", load_folder(folder, ["bright"]), tmp_path / "run")
    assert read_json(run / NAMES)["validation"] == ["m4"]
    if which:
        other = toy_sample(Task.BINARY, 30)
        pixels = other.image[0] if which == "images" else other.labeled[0] * 255
        write_tiff(folder / which / f"m{number}.tif", pixels, "YX")

    def told() -> list[str]:
        events = list(runs.resume(run))
        assert isinstance(events[-1], Finished)
        return [e.message for e in events if isinstance(e, Warned) and "that changed" in e.message]

    assert [" trained: 1. " in message for message in told()] == [True] * notes
    assert told() == []
