"""Trainings that begin alike have the same first networks, which are trained once."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from napari_inconsistency_masks.benchmark import Study, TrialEnded, TrialStep
from napari_inconsistency_masks.benchmark.trials import begins_alike
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.plans import create, read_plan
from napari_inconsistency_masks.runs import resume
from napari_inconsistency_masks.training.events import EpochEnd, Finished, StepEnd, Warned
from napari_inconsistency_masks.training.results import read_record
from napari_inconsistency_masks.training.shared_start import read_shared_start, share_start
from study_toys import TINY, make, weights, write_data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> SegmentationData:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def study(data: SegmentationData, tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make(data, tmp_path_factory.mktemp("study"), "im,labeled,labeled-aug", runs=1)


@pytest.fixture(scope="module")
def steps(study: Study) -> list[tuple[str, dict]]:
    """What the trainings of the study told, one after the other."""
    told = []
    for event in study.run(jobs=1, threads=1):
        if isinstance(event, TrialStep):
            told.append((event.trial.recipe, event.event))
        elif isinstance(event, TrialEnded):
            assert event.failed == ""
    return told


def first_networks(folder: Path) -> dict[str, Any]:
    return {name: found[0] for name, found in weights(folder).items() if "generation-0" in name}


def test_a_recipe_that_begins_as_one_before_trains_its_first_networks_no_more(
    study: Study, steps: list[tuple[str, dict]]
) -> None:
    trained = {
        (recipe, event["generation"]) for recipe, event in steps if event["event"] == "StepEnd"
    }
    assert trained == {("im", 0), ("im", 1), ("labeled-aug", 0)}
    folders = [trial.folder(study.folder) for trial in study.trials]
    first, plain, augmented = map(first_networks, folders)
    assert len(first) == TINY["members"]
    assert plain == first
    assert augmented != first
    shared = read_shared_start(folders[1])
    assert shared is not None
    assert shared.run == folders[0].name
    assert read_shared_start(folders[0]) is None
    assert read_shared_start(folders[2]) is None


def test_it_tells_the_same_course_time_and_scores(
    study: Study, steps: list[tuple[str, dict]]
) -> None:
    folders = [trial.folder(study.folder) for trial in study.trials[:2]]
    courses = [
        [row for row in read_csv(folder / "metrics.csv") if row["generation"] == "0"]
        for folder in folders
    ]
    assert courses[0] == courses[1]
    assert len(courses[0]) == TINY["epochs"] * TINY["members"]
    ours, other = (read_record(folder, 0) for folder in folders)
    assert ours is not None
    assert other is not None
    assert other.seconds >= ours.seconds > 0
    same = ("ranking", "count_error", "mean_iou", "inconsistent", "width")
    assert [getattr(ours, name) for name in same] == [getattr(other, name) for name in same]
    notes = [event["message"] for recipe, event in steps if event["event"] == "Warned"]
    assert [note for note in notes if folders[0].name in note]


def test_it_is_what_it_would_have_trained_itself(
    study: Study, steps: list[tuple[str, dict]], data: SegmentationData, tmp_path: Path
) -> None:
    shared = study.trials[1].folder(study.folder)
    alone = create(tmp_path / "alone", "labeled", data, read_plan(shared).config)
    events = list(resume(alone, data))
    assert any(isinstance(event, StepEnd) for event in events)
    assert first_networks(alone) == first_networks(shared)
    ours, theirs = read_record(alone, 0), read_record(shared, 0)
    assert ours is not None
    assert theirs is not None
    unlike = {"seconds": 0.0, "peak_memory": None}
    assert dataclasses.replace(ours, **unlike) == dataclasses.replace(theirs, **unlike)


def test_only_a_complete_generation_is_shared_and_only_before_a_run_begins(
    study: Study, steps: list[tuple[str, dict]], data: SegmentationData, tmp_path: Path
) -> None:
    old = study.trials[0].folder(study.folder)
    config = read_plan(old).config
    torn = tmp_path / "torn"
    shutil.copytree(old, torn)
    (torn / "generation-0" / "generation.json").unlink()
    new = create(tmp_path / "new", "im", data, config)
    assert not share_start(torn, new)
    assert not (new / "generation-0").exists()
    assert share_start(old, new)
    assert not share_start(old, new)
    events = list(resume(new, data))
    assert isinstance(events[-1], Finished)
    assert [e.epoch for e in events if isinstance(e, EpochEnd) and e.generation == 0] == [0]
    assert {e.generation for e in events if isinstance(e, StepEnd)} == {1}
    assert any(isinstance(event, Warned) and old.name in event.message for event in events)
    assert weights(new) == weights(old)


def test_a_damaged_record_is_told(
    study: Study, steps: list[tuple[str, dict]], data: SegmentationData, tmp_path: Path
) -> None:
    old = study.trials[0].folder(study.folder)
    new = create(tmp_path / "new", "im", data, read_plan(old).config)
    assert share_start(old, new)
    assert {path.name for path in new.iterdir()} == {"run.json", "generation-0"}
    (new / "generation-0" / "shared.json").write_text("{}")
    with pytest.raises(InputError, match=r"shared\.json: this file is damaged"):
        list(resume(new, data))
    shutil.rmtree(new / "generation-0")
    assert any(isinstance(event, StepEnd) for event in resume(new, data))


def test_what_another_is_just_learning_waits_while_there_is_something_else(
    data: SegmentationData, study: Study, steps: list[tuple[str, dict]], tmp_path: Path
) -> None:
    assert steps
    new = make(data, tmp_path / "study", "labeled,im,model-ensemble,labeled-aug", runs=1)
    labeled, masks, ensemble, augmented = new.trials
    for trial in new.trials:
        new._make(trial)
    assert new._next([labeled, masks], []) == labeled
    assert new._next([masks, ensemble, augmented], [labeled]) == augmented
    assert new._next([masks, ensemble], [labeled]) == masks
    for path in (masks, ensemble):
        assert read_shared_start(path.folder(new.folder)) is None
    shutil.copytree(study.trials[1].folder(study.folder), tmp_path / "done")
    shutil.rmtree(labeled.folder(new.folder))
    (tmp_path / "done").rename(labeled.folder(new.folder))
    assert new._next([masks, augmented], []) == masks
    shared = read_shared_start(masks.folder(new.folder))
    assert shared is not None
    assert shared.run == labeled.name


def test_what_begins_alike(data: SegmentationData, tmp_path: Path) -> None:
    study = make(data, tmp_path / "study")
    config = read_plan(study._make(study.trials[0])).config
    recipes = ("labeled", "labeled-aug", "im", "fixmatch", "fixmatch+im", "full", "full-aug")
    for augment in ("always", "recipe"):
        chosen = dataclasses.replace(config, augment=augment)
        plans = {
            recipe: read_plan(create(tmp_path / augment / recipe, recipe, data, chosen))
            for recipe in recipes
        }
        alike = {
            (one, other)
            for one in recipes
            for other in recipes
            if one < other and begins_alike(plans[one], plans[other])
        }
        expected = {("fixmatch", "fixmatch+im"), ("im", "labeled")}
        if augment == "always":  # whatever the recipe says
            expected |= {("im", "labeled-aug"), ("labeled", "labeled-aug"), ("full", "full-aug")}
        assert alike == expected
    limited = dataclasses.replace(config, minutes=1)
    for recipe in ("im", "labeled"):
        plans[recipe] = read_plan(create(tmp_path / "limited" / recipe, recipe, data, limited))
    assert not begins_alike(plans["im"], plans["labeled"]), "shares of the time differ"
    other = dataclasses.replace(config, seed=9)
    plan = read_plan(create(tmp_path / "other", "im", data, other))
    assert not begins_alike(plan, read_plan(study._make(study.trials[1])))
