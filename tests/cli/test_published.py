"""Published data sets from the command line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from napari_inconsistency_masks.benchmark import Study
from napari_inconsistency_masks.cli import app
from napari_inconsistency_masks.config import AugmentConfig, TrainConfig
from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.recipes import PRESETS
from published_sets import lesion, make_isic2018, make_suim, save

TINY = "--members 2 --generations 1 --width 0.25 --epochs 1 --steps 2 --batch 4 --precision float32"


def call(*words: object) -> Result:
    """Run a command; a refusal or an unexpected error is raised."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None:
        raise result.exception
    return result


@pytest.fixture(scope="session")
def isic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_isic2018(tmp_path_factory.mktemp("isic"))


def test_a_recognized_set_is_trained_on_and_scored_as_published(isic: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["--layout-option", "size=32", "--labeled", "0.5", "--seed", "7"]
    result = call("train", isic, "--out", out, *words, *TINY.split())
    assert result.exit_code == 0
    assert "Recognized as the ISIC 2018 data set" in result.stderr
    assert "--layout folder" in result.stderr
    plan = read_plan(out)
    assert plan.data_name == "ISIC 2018"
    assert plan.data is not None
    chosen = {key: plan.data[key] for key in ("kind", "size", "labeled", "seed")}
    assert chosen == {"kind": "isic2018", "size": 32, "labeled": 0.5, "seed": 42}
    assert load(out).classes == ("lesion",)
    assert open_data(plan.data).labeled[0].image.shape == (3, 32, 32)
    result = call("evaluate", out, "--split", "test")
    assert result.exit_code == 0
    assert "ISIC 2018" in result.stdout
    assert call("evaluate", out, "--data", isic, "--split", "validation").exit_code == 0
    with pytest.raises(InputError, match=r"labels of water.* and the networks know lesion"):
        call("evaluate", out, "--data", make_suim(tmp_path / "suim"))


def test_the_layout_may_be_named(isic: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    for layout, said in {
        "suim": "train_val/images of the SUIM data set is missing",
        "folder": "there are no images",
        "coco": "--layout coco: give one of auto, folder, hela, isic2018, suim, cityscapes",
    }.items():
        with pytest.raises(InputError, match=said):
            call("train", isic, "--out", out, "--layout", layout)
    assert not out.exists()


def test_the_papers_settings_are_those_for_the_data_set(
    isic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ISIC 2018: width 0.5, gray values times 0.5 to 1.5 and plus -25 to 25 (methods, A7, A11)."""
    made: list[TrainConfig] = []

    def catch(*plan: object, **options: object) -> Iterator[None]:
        made.append(plan[2])
        return iter(())

    monkeypatch.setattr("napari_inconsistency_masks.runs.train", catch)
    words = ("train", isic, "--out", tmp_path / "run", "--layout-option", "size=32")
    call(*words, "--preset", "paper")
    call(*words, "--preset", "paper", "--width", "1", "--augmentation-contrast", "0.2")
    call(*words, "--preset", "standard")
    isic_paper, chosen, standard = made
    assert isic_paper.width == 0.5
    assert isic_paper.augmentation == AugmentConfig(0.5, 25, 3, 25)
    assert replace(isic_paper, width=1.0, augmentation=AugmentConfig()) == PRESETS["paper"]
    assert (chosen.width, chosen.augmentation.contrast, chosen.augmentation.brightness) == (
        1,
        0.2,
        25,
    )
    assert standard == PRESETS["standard"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--classes a,b", "ISIC 2018 data set, whose classes .* leave classes out"),
        ("--validation 0.5 --upright", "leave upright, validation out"),
        ("--labeled many", "labeled"),
        ("--layout-option size", "--layout-option size: give NAME=VALUE"),
        ("--layout-option size=small", "size='small': give a whole number"),
        ("--layout-option colour=1", "leave colour out"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    isic: Path, tmp_path: Path, words: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        call("train", isic, "--out", tmp_path / "run", *words.split())


def test_recipes_are_compared_on_a_set_read_as_it_is_told(
    isic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Study] = []

    def catch(study: Study, *how: object) -> Iterator[None]:
        del how
        compared.append(study)
        return iter(())

    monkeypatch.setattr(Study, "run", catch)
    words = ("benchmark", "--data", isic, "--out", tmp_path / "study", "--methods", "labeled")
    budgets = ("--labeled", "2", "--labeled", "3", "--layout-option", "size=32")
    assert call(*words, *budgets).stderr.count("Recognized as the ISIC 2018") == 1
    assert call(*words, *budgets, "--layout", "isic2018").stderr.count("Recognized") == 0
    for study in compared:
        assert list(study.data) == [2, 3]
        assert {data.test[0].image.shape for data in study.data.values()} == {(3, 32, 32)}
    assert len(compared) == 2


def test_networks_learn_on_and_are_scored_with_a_set_read_as_it_is_told(
    isic: Path, tmp_path: Path
) -> None:
    small = ("--layout", "isic2018", "--layout-option", "size=32")
    call("train", isic, "--out", tmp_path / "old", *small, "--labeled", "2", *TINY.split())
    more = (*small, "--layout-option", "labeled=3", "--epochs", "1")
    call("retrain", tmp_path / "old", "--data", isic, "--out", tmp_path / "new", *more)
    plan = read_plan(tmp_path / "new")
    assert plan.data is not None
    assert {key: plan.data[key] for key in ("size", "labeled")} == {"size": 32, "labeled": 3}
    assert call("evaluate", tmp_path / "new", "--data", isic, *small).exit_code == 0
    for command, out in (("retrain", tmp_path / "none"), ("evaluate", tmp_path / "none.csv")):
        words = (command, tmp_path / "old", "--out", out)
        with pytest.raises(InputError, match="size='small': give a whole number"):
            call(*words, "--data", isic, "--layout-option", "size=small")
        with pytest.raises(InputError, match="--layout and --layout-option go with --data"):
            call(*words, "--layout-option", "size=32")
        assert not out.exists()


def test_layout_options_are_for_published_sets(tmp_path: Path) -> None:
    for folder in ("images", "cells"):
        save(tmp_path / "own" / folder / "a.png", lesion(1) * np.uint8(255))
    with pytest.raises(InputError, match="a folder of your own"):
        call("train", tmp_path / "own", "--out", tmp_path / "run", "--layout-option", "size=3")


def test_a_zip_is_trained_on_as_it_is(isic: Path, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "all"), "zip", isic)
    out = tmp_path / "run"
    words = ["--layout", "isic2018", "--layout-option", "size=32", "--labeled", "2"]
    result = call("train", packed, "--out", out, *words, *TINY.split())
    assert result.exit_code == 0
    assert "Recognized" not in result.stderr
    assert len(open_data(read_plan(out).data or {}).labeled) == 2
