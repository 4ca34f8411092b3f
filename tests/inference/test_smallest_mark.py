"""How small a mark may be that counts: found out by training, used wherever cells are counted."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.batch.model import Model, describe_model
from napari_inconsistency_masks.cells import CANDIDATES, SMALLEST
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.inconsistency import Prediction, count_cells, find_consensus
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.results import read_record
from napari_inconsistency_masks.widgets.predicting.prediction import Model as Shown
from toy import QUICK, toy_data

RECORD = "generation-0/generation.json"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    list(runs.train("labeled", toy_data(validation=6), QUICK, folder=tmp_path / "run"))
    return tmp_path / "run"


def set_smallest(run: Path, value: object) -> None:
    write_json(run / RECORD, {**read_json(run / RECORD), "smallest_mark": value})


def test_a_run_finds_it_out_and_its_networks_count_with_it(run: Path) -> None:
    record = read_record(run, 0)
    assert record is not None
    assert record.smallest_mark in CANDIDATES
    for value in (3, 12):
        set_smallest(run, value)
        for path in (run, run / "generation-0", run / "generation-0" / "network-0.safetensors"):
            assert load(path).card.scheme.smallest_mark == value


def test_without_images_that_were_set_aside_it_is_the_usual_one(tmp_path: Path) -> None:
    data = replace(toy_data(), validation=toy_data().labeled, validation_is_training=True)
    list(runs.train("labeled", data, QUICK, folder=tmp_path / "run"))
    record = read_record(tmp_path / "run", 0)
    assert record is not None
    assert record.smallest_mark == SMALLEST


def test_runs_of_older_versions_count_as_they_did(run: Path) -> None:
    values = read_json(run / RECORD)
    del values["smallest_mark"]
    write_json(run / RECORD, values)
    assert load(run).card.scheme.smallest_mark is None
    described = describe_model(run, load(run)).to_json()
    del described["scheme"]["smallest_mark"]  # as in the plan of a batch that was begun then
    assert Model.from_json(described).scheme.smallest_mark is None


def test_what_is_none_is_refused(run: Path) -> None:
    for value in ("many", 0, -3):
        set_smallest(run, value)
        with pytest.raises(InputError, match=r"generation.json: this file is damaged"):
            load(run)


def test_batches_and_the_window_are_told(run: Path) -> None:
    set_smallest(run, 7)
    described = describe_model(run, load(run))
    assert Model.from_json(described.to_json()).scheme.smallest_mark == 7
    answer = {"scheme": asdict(load(run).card.scheme), "channels": 1, "members": 2, "device": "cpu"}
    assert Shown.from_answer(run, "cpu", answer).scheme.smallest_mark == 7


def test_small_marks_count_or_not() -> None:
    probability = np.zeros((2, 2, 20, 20), np.float32)
    probability[:, 0] = 1
    probability[:, 1, 3:8, 3:8] = probability[:, 1, 12:14, 12:15] = 1  # 5 x 5, and 6 pixels
    scheme = LabelScheme(Task.MULTILABEL, ("cell", "position"), "position")
    counted = {
        smallest: count_cells(
            find_consensus(Prediction(probability, replace(scheme, smallest_mark=smallest)))
        )["cell"]
        for smallest in (1, 6, 7, None)
    }
    assert counted == {1: 2, 6: 2, 7: 1, None: 1}
