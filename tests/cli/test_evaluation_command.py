"""Which images are scored, how they are read, and what is said when they were learned from."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from test_commands import CLASSES, TINY, call

from napari_inconsistency_masks.checkpoint import ModelCard
from napari_inconsistency_masks.cli.data import open_labels
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.nets.ensemble import Architecture
from napari_inconsistency_masks.plans import create, read_plan
from napari_inconsistency_masks.task import Task
from toy import SCHEMES, toy_sample

SUPERVISED = ("--recipe", "labeled", *TINY.split())


def draw(root: Path, numbers: Iterable[int]) -> Path:
    """Write labeled toy images, a folder per class."""
    for number in numbers:
        sample = toy_sample(Task.MULTILABEL, number)
        planes = {"images": sample.image[0]}
        planes |= dict(zip(CLASSES, sample.labeled * 255, strict=True))
        for name, plane in planes.items():
            (root / name).mkdir(parents=True, exist_ok=True)
            write_tiff(root / name / f"cell_{number:02d}.tif", plane, "YX")
    return root


def draw_ids(
    root: Path, numbers: Iterable[int], masks: str = "seg", images: str = "images"
) -> Path:
    """Write toy images with 1 for the bright squares in a folder of class ids."""
    for number in numbers:
        sample = toy_sample(Task.BINARY, number)
        for name, plane in {images: sample.image[0], masks: sample.labeled[0]}.items():
            (root / name).mkdir(parents=True, exist_ok=True)
            write_tiff(root / name / f"cell_{number:02d}.tif", plane, "YX")
    return root


def train(data: Path, out: Path, *words: object) -> Path:
    said = ("--classes", ",".join(CLASSES), "--position", "position")
    call("train", data, "--out", out, *said, *SUPERVISED, *words)
    return out


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 8 labeled images, ``data``, and a run on it, ``run``."""
    root = tmp_path_factory.mktemp("evaluation")
    train(draw(root / "data", range(8)), root / "data" / "runs" / "run")
    return root


@pytest.fixture
def moved(trained: Path, tmp_path: Path) -> Path:
    """A copy of that folder with the run in it, whose files may be changed."""
    return shutil.copytree(trained / "data", tmp_path / "data")


def scored(table: Path) -> dict[str, str]:
    """Of each image in a table of counts, whether it was learned from."""
    return {row["image"]: row["learned_from"] for row in read_csv(table)}


def test_the_runs_own_images_are_those_that_it_recorded(moved: Path, tmp_path: Path) -> None:
    run, table = moved / "runs" / "run", tmp_path / "counts.csv"
    recorded = read_json(run / "names.json")
    draw(moved, [8, 9])
    drawn_now = load_folder(moved, classes=CLASSES, position="position")
    assert {each.name for each in drawn_now.validation} & {*recorded["labeled"]}

    result = call("evaluate", run, "--split", "validation", "--out", table)
    assert scored(table) == dict.fromkeys(recorded["validation"], "no")
    assert "learned from" not in result.output
    result = call("evaluate", run, "--split", "labeled", "--out", table)
    assert scored(table) == dict.fromkeys(recorded["labeled"], "yes")
    assert "6 of the 6 images were learned from" in result.stdout
    call("evaluate", run, "--split", "hidden", "--out", table)
    assert scored(table) == {"cell_08": "no", "cell_09": "no"}


def test_what_is_gone_or_changed_is_told(moved: Path) -> None:
    run = moved / "runs" / "run"
    one, other = read_json(run / "names.json")["validation"]
    (moved / "images" / f"{one}.tif").unlink()
    for name in CLASSES:
        (moved / name / f"{one}.tif").unlink()
    result = call("evaluate", run, "--split", "validation")
    assert "1 validation images" in result.stdout
    assert "Not in the data any more, or changed since: 1 of the 2 validation" in result.stderr
    assert "Drawn otherwise" not in result.stderr
    write_tiff(moved / "position" / f"{other}.tif", np.zeros((32, 32), np.uint8), "YX")
    said = call("evaluate", run, "--split", "validation").stderr
    assert "when the run saw them: the labels of 1 of the 2 validation images" in said
    assert "Drawn otherwise" not in call("evaluate", run, "--split", "labeled").stderr
    write_tiff(moved / "images" / f"{other}.tif", np.zeros((32, 32), np.uint8), "YX")
    with pytest.raises(InputError, match="there are no validation images"):
        call("evaluate", run, "--split", "validation")


