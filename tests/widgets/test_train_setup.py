from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.recipes import PRESETS, RECIPES
from napari_inconsistency_masks.widgets.training.setup import TrainSetup


@pytest.fixture
def setup(tmp_path: Path, qapp: Any) -> TrainSetup:
    return TrainSetup("standard", tmp_path, lambda: "my cells")


def test_it_begins_with_the_preset_of_the_preferences(setup: TrainSetup) -> None:
    assert (setup.preset, setup.config, setup.changes) == ("standard", PRESETS["standard"], False)


def test_a_preset_that_does_not_exist_is_the_standard_one(tmp_path: Path, qapp: Any) -> None:
    assert TrainSetup("fast", tmp_path, str).preset == "standard"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_replaces_all_settings(setup: TrainSetup, qtbot: Any, preset: str) -> None:
    setup.set(lambda config: replace(config, seed=77))
    assert setup.changes
    with qtbot.waitSignal(setup.changed):
        setup.choose_preset(preset)
    assert setup.config == PRESETS[preset]
    assert not setup.changes


def test_a_run_is_named_after_its_data_and_preset_with_a_number_that_is_free(
    setup: TrainSetup, tmp_path: Path
) -> None:
    assert setup.name == "my-cells-standard-1"
    (tmp_path / "my-cells-standard-1").mkdir()
    setup.choose_preset("quick")
    assert setup.name == "my-cells-quick-1"
    setup.choose_preset("standard")
    assert setup.name == "my-cells-standard-2"


def test_a_name_that_a_person_gives_stays_until_the_start(setup: TrainSetup) -> None:
    setup.choose_name("  first try ")
    setup.choose_preset("quick")
    assert setup.name == "first try"
    setup.started()
    assert setup.name == "my-cells-quick-1"


def test_an_empty_name_leaves_it_to_the_program(setup: TrainSetup) -> None:
    setup.choose_name("mine")
    setup.choose_name("  ")
    assert setup.name == "my-cells-standard-1"


def test_what_is_started(setup: TrainSetup, tmp_path: Path) -> None:
    setup.choose_recipe("labeled-aug")
    setup.choose_name("mine")
    folder, recipe, config = setup.final("cuda:1")
    assert (folder, recipe) == (tmp_path / "mine", "labeled-aug")
    assert config == replace(PRESETS["standard"], device="cuda:1")


@pytest.mark.parametrize(
    "name", ["../up", "a/b", ".hidden", "a\\b", "what?", "half: 8", "first.", "NUL", "com1.old"]
)
def test_a_name_that_cannot_be_that_of_a_folder_is_refused(setup: TrainSetup, name: str) -> None:
    setup.choose_name(name)
    with pytest.raises(InputError, match="Run name"):
        setup.final("auto")


def test_settings_that_are_refused_are_said_until_they_are_right(setup: TrainSetup) -> None:
    setup.set(lambda config: replace(config, members=2, teachers=3))
    assert "teachers = 3" in setup.problem
    assert setup.config == PRESETS["standard"]
    with pytest.raises(InputError, match="teachers = 3"):
        setup.final("auto")
    setup.set(lambda config: replace(config, members=3, teachers=3))
    assert setup.problem is None
    assert setup.config.members == 3


def test_a_preset_takes_a_problem_away(setup: TrainSetup) -> None:
    setup.set(lambda config: replace(config, members=2, teachers=3))
    setup.choose_preset("quick")
    assert setup.problem is None


def test_runs_can_be_kept_elsewhere(setup: TrainSetup, tmp_path: Path) -> None:
    setup.choose_folder(tmp_path / "other")
    assert setup.final("auto")[0] == tmp_path / "other" / "my-cells-standard-1"


FIRST = "epochs on the labeled images"
BOTH = "epochs on the labeled and unlabeled images"
THEN = ", then 3 times anew with the unlabeled images, labeled where the best networks agree."
ONCE = THEN.replace("3 times", "once")


@pytest.mark.parametrize(
    ("recipe", "changes", "sentence"),
    [
        ("im", {"members": 4, "generations": 3, "epochs": 40}, f"4 networks for 40 {FIRST}{THEN}"),
        (
            "im",
            {"members": 1, "teachers": 1, "generations": 1, "epochs": 7},
            f"1 network for 7 {FIRST}{ONCE}",
        ),
        ("im", {"generations": 0, "epochs": 1}, "3 networks for 1 epoch on the labeled images."),
        ("labeled", {"epochs": 7}, f"3 networks for 7 {FIRST}."),
        ("fixmatch", {"epochs": 7}, f"3 networks for 7 {BOTH}."),
        ("fixmatch+im", {"epochs": 7, "generations": 3}, f"3 networks for 7 {BOTH}{THEN}"),
    ],
)
def test_what_will_be_trained_in_a_sentence(
    setup: TrainSetup, recipe: str, changes: dict[str, Any], sentence: Any
) -> None:
    setup.choose_recipe(recipe)
    setup.set(lambda config: replace(config, **changes))
    assert setup.describe() == f"Trains {sentence}"


@pytest.mark.parametrize("data", ["", "???", "..", "ä b/c", "x" * 300])
def test_whatever_the_data_is_called_the_run_has_a_usable_name(
    tmp_path: Path, qapp: Any, data: Any
) -> None:
    folder, _, _ = TrainSetup("quick", tmp_path, lambda: data).final("auto")
    assert folder.parent == tmp_path
    assert len(folder.name) < 60
    assert Path(folder.name).name == folder.name


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_described(setup: TrainSetup, recipe: str) -> None:
    setup.choose_recipe(recipe)
    said = setup.describe()
    assert said.startswith("Trains 3 networks")
    if RECIPES[recipe].pseudo_labels is None:
        assert "anew" not in said
    else:
        assert RECIPES[recipe].labeled_by
        assert said.endswith(f"unlabeled images, labeled {RECIPES[recipe].labeled_by}.")
