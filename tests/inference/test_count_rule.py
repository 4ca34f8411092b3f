"""Which predicted marks count: found out by training, used wherever cells are counted."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.batch.model import Model, describe_model
from napari_inconsistency_masks.cells import (
    MARK_RULES,
    OBJECT_SIZES,
    USUAL_RULE,
    find_cells,
    told_counts,
)
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.inconsistency import Prediction, count_cells, find_consensus
from napari_inconsistency_masks.inference.evaluate import evaluate
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.events import GenerationEnd
from napari_inconsistency_masks.training.results import GenerationRecord, read_record
from napari_inconsistency_masks.widgets.predicting.prediction import Model as Shown
from toy import QUICK, toy_data

RECORD = "generation-0/generation.json"
AS_IN_PAPER = CountRule(0.5, None)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    list(runs.train("labeled", toy_data(validation=6), QUICK, folder=tmp_path / "run"))
    return tmp_path / "run"


def set_rule(run: Path, **values: object) -> None:
    write_json(run / RECORD, {**read_json(run / RECORD), **values})


def rule_of(path: Path) -> CountRule:
    return load(path).card.scheme.rule


def rule_in(record: GenerationRecord) -> CountRule:
    assert record.mark_threshold is not None
    return CountRule(
        record.mark_threshold, record.smallest_mark, record.smallest_objects, record.waists
    )


def test_a_run_finds_it_out_and_its_networks_count_with_it(run: Path) -> None:
    record = read_record(run, 0)
    assert record is not None
    assert rule_in(record) in MARK_RULES
    for rule in (CountRule(0.1, 3), CountRule(0.5, 12)):
        set_rule(run, smallest_mark=rule.smallest_mark, mark_threshold=rule.mark_threshold)
        for path in (run, run / "generation-0", run / "generation-0" / "network-0.safetensors"):
            assert rule_of(path) == rule


def test_the_record_says_how_the_best_rule_counts(run: Path) -> None:
    """Asked by the networks and rule that are on disk, validation images give what it holds."""
    record = read_record(run, 0)
    assert record is not None
    scores = evaluate(load(run, precision="float32"), toy_data(validation=6).validation)
    assert scores.mcce == record.count_error


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS])
def test_without_positions_it_finds_out_how_small_objects_may_be(
    task: Task, tmp_path: Path
) -> None:
    data, run = toy_data(task, validation=6), tmp_path / "run"
    list(runs.train("labeled", data, QUICK, folder=run))
    record = read_record(run, 0)
    assert record is not None
    assert rule_of(run) == rule_in(record)
    assert len(record.smallest_objects) == len(data.scheme.classes)
    assert set(record.smallest_objects) <= set(OBJECT_SIZES)
    chosen = evaluate(load(run, precision="float32"), data.validation).object_count_error
    assert record.count_error == chosen
    assert not record.counts_decide
    set_rule(run, smallest_objects=[], waists=[])
    every = evaluate(load(run, precision="float32"), data.validation).object_count_error
    assert chosen is not None
    assert every is not None
    assert chosen <= every
    set_rule(run, smallest_objects=[10**6] * len(data.scheme.classes))
    none = evaluate(load(run), data.validation)
    assert sum(count.predicted for count in none.counts.values()) == 0
    assert sum(count.true for count in none.counts.values()) > 0


def test_without_images_that_were_set_aside_it_is_the_usual_one(tmp_path: Path) -> None:
    data = replace(toy_data(), validation=toy_data().labeled, validation_is_training=True)
    list(runs.train("labeled", data, QUICK, folder=tmp_path / "run"))
    record = read_record(tmp_path / "run", 0)
    assert record is not None
    assert rule_in(record) == USUAL_RULE


def test_runs_of_older_versions_count_as_they_did(run: Path) -> None:
    values = read_json(run / RECORD)
    del values["smallest_mark"], values["mark_threshold"]
    write_json(run / RECORD, values)
    assert rule_of(run) == AS_IN_PAPER
    described = describe_model(run, load(run)).to_json()
    del described["scheme"]["rule"]  # as in the plan of a batch that was begun then
    assert Model.from_json(described).scheme.rule == AS_IN_PAPER


def test_batches_of_older_versions_count_as_they_did(run: Path) -> None:
    described = describe_model(run, load(run)).to_json()
    del described["scheme"]["rule"]
    described["scheme"] |= {
        "smallest_mark": 8,
        "mark_threshold": 0.3,
        "smallest_objects": [2, 3, 4],
    }
    assert Model.from_json(described).scheme.rule == CountRule(0.3, 8, (2, 3, 4))


def test_a_run_that_an_older_version_began_counts_as_that_did(tmp_path: Path) -> None:
    """Else a generation could pass for better than the one before only for its rule."""
    run, data = tmp_path / "run", toy_data(validation=6)
    events = runs.train("im", data, replace(QUICK, generations=2), folder=run)
    next(event for event in events if isinstance(event, GenerationEnd))
    events.close()
    values = read_json(run / RECORD)
    del values["smallest_mark"], values["mark_threshold"]
    write_json(run / RECORD, values)
    list(runs.resume(run, data))
    for generation in (1, 2):
        record = read_record(run, generation)
        assert record is not None
        assert (record.mark_threshold, record.smallest_mark) == (None, None)
    assert rule_of(run) == AS_IN_PAPER


def test_a_run_that_found_out_that_small_marks_do_not_count_looks_again(tmp_path: Path) -> None:
    run, data = tmp_path / "run", toy_data(validation=6)
    events = runs.train("im", data, QUICK, folder=run)
    next(event for event in events if isinstance(event, GenerationEnd))
    events.close()
    set_rule(run, smallest_mark=None, mark_threshold=0.5)
    list(runs.resume(run, data))
    record = read_record(run, 1)
    assert record is not None
    assert rule_in(record) in MARK_RULES


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("smallest_mark", ("many", 0, -3)),
        ("mark_threshold", ("high", 0, 1.0, -0.1)),
        ("smallest_objects", (7, ["many"], [4, 0, 1], [4], [1.5, 1, 1])),
        ("waists", (7, ["deep"], [0, -1, 0], [1.5])),
    ],
)
def test_what_is_none_is_refused(run: Path, name: str, values: tuple[object, ...]) -> None:
    for value in values:
        set_rule(run, **{name: value})
        with pytest.raises(InputError, match=r"generation.json: this file is damaged"):
            load(run)


def test_batches_and_the_window_are_told(run: Path) -> None:
    set_rule(
        run, smallest_mark=7, mark_threshold=0.3, smallest_objects=[2, 3, 4], waists=[0, 1.5, 2]
    )
    described = describe_model(run, load(run))
    answer = {"scheme": asdict(load(run).card.scheme), "channels": 1, "members": 2, "device": "cpu"}
    for scheme in (
        Model.from_json(described.to_json()).scheme,
        Shown.from_answer(run, "cpu", answer).scheme,
    ):
        assert scheme.rule == CountRule(0.3, 7, (2, 3, 4), (0, 1.5, 2))


@pytest.mark.parametrize(
    ("rule", "marks"),
    [
        (CountRule(0.3, 6), " of 6 or more pixels, with a probability above 0.3"),
        (CountRule(0.5, 1), ", however small, with a probability above 0.5"),
        (AS_IN_PAPER, ", 4 or more pixels wide, with a probability above 0.5"),
    ],
)
def test_it_is_said_in_words(rule: CountRule, marks: str) -> None:
    scheme = LabelScheme(Task.MULTILABEL, ("cell", "position"), "position").counting_by(rule)
    assert told_counts(scheme) == f"A cell is a mark of position{marks}."


def test_of_objects_it_is_said_in_words() -> None:
    scheme = LabelScheme(Task.MULTICLASS, ("water", "fish", "reef"))
    every = "Each connected region of a class is counted"
    assert told_counts(scheme) == f"{every}, however small."
    large = told_counts(scheme.counting_by(CountRule(smallest_objects=(64, 1, 8))))
    assert large == f"{every}, if it has enough pixels: water from 64 on, reef from 8 on."
    scheme = LabelScheme(Task.MULTILABEL, ("nucleus", "tissue", "vessel"))
    parted = told_counts(scheme.counting_by(CountRule(waists=(1.7, 0, 2.0))))
    assert parted == (
        f"{every}, however small. Before, a region is parted where it narrows between wider parts, "
        f"if half its width is less there by more pixels than this: nucleus 1.7, vessel 2."
    )


def test_faint_marks_count_or_not() -> None:
    probability = np.zeros((2, 2, 20, 20), np.float32)
    probability[:, 0] = 0.4  # of other classes it makes no difference
    probability[:, 1, 3:8, 3:8], probability[:, 1, 12:17, 12:17] = 0.9, 0.2
    scheme = LabelScheme(Task.MULTILABEL, ("cell", "position"), "position")
    for threshold, counted in ((0.5, 1), (0.3, 1), (0.1, 2)):
        by = scheme.counting_by(CountRule(threshold, 1))
        consensus = find_consensus(Prediction(probability, by))
        assert len(find_cells(consensus.best_guess, by)) == counted
        assert not consensus.best_guess[0].any()
        hard = by.harden(probability)
        np.testing.assert_array_equal(hard, by.votes(torch.from_numpy(probability)).numpy())


def test_small_marks_count_or_not() -> None:
    probability = np.zeros((2, 2, 20, 20), np.float32)
    probability[:, 0] = 1
    probability[:, 1, 3:8, 3:8] = probability[:, 1, 12:14, 12:15] = 1  # 5 x 5, and 6 pixels
    scheme = LabelScheme(Task.MULTILABEL, ("cell", "position"), "position")
    counted = {
        smallest: count_cells(
            find_consensus(Prediction(probability, scheme.counting_by(CountRule(0.5, smallest))))
        )["cell"]
        for smallest in (1, 6, 7, None)
    }
    assert counted == {1: 2, 6: 2, 7: 1, None: 1}