def test_test_images_drawn_anew_are_none_that_the_run_has_seen(tmp_path: Path) -> None:
    data = draw(tmp_path / "data", range(8))
    run = train(data, tmp_path / "run", "--test", "0.25")
    assert "were set aside" not in call("evaluate", run).stdout
    recorded = read_json(run / "names.json")
    seen = {*recorded["labeled"], *recorded["validation"]}
    draw(data, range(8, 14))
    by_chance = load_folder(data, classes=CLASSES, position="position", test=0.25).test
    drawn_now = {each.name for each in by_chance}
    assert drawn_now & {*recorded["labeled"]}
    assert drawn_now - seen
    for own in ((), ("--data", data, "--split", "test")):
        result = call("evaluate", run, *own, "--out", tmp_path / "counts.csv")
        assert scored(tmp_path / "counts.csv") == dict.fromkeys(drawn_now - seen, "no")
        said = f"{len(drawn_now & seen)} of the {len(drawn_now)} images that are for test"
        assert said in " ".join(result.stderr.split())
        assert "were learned from" not in result.stdout


def test_images_named_for_test_later_are_none_that_the_run_has_seen(moved: Path) -> None:
    run = moved / "runs" / "run"
    one = read_json(run / "names.json")["labeled"][0]
    draw(moved, [8])
    (moved / "splits").mkdir()
    (moved / "splits" / "test.txt").write_text(f"{one}\ncell_08\n")
    result = call("evaluate", run, "--out", moved / "counts.csv")
    assert scored(moved / "counts.csv") == {"cell_08": "no"}
    assert "1 of the 2 images that are for test now" in result.stderr


@pytest.mark.parametrize("recipe", ["im", "fixmatch"])
def test_what_was_learned_from_without_labels_is_not_for_test(recipe: str, tmp_path: Path) -> None:
    """Of the images that get masks after the training, the students saw the pixels."""
    data = draw(tmp_path / "data", range(6))
    draw(tmp_path / "later", (6, 7))
    for number in (6, 7):
        name = f"images/cell_{number:02d}.tif"
        shutil.copy(tmp_path / "later" / name, data / name)
    words = ("--recipe", recipe, "--test", "0.2", "--follow-collapsed")
    run, table = train(data, tmp_path / "run", *words), tmp_path / "counts.csv"
    assert read_json(run / "names.json")["unlabeled"] == ["cell_06", "cell_07"]
    draw(data, (6, 7, 8))
    (data / "splits").mkdir()
    (data / "splits" / "test.txt").write_text("cell_06\ncell_08\n")
    result = call("evaluate", run, "--out", table)
    assert scored(table) == {"cell_08": "no"}
    assert "1 of the 2 images that are for test now" in " ".join(result.stderr.split())
    copy = shutil.copytree(data, tmp_path / "copy")
    result = call("evaluate", run, "--data", copy, "--split", "test", "--out", table)
    assert scored(table) == {"cell_06": "unlabeled", "cell_08": "no"}
    assert "1 of the 2 images were learned from without their labels" in result.stdout
    call("evaluate", run, "--split", "hidden", "--out", table)
    assert scored(table)["cell_07"] == "unlabeled"


def test_a_recipe_that_needs_no_unlabeled_images_has_not_seen_them(tmp_path: Path) -> None:
    data = draw(tmp_path / "data", range(6))
    run = train(data, tmp_path / "run", "--labeled", "3")
    result = call("evaluate", run, "--split", "hidden", "--out", tmp_path / "counts.csv")
    assert {*scored(tmp_path / "counts.csv").values()} == {"no"}
    assert "without their labels" not in result.stdout


def test_the_runs_own_folder_is_its_own_data_if_a_split_is_named(tmp_path: Path) -> None:
    data = draw(tmp_path / "data", range(8))
    run, table = train(data, tmp_path / "run", "--seed", "7"), tmp_path / "counts.csv"
    recorded = read_json(run / "names.json")
    by_chance = load_folder(data, classes=CLASSES, position="position")
    assert {each.name for each in by_chance.validation} != {*recorded["validation"]}
    words = ("--data", tmp_path / "run" / ".." / "data", "--split")
    result = call("evaluate", run, *words, "validation", "--out", table)
    assert scored(table) == dict.fromkeys(recorded["validation"], "no")
    assert "were set aside" not in result.stdout
    call("evaluate", run, *words, "labeled", "--out", table)
    assert scored(table) == dict.fromkeys(recorded["labeled"], "yes")


