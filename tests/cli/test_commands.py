"""The commands as a person uses them: what they write, say and return."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from napari_inconsistency_masks import cli
from napari_inconsistency_masks.checkpoint import ModelCard
from napari_inconsistency_masks.cli import COMMANDS, app
from napari_inconsistency_masks.cli.data import open_labels
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.method_config import METHOD_GROUPS
from napari_inconsistency_masks.nets.ensemble import Architecture
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.recipes import GROUPS, PRESETS, RECIPES
from napari_inconsistency_masks.settings import settings
from napari_inconsistency_masks.task import LabelScheme, Task
from toy import toy_sample

CLASSES = ("bright", "dark", "position")
TINY = "--members 2 --generations 1 --width 0.25 --epochs 1 --steps 2 --batch 4 --precision float32"


def call(*words: object) -> Result:
    """Run a command; an unexpected error fails the test."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder: 8 labeled images and 4 without labels."""
    root = tmp_path_factory.mktemp("data")
    for number in range(12):
        sample = toy_sample(Task.MULTILABEL, number)
        (root / "images").mkdir(exist_ok=True)
        write_tiff(root / "images" / f"cell_{number:02d}.tif", sample.image[0], "YX")
        for name, mask in zip(CLASSES, sample.labeled, strict=True):
            if number < 8:
                (root / name).mkdir(exist_ok=True)
                write_tiff(root / name / f"cell_{number:02d}.tif", mask * 255, "YX")
    return root


