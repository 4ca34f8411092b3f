"""Going on from a run with new labels, and going back, from the command line."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from test_commands import CLASSES, TINY, call

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.task import Task
from toy import toy_sample


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 6 labeled images and 2 without labels, and a run on it."""
    root = tmp_path_factory.mktemp("retraining")
    for number in range(8):
        sample = toy_sample(Task.MULTILABEL, number)
        planes = {"images": sample.image[0]}
        if number < 6:
            planes |= dict(zip(CLASSES, sample.labeled * 255, strict=True))
        for name, plane in planes.items():
            (root / "data" / name).mkdir(parents=True, exist_ok=True)
            write_tiff(root / "data" / name / f"cell_{number}.tif", plane, "YX")
    words = f"--out {root / 'old'} --classes {','.join(CLASSES)} --position position"
    assert call("train", root / "data", *words.split(), *TINY.split()).exit_code == 0
    return root


def label_one_more(data: Path) -> None:
    """Label an image of the folder that had no labels."""
    for name, mask in zip(CLASSES, toy_sample(Task.MULTILABEL, 6).labeled, strict=True):
        write_tiff(data / name / "cell_6.tif", mask * 255, "YX")


def test_networks_learn_on_from_the_runs_own_data_as_it_is_now(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "data", tmp_path / "data")
    label_one_more(tmp_path / "data")
    old = {path: path.read_bytes() for path in (root / "old").rglob("*") if path.is_file()}
    words = ("retrain", root / "old", "--data", tmp_path / "data", "--out", tmp_path / "new")
    result = call(*words, "--minutes", "7", "--learning-rate", "0.001")
    assert result.exit_code == 0
    assert "6 labeled images (1 corrected)" in result.stderr.replace("and 1 unlabeled ", "")
    plan = read_plan(tmp_path / "new")
    assert (plan.config.minutes, plan.config.learning_rate) == (7, 0.001)
    assert plan.recipe == read_plan(root / "old").recipe
    assert plan.start is not None
    assert plan.start.run == str(root / "old")
    started = json.loads((tmp_path / "new" / "events.jsonl").read_text().splitlines()[0])
    assert (started["labeled"], started["corrections"], started["validation"]) == (6, 1, 1)
    assert "Count error (MCCE)" in result.stdout
    assert "Compared on 1 image set aside" in result.stdout
    assert "napari-im choose" in result.stdout
    assert {path: path.read_bytes() for path in old} == old

    for generation in (0, 1):
        call("choose", tmp_path / "new", "--generation", generation)
        assert read_json(tmp_path / "new" / "ensemble.json")["generation"] == generation
    call("choose", tmp_path / "new", "--generation", 0)
    lines = call("run", tmp_path / "new", "--json").stdout.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["Started", "Finished"]
    assert json.loads(lines[1])["generation"] == 0, "what was chosen stays"
    spaced = (tmp_path / "new").rename(tmp_path / "my new")
    again = call("run", spaced)
    (line,) = (line for line in again.stdout.splitlines() if "To use the others: " in line)
    command = line.partition(": ")[2]
    if sys.platform != "win32":  # for that, see the tests of `join_command`
        assert shlex.split(command) == ["napari-im", "choose", f"{spaced}", "--generation", "1"]
    assert "Compared on 1 image set aside" in again.stdout, "also if it was stopped meanwhile"
    assert "Compared" not in call("run", root / "old").stdout


def test_what_cannot_be_gone_on_from_is_refused_and_leaves_nothing(
    root: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no trained networks here"):
        call("retrain", tmp_path, "--data", root / "data", "--out", tmp_path / "new")
    with pytest.raises(InputError, match="generation 5 is not complete; there are: 0"):
        call("choose", root / "old", "--generation", 5)
    assert not (tmp_path / "new").exists()