def test_images_that_were_learned_from_are_counted(tmp_path: Path) -> None:
    data = draw(tmp_path / "data", range(8))
    run = train(data, tmp_path / "run", "--seed", "7")
    learned = {*read_json(run / "names.json")["labeled"]}
    copy = shutil.copytree(data, tmp_path / "copy")
    result = call(
        "evaluate", run, "--data", copy, "--split", "validation", "--out", tmp_path / "counts.csv"
    )
    found = scored(tmp_path / "counts.csv")
    assert found == {name: "yes" if name in learned else "no" for name in found}
    both = learned & {*found}
    assert both
    assert f"{len(both)} of the {len(found)} images were learned from" in result.stdout
    (run / "images.json").unlink()
    result = call("evaluate", run, "--split", "labeled", "--out", tmp_path / "counts.csv")
    assert "It is not known from which images the networks learned" in result.stdout
    assert {*scored(tmp_path / "counts.csv").values()} == {""}


def test_scores_on_the_only_image_are_said_to_be_too_good(tmp_path: Path) -> None:
    run = train(draw(tmp_path / "data", [0]), tmp_path / "run")
    result = call("evaluate", run, "--split", "validation")
    assert "1 of the 1 images were learned from" in result.stdout
    assert "There is no image to set aside" in result.stderr


def test_old_networks_have_not_learned_from_corrections(moved: Path, tmp_path: Path) -> None:
    draw(moved, [8])
    new, table = tmp_path / "new", tmp_path / "counts.csv"
    call("retrain", moved / "runs" / "run", "--data", moved, "--out", new, "--epochs", "1")
    for generation, said in ((1, "yes"), (0, "no")):
        call("choose", new, "--generation", generation)
        call("evaluate", new, "--split", "labeled", "--out", table)
        assert scored(table)["cell_08"] == said
        assert {*scored(table)} == {*read_json(new / "names.json")["labeled"]}


def test_all_of_a_folder_without_lists_is_scored(trained: Path, tmp_path: Path) -> None:
    run, data = trained / "data" / "runs" / "run", draw(tmp_path / "more", range(20, 25))
    result = call("evaluate", run, "--data", data)
    assert "more, 5 labeled images" in result.stdout
    assert "learned from" not in result.output
    assert "set aside" not in result.output
    assert "4 labeled images" in call("evaluate", run, "--data", data, "--split", "labeled").stdout
    (data / "splits").mkdir()
    (data / "splits" / "test.txt").write_text("cell_20\ncell_21\n")
    assert "2 test images" in call("evaluate", run, "--data", data).stdout


