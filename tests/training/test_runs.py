"""Complete runs of tiny networks: events, files, stop and resume, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.checkpoint import load_network
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json, read_json_lines
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.recipes import RECIPES, WITHOUT_MASKS
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import (
    EpochEnd,
    Event,
    Finished,
    GenerationEnd,
    Labeling,
    Started,
    StepEnd,
    Warned,
)
from toy import QUICK, toy_data


def networks(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The weights of all networks of a run, by file."""
    return {
        str(path.relative_to(folder)): load_network(path)[0].state_dict()
        for path in sorted(folder.glob("generation-*/network-*.safetensors"))
    }


def same(a: dict[str, dict[str, torch.Tensor]], b: dict[str, dict[str, torch.Tensor]]) -> bool:
    return a.keys() == b.keys() and all(
        torch.equal(a[file][name], b[file][name]) for file in a for name in a[file]
    )


@pytest.mark.parametrize("task", list(Task))
def test_a_run_of_inconsistency_masks_tells_its_story_in_order(task: Task, tmp_path: Path) -> None:
    events = list(runs.train("im", toy_data(task), QUICK, folder=tmp_path / "run"))
    kinds = [type(event) for event in events if not isinstance(event, Warned)]
    generation = [*([StepEnd] * 3), EpochEnd] * 2
    assert kinds == [
        Started, *generation, GenerationEnd, *([Labeling] * 6), *generation, GenerationEnd, Finished
    ]  # fmt: skip
    for event in events:
        assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event


def test_events_from_before_a_field_with_a_default_was_added_stay_readable() -> None:
    values = GenerationEnd(0, (1, 0), 2.5, 0.5, 0.1, 0.3, True, margin=0.2).to_json()
    del values["margin"]
    assert Event.from_json(values) == GenerationEnd(0, (1, 0), 2.5, 0.5, 0.1, 0.3, True)
    for broken in ({**values, "more": 1}, {k: v for k, v in values.items() if k != "found"}):
        with pytest.raises(InputError, match="another version"):
            Event.from_json(broken)


FIRST_PART = [key for key in RECIPES if f"{key}+im" in WITHOUT_MASKS]
"""Recipes X that are also the first generation of a recipe X+im."""


@pytest.mark.parametrize(
    ("recipe", "task"),
    [
        *((recipe, task) for recipe in RECIPES for task in Task if recipe not in FIRST_PART),
        *((recipe, Task.MULTILABEL) for recipe in FIRST_PART),
    ],
)
def test_every_recipe_runs_on_every_label_kind(recipe: str, task: Task, tmp_path: Path) -> None:
    """Some methods begin anew with an epoch, so there are two of them."""
    data, config = toy_data(task, unlabeled=4, validation=1), replace(QUICK, epochs=2, steps=1)
    *_, last = runs.train(recipe, data, config, folder=tmp_path / "run")
    assert isinstance(last, Finished)