@pytest.fixture(scope="session")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on that folder."""
    out = tmp_path_factory.mktemp("runs") / "run"
    words = (
        f"train {folder} --out {out} --classes {','.join(CLASSES)} --position position --test 0.25"
    )
    assert call(*words.split(), *TINY.split()).exit_code == 0
    return out


def test_training_from_a_folder_makes_a_run(run: Path) -> None:
    plan = read_plan(run)
    assert plan.recipe.key == "im"
    assert plan.config.epochs == 1
    assert plan.config.labeled_share == PRESETS["standard"].labeled_share
    assert (run / "ensemble.json").exists()


def test_a_finished_run_says_so_again(run: Path) -> None:
    result = call("run", run)
    assert result.exit_code == 0
    assert "Finished" in result.stderr


def test_events_as_json_lines(run: Path) -> None:
    lines = [json.loads(line) for line in call("run", run, "--json").stdout.splitlines()]
    assert [line["event"] for line in lines] == ["Started", "Finished"]


@pytest.mark.parametrize("name", [command.__name__ for command in COMMANDS])
def test_every_command_explains_all_its_flags_in_full(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert "…" not in result.output
    for parameter in get_command(app).commands[name].params:  # type: ignore[attr-defined]
        for flag in (*parameter.opts, *parameter.secondary_opts):
            assert parameter.hidden or re.search(rf"(?<![\w-]){flag}(?![\w-])", result.output)


def said_by(name: str) -> str:
    """The help of a command without its line breaks."""
    return " ".join(call(name, "--help").output.split())


def test_settings_are_explained_with_their_titles_and_defaults() -> None:
    train = said_by("train")
    assert "Steps per epoch. Empty: one pass over the images. 'none' makes it empty." in train
    assert "Falling learning rate. Along a cosine to 0" in train
    assert "Training settings (default: the preset's):" in train
    assert "--seed" in train
    assert "Training settings (default: the run's):" in said_by("retrain")
    benchmark = said_by("benchmark")
    assert "Training settings (default: the protocol's):" in benchmark
    assert "Processor cores for each training" in benchmark
    assert "--seed" not in benchmark


def test_a_comparison_has_no_seed(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--seed: each run of a comparison has a seed of its own"):
        call("benchmark", "--data", folder, "--out", tmp_path / "study", "--seed", 3)


def test_recipes_are_listed_under_their_headings() -> None:
    lines = call("recipes").stdout.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == list(GROUPS)
    listed = [line.split(":")[0].strip() for line in lines if re.match("  [a-z]", line)]
    assert listed == list(RECIPES)
    said = " ".join(" ".join(lines).split())
    for recipe in RECIPES.values():
        assert f"{recipe.key}: {recipe.title} {recipe.sentence}" in said


def catch_config(monkeypatch: pytest.MonkeyPatch) -> list[TrainConfig]:
    """Let the settings of trainings be caught in this list, and nothing be trained."""
    made: list[TrainConfig] = []

    def catch(
        recipe: object, data: object, config: TrainConfig, **options: object
    ) -> Iterator[None]:
        del recipe, data, options
        made.append(config)
        return iter(())

    monkeypatch.setattr("napari_inconsistency_masks.runs.train", catch)
    return made


@pytest.mark.parametrize("empty", ["", "none", "None"])
def test_a_setting_that_may_be_none_can_be_emptied(
    empty: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = catch_config(monkeypatch)
    full = replace(PRESETS["quick"], minutes=3, labeled_share=0.5, steps=2, encoder_weights="a")
    monkeypatch.setitem(PRESETS, "quick", full)
    words = ("train", folder, "--out", tmp_path / "r", "--classes", "bright", "--preset", "quick")
    flags = ("--labeled-share", "--minutes", "--steps", "--encoder-weights")
    call(*words)
    call(*words, *(word for flag in flags for word in (flag, empty)))
    emptied = {"minutes": None, "labeled_share": None, "steps": None, "encoder_weights": None}
    assert made == [full, replace(full, **emptied)]


def test_every_setting_has_a_flag_that_reaches_the_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = catch_config(monkeypatch)
    flags = (
        "--members 3 --teachers 1 --generations 4 --width 0.5 --epochs 6 --steps 7 --batch 8 "
        "--patch 64 --learning-rate 0.01 --weight-decay 0.1 --no-cosine --no-settle-norms --loss "
        "bce --position-weight 2 --augment copies --labeled-share 0.25 --warm-start "
        "--no-refuse-worse --seed 9 --precision float32 --device cpu --pseudo-labels-erode 3 "
        "--pseudo-labels-dilate 5 --no-pseudo-labels-blank-image --no-pseudo-labels-blank-label "
        "--pseudo-labels-ignore classes --no-pseudo-labels-drop-uncertain "
        "--pseudo-labels-same-classes --pseudo-labels-reblank --augmentation-contrast 0.1 "
        "--augmentation-brightness 2 --augmentation-blur 1 --augmentation-noise 3 "
        "--students method --correction-share 0.3 --minutes 2 --follow-collapsed --network "
        "resnet50 --encoder-weights weights.safetensors --pseudo-labels-views 3 "
        "--pseudo-labels-score-low 0.2 --pseudo-labels-score-high 0.7"
    )
    for group, (_, kind) in METHOD_GROUPS.items():
        for setting in settings(kind):
            if setting.choices:
                other = setting.choices[-1]
            else:
                other = setting.kind((setting.default or 1) * 0.75)
            flags += f" --{group}-{setting.name} {other}".replace("_", "-")
    call("train", folder, "--out", tmp_path / "r", "--classes", "bright", *flags.split())
    config = made[0].to_json()
    base = PRESETS["standard"].to_json()
    unchanged = [
        key for key in config if not isinstance(config[key], dict) and config[key] == base[key]
    ]
    assert set(unchanged) <= {"generations", "members"}
    for group in ("pseudo_labels", "augmentation", *METHOD_GROUPS):
        assert all(
            config[group][key] != TrainConfig().to_json()[group][key] for key in config[group]
        )


def test_evaluation_of_the_runs_own_test_images(run: Path, tmp_path: Path) -> None:
    result = call("evaluate", run, "--out", tmp_path / "counts.csv")
    assert "2 test images: mean cell count error" in result.stdout
    rows = read_csv(tmp_path / "counts.csv")
    assert {row["class"] for row in rows} == {"bright", "dark"}
    for row in rows:
        assert int(row["error"]) == int(row["predicted"]) - int(row["true"])
        assert row["true"] == "1"


def test_evaluation_of_other_data(run: Path, folder: Path) -> None:
    result = call("evaluate", run, "--data", folder, "--split", "validation")
    assert "validation images" in result.stdout


@pytest.mark.parametrize("rule", [Intensity(), Intensity("percentile", 10, 90)])
def test_other_data_is_scaled_as_the_networks_were_trained(folder: Path, rule: Intensity) -> None:
    scheme = LabelScheme(Task.MULTILABEL, CLASSES, "position")
    card = ModelCard(scheme, Architecture(1, 3, 0.25), rule)
    trained_on = load_folder(folder, classes=CLASSES, position="position", intensity=rule)
    data = open_labels(folder, card)
    assert data.intensity == rule
    np.testing.assert_array_equal(data.labeled[0].image, trained_on.labeled[0].image)


@pytest.fixture
def refusals(run: Path, folder: Path, tmp_path: Path) -> dict[str, tuple[object, ...]]:
    return {
        "there is no such folder": ("train", tmp_path / "none", "--out", tmp_path / "r"),
        "no recipe 'x'": ("train", folder, "-o", tmp_path / "r", "--recipe", "x"),
        "no preset 'x'": ("train", folder, "-o", tmp_path / "r", "--preset", "x"),
        "no run in this folder": ("run", tmp_path),
        "no trained networks here": ("batch", tmp_path, folder / "images", "-o", tmp_path / "c"),
        "no images here": ("batch", run, tmp_path, "-o", tmp_path / "c"),
        "--split x": ("evaluate", run, "--split", "x"),
        "--classes, --position and --labeled": ("demo", "--classes", "a"),
        "--layout and --layout-option go": ("evaluate", run, "--layout", "hela"),
    }


@pytest.mark.parametrize("number", range(9))
def test_what_cannot_be_done_is_refused_in_a_sentence(refusals: dict, number: int) -> None:
    said, words = list(refusals.items())[number]
    with pytest.raises(InputError, match=said):
        call(*words)


@pytest.mark.parametrize(
    "words",
    [
        ["--members", "0"],
        ["--members", "2.5"],
        ["--steps", "0"],
        ["--learning-rate", "0"],
        ["--learning-rate", "none"],
        ["--augmentation-contrast", "1"],
        ["--weight-decay", "nan"],
        ["--minutes", "soon"],
        ["--loss", "guess"],
        ["--nonsense", "1"],
    ],
)
def test_flags_out_of_their_limits_are_usage_errors(folder: Path, words: list[str]) -> None:
    assert call("train", folder, "--out", "never", *words).exit_code == 2


def test_the_help_says_which_limits_are_themselves_allowed() -> None:
    by_flag = {
        parameter.opts[0]: parameter for parameter in get_command(app).commands["train"].params
    }
    for flag, limits in {
        "--learning-rate": "[0<x<=1]",
        "--augmentation-contrast": "[0<=x<1]",
        "--members": "[1<=x<=32]",
    }.items():
        assert by_flag[flag].help.endswith(limits)


def test_what_is_to_be_given_is_in_capitals_in_every_help() -> None:
    shown = [command for command in get_command(app).commands.values() if not command.hidden]
    given = [p for command in shown for p in command.params if p.param_type_name == "argument"]
    assert {p.metavar for p in given} == {"DATA", "RUN", "IMAGES"}


@pytest.mark.parametrize("command", ["train", "benchmark"])
def test_a_file_is_no_folder_to_write_to(folder: Path, tmp_path: Path, command: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    data = [folder] if command == "train" else ["--data", folder]
    words = f"--classes {','.join(CLASSES)} --position position --test 0.25 {TINY}".split()
    with pytest.raises(InputError, match=r"notes\.txt: .* \(a file is in its way\); choose"):
        call(command, *data, "--out", file, *words)
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("error", "code"), [(InputError("no such folder"), 2), (WriteError("the disk is full"), 1)]
)
def test_only_input_that_was_refused_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: InputError, code: int
) -> None:
    def fail(**_: str) -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr("sys.argv", ["napari-im", "batch"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code


def test_doctor_as_json() -> None:
    report = json.loads(call("doctor", "--json").stdout)
    cpu = next(device for device in report["devices"] if device["key"] == "cpu")
    assert cpu["says"].startswith("computes right")
    assert report["versions"]["torch"]