@pytest.fixture(scope="module")
def ids(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on class ids in a folder ``seg`` beside images in a folder ``photos``."""
    root = tmp_path_factory.mktemp("ids")
    draw_ids(root / "data", range(4), images="photos")
    words = ("--images", "photos", "--masks", "seg", "--classes", "bright")
    call("train", root / "data", "--out", root / "run", *words, *SUPERVISED)
    return root


def test_a_folder_is_read_as_the_runs_own_was(ids: Path, tmp_path: Path) -> None:
    assert "4 labeled images" in call("evaluate", ids / "run", "--data", ids / "data").stdout
    words = ("--data", ids / "data", "--out", tmp_path / "new", "--epochs", "1")
    call("retrain", ids / "run", *words)
    plan = read_plan(tmp_path / "new")
    assert plan.data is not None
    assert (plan.data["images"], plan.data["masks"]) == ("photos", "seg")


def test_its_folders_may_have_other_names(ids: Path, tmp_path: Path) -> None:
    usual = draw_ids(tmp_path / "usual", range(8, 10), "masks")
    assert "2 labeled images" in call("evaluate", ids / "run", "--data", usual).stdout
    other = draw_ids(tmp_path / "other", range(8, 11), "truth", "shots")
    words = ("--data", other, "--images", "shots", "--masks", "truth")
    assert "3 labeled images" in call("evaluate", ids / "run", *words).stdout
    call("retrain", ids / "run", *words, "--out", tmp_path / "new", "--epochs", "1")
    for command in ("evaluate", "retrain"):
        with pytest.raises(InputError, match=r"--images, --masks, .* go with --data"):
            call(command, ids / "run", "--masks", "seg", "--out", tmp_path / "none")


def test_ids_mean_what_they_did_in_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scheme = SCHEMES[Task.MULTICLASS]
    for number in range(3):
        sample = toy_sample(Task.MULTICLASS, number)
        target = sample.labeled.copy()
        target[:4] = 9
        for name, plane in {"images": sample.image[0], "seg": target}.items():
            (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
            write_tiff(tmp_path / "data" / name / f"cell_{number}.tif", plane, "YX")
    own = load_folder(
        tmp_path / "data",
        scheme.classes,
        masks="seg",
        zero_is_unlabeled=True,
        ignore_value=9,
        free_rotation=False,
    )
    run = create(tmp_path / "run", "labeled", own)
    card = ModelCard(scheme, Architecture(1, scheme.outputs, 0.25), own.intensity)
    data = open_labels(tmp_path / "data", card, run)
    np.testing.assert_array_equal(data.labeled[0].labeled, own.labeled[0].labeled)
    assert not data.free_rotation
    assert "the class id 0 or 9 means not labeled" in capsys.readouterr().err


def test_a_table_replaces_no_other_file(trained: Path, tmp_path: Path) -> None:
    run, data = trained / "data" / "runs" / "run", draw(tmp_path / "data", range(2))
    image = data / "images" / "cell_00.tif"
    before = image.read_bytes()
    with pytest.raises(InputError, match=r"cell_00\.tif: .* ends with \.csv"):
        call("evaluate", run, "--data", data, "--out", image)
    assert image.read_bytes() == before
    other, table = tmp_path / "mine.csv", tmp_path / "counts.csv"
    other.write_text("image,class\na,b\n")
    with pytest.raises(InputError, match=r"mine\.csv: holds something else .* another file"):
        call("evaluate", run, "--data", data, "--out", other)
    assert other.read_text() == "image,class\na,b\n"
    for _ in range(2):
        call("evaluate", run, "--data", data, "--out", table)
    assert len(scored(table)) == 2


def test_data_that_was_moved_with_its_run_is_found(trained: Path, tmp_path: Path) -> None:
    draw(tmp_path / "before" / "cells", range(8))
    run = train(tmp_path / "before" / "cells", tmp_path / "before" / "runs" / "one")
    validation = read_json(run / "names.json")["validation"]
    (tmp_path / "before").rename(tmp_path / "after")
    run, table = tmp_path / "after" / "runs" / "one", tmp_path / "counts.csv"
    call("evaluate", run, "--split", "validation", "--out", table)
    assert scored(table) == dict.fromkeys(validation, "no")
    assert "Finished." in call("run", run).output


def test_data_that_was_moved_alone_is_named_and_taken_for_the_runs_own(tmp_path: Path) -> None:
    data = draw(tmp_path / "cells", range(8))
    run = train(data, tmp_path / "run")
    recorded = read_json(run / "names.json")
    data.rename(tmp_path / "moved")
    for words in (("evaluate", run), ("run", run), ("retrain", run, "--out", tmp_path / "new")):
        with pytest.raises(InputError, match=rf"run: the images .* were in {data}, .* --data\."):
            call(*words)
    moved, table = ("--data", tmp_path / "moved"), tmp_path / "counts.csv"
    call("evaluate", run, *moved, "--split", "validation", "--out", table)
    assert scored(table) == dict.fromkeys(recorded["validation"], "no")
    assert "Finished." in call("run", run, *moved).output
    assert "Finished." in call("run", run).output  # it knows the place now
    call("evaluate", run, "--split", "validation")
    other = draw(tmp_path / "other", range(20, 28))
    assert (
        "Not in the data" not in call("evaluate", run, "--data", other, "--split", "labeled").stderr
    )
    with pytest.raises(InputError, match="the images are not those that this run began with"):
        call("run", run, "--data", draw(tmp_path / "fewer", range(6)))
    assert "Finished." in call("run", run).output  # which has changed nothing