def test_the_run_folder_holds_what_is_promised(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    events = list(runs.train("im", toy_data(), QUICK, folder=folder))
    run = read_json(folder / "run.json")
    assert run["recipe"]["key"] == "im"
    assert TrainConfig.from_json(run["config"]) == QUICK
    assert run["sessions"][0]["device"] == "cpu"
    written = [Event.from_json(line) for line in read_json_lines(folder / "events.jsonl")]
    kept = [
        e for e in events
        if not isinstance(e, StepEnd) and not (isinstance(e, Labeling) and e.done < e.total)
    ]  # fmt: skip
    assert written == kept
    rows = read_csv(folder / "metrics.csv")
    assert len(rows) == 2 * 2 * 2  # generations, epochs, networks
    epochs = [e for e in events if isinstance(e, EpochEnd)]
    assert float(rows[-1]["validation_loss"]) == pytest.approx(epochs[-1].validation_loss[1])
    assert read_json(folder / "ensemble.json")["generation"] == 1
    assert len(networks(folder)) == 4
    assert not (folder / "state.safetensors").exists()
    assert len(list(folder.glob("generation-1/pseudo-labels/*.tif"))) == 6


@pytest.mark.parametrize(
    ("task", "loss", "reached"),
    [(Task.BINARY, "auto", 0.8), (Task.MULTICLASS, "auto", 0.7), (Task.MULTILABEL, "dice", 0.3)],
)
def test_networks_learn_and_the_best_epoch_is_kept(
    task: Task, loss: str, reached: float, tmp_path: Path
) -> None:
    config = replace(QUICK, epochs=10, steps=30, members=1, teachers=1, batch=8, loss=loss)
    data = toy_data(task, labeled=16)
    events = list(runs.train("labeled", data, config, folder=tmp_path / "run"))
    epochs = [e for e in events if isinstance(e, EpochEnd)]
    assert max(epochs[-1].train_loss) < 0.5 * min(epochs[0].train_loss)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.mean_iou > reached


STOPS = (1, 3, 4, 8, 9, 11, 15, 16, 22)
"""Events after which a run is stopped: inside and at the end of epochs, generations, labeling."""


@pytest.mark.parametrize("augment", ["recipe", "always"])
def test_stop_anywhere_and_resume_gives_the_same_weights_bit_for_bit(
    augment: str, tmp_path: Path
) -> None:
    data = toy_data()
    config = replace(QUICK, augment=augment, labeled_share=0.5)
    uninterrupted = tmp_path / "whole"
    total = len(list(runs.train("im", data, config, folder=uninterrupted)))
    assert total > max(STOPS)
    for stop in STOPS:
        folder = tmp_path / f"stopped-{stop}"
        events = runs.train("im", data, config, folder=folder)
        assert len(list(islice(events, stop))) == stop
        events.close()  # type: ignore[attr-defined]
        *_, last = runs.resume(folder, data)
        assert isinstance(last, Finished)
        assert same(networks(folder), networks(uninterrupted)), f"stopped after {stop} events"
        table, expected = (read_csv(f / "metrics.csv") for f in (folder, uninterrupted))
        for row in (*table, *expected):
            del row["seconds"]
        assert table == expected


def test_stopping_at_every_event_is_the_same_too(tmp_path: Path) -> None:
    data = toy_data()
    list(runs.train("im", data, QUICK, folder=tmp_path / "whole"))
    folder = plans.create(tmp_path / "run", "im", data, QUICK)
    for _ in range(100):
        events = runs.resume(folder, data)
        two = list(islice(events, 3))  # Started, what happens next, and one more
        events.close()  # type: ignore[attr-defined]
        if isinstance(two[-1], Finished):
            break
    assert isinstance(two[-1], Finished)
    assert same(networks(folder), networks(tmp_path / "whole"))


def test_members_side_by_side_learn_the_same_as_one_after_the_other(tmp_path: Path) -> None:
    data, config = toy_data(), replace(QUICK, epochs=1, steps=2)
    list(runs.train("im", data, config, folder=tmp_path / "alone"))
    torch.set_num_threads(2)
    try:
        list(runs.train("im", data, config, folder=tmp_path / "together"))
    finally:
        torch.set_num_threads(1)
    assert same(networks(tmp_path / "alone"), networks(tmp_path / "together"))


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    folder, data = tmp_path / "run", toy_data()
    list(runs.train("labeled", data, QUICK, folder=folder))
    before = networks(folder)
    kinds = [type(event) for event in runs.resume(folder, data)]
    assert kinds == [Started, Finished]
    assert same(networks(folder), before)


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    data = toy_data()
    first = runs.train("labeled", data, QUICK, folder=tmp_path / "run")
    next(first)
    with pytest.raises(InputError, match="another process is working on this run"):
        next(runs.resume(tmp_path / "run", data))
    first.close()  # type: ignore[attr-defined]
    assert isinstance(next(runs.resume(tmp_path / "run", data)), Started)


def test_a_folder_with_a_run_is_not_overwritten(tmp_path: Path) -> None:
    plans.create(tmp_path, "labeled", toy_data(), QUICK)
    with pytest.raises(InputError, match="a run in this folder already"):
        plans.create(tmp_path, "labeled", toy_data(), QUICK)


@pytest.mark.parametrize("cut", range(0, 400, 37))
def test_a_damaged_run_json_is_refused_by_name(tmp_path: Path, cut: int) -> None:
    plans.create(tmp_path, "labeled", toy_data(), QUICK)
    path = tmp_path / "run.json"
    path.write_text(path.read_text()[:cut])
    with pytest.raises(InputError, match=r"run\.json"):
        plans.read_plan(tmp_path)


def test_a_newer_run_is_refused(tmp_path: Path) -> None:
    plans.create(tmp_path, "labeled", toy_data(), QUICK)
    path = tmp_path / "run.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(InputError, match="newer version"):
        plans.read_plan(tmp_path)


def test_data_made_in_python_must_be_given_again(tmp_path: Path) -> None:
    plans.create(tmp_path, "labeled", toy_data(), QUICK)
    with pytest.raises(InputError, match=r"resume\(folder, data\)"):
        next(runs.resume(tmp_path))


@pytest.mark.parametrize(
    ("recipe", "changes", "said"),
    [
        ("labeled", {"labeled": []}, "no image is labeled"),
        ("labeled", {"validation": []}, "no image is set aside"),
        ("im", {"unlabeled": []}, "also learns from images without labels"),
        ("full", {"hidden": []}, "all training images need labels"),
        ("nonsense", {}, "no recipe 'nonsense'"),
    ],
)
def test_impossible_data_is_refused_before_anything_is_written(
    tmp_path: Path, recipe: str, changes: dict, said: str
) -> None:
    data = replace(toy_data(), **changes)
    with pytest.raises(InputError, match=said):
        list(runs.train(recipe, data, QUICK, folder=tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_empty_labels_are_refused(tmp_path: Path) -> None:
    data = toy_data()
    empty = [replace(s, target=0 * s.labeled) for s in data.labeled]
    with pytest.raises(InputError, match="labels of all 4 labeled images are empty"):
        next(runs.train("im", replace(data, labeled=empty), QUICK, folder=tmp_path / "run"))


def test_one_small_image_per_step_is_refused(tmp_path: Path) -> None:
    config = replace(QUICK, batch=1, patch=16)
    with pytest.raises(InputError, match="choose a batch of 2 or more, or larger images"):
        list(runs.train("labeled", toy_data(), config, folder=tmp_path / "run"))
    larger = replace(config, patch=32)
    *_, last = runs.train("labeled", toy_data(), larger, folder=tmp_path / "larger")
    assert isinstance(last, Finished)


def test_a_class_never_drawn_is_said(tmp_path: Path) -> None:
    data = toy_data()
    labeled = []
    for sample in data.labeled:
        target = sample.labeled.copy()
        target[1] = 0
        labeled.append(replace(sample, target=target))
    events = runs.train("labeled", replace(data, labeled=labeled), QUICK, folder=tmp_path / "run")
    assert any(isinstance(e, Warned) and "class 'dark' is never drawn" in e.message for e in events)


def test_a_failure_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the processor is on fire")

    monkeypatch.setattr("napari_inconsistency_masks.training.fit.train_step", broken)
    with pytest.raises(RuntimeError, match="on fire"):
        list(runs.train("labeled", toy_data(), QUICK, folder=tmp_path / "run"))
    last = read_json_lines(tmp_path / "run" / "events.jsonl")[-1]
    assert last == {"event": "Failed", "message": "the processor is on fire"}


@pytest.mark.parametrize("there", [False, True])
def test_a_start_that_is_refused_leaves_its_place_free(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "run"
    if there:
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")
    data = toy_data()
    with pytest.raises(InputError, match="Device 'cuda:9' cannot be used"):
        next(runs.train("labeled", data, replace(QUICK, device="cuda:9"), folder=folder))
    assert [path.name for path in tmp_path.rglob("*")] == (["run", "notes.txt"] if there else [])
    events = list(runs.train("labeled", data, QUICK, folder=folder))
    assert isinstance(events[0], Started)
    assert not events[0].resumed


def test_networks_to_go_on_from_wait_for_a_start_that_is_not_refused(tmp_path: Path) -> None:
    old, new, data = tmp_path / "old", tmp_path / "new", toy_data()
    list(runs.train("labeled", data, QUICK, folder=old))
    bad = replace(QUICK, device="cuda:9")
    with pytest.raises(InputError, match="cannot be used"):
        next(runs.retrain(old, data, bad, folder=new))
    assert isinstance(next(runs.retrain(old, data, QUICK, folder=new)), Started)
