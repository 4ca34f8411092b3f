"""How much of unlabeled images networks are sure of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.files.json_files import read_json, read_json_lines
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.inference import confidence
from napari_inconsistency_masks.inference.confidence import LOOKED_AT, confident_foreground
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.collapse import words_about
from napari_inconsistency_masks.training.events import Event, GenerationEnd, Warned
from napari_inconsistency_masks.training.results import GenerationRecord, read_record
from toy import QUICK, SCHEMES, toy_data, toy_sample


@pytest.mark.parametrize("task", list(Task))
def test_shares_by_definition(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme, rng = SCHEMES[task], np.random.default_rng(1)
    images = [toy_sample(task, number) for number in range(3)]
    common = rng.normal(2, 6, (3, 1, scheme.outputs, 8, 9))
    logits = torch.from_numpy(common + rng.normal(0, 2, (3, 2, scheme.outputs, 8, 9))).float()
    monkeypatch.setattr(confidence, "predict_samples", lambda *_: enumerate(logits))
    ensemble = Ensemble.create(Architecture(1, scheme.outputs, 0.25), 2, seed=0)
    found = confident_foreground(ensemble, images, scheme)
    first = 1 if task is Task.MULTICLASS else 0
    for number, name in enumerate(scheme.classes, start=first):
        count = 0
        for image in logits.double().numpy():
            for y, x in np.ndindex(8, 9):
                z = image[:, :, y, x]  # (E, K)
                p = 1 / (1 + np.exp(-z))
                if task is Task.MULTICLASS:
                    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
                count += p[:, number].mean() >= 0.95
        assert 0 < count < 3 * 72
        assert found[name] == pytest.approx(count / (3 * 72))


def test_images_are_spread_over_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def predict(_, samples):
        for index, sample in enumerate(samples):
            seen.append(sample.name)
            yield index, torch.zeros(1, 1, 4, 4)

    monkeypatch.setattr(confidence, "predict_samples", predict)
    scheme = SCHEMES[Task.BINARY]
    ensemble = Ensemble.create(Architecture(1, 1, 0.25), 1, seed=0)
    images = [Sample(str(n), np.zeros((1, 4, 4), np.uint8), None) for n in range(100)]
    assert confident_foreground(ensemble, images, scheme) == {"bright": 0.0}
    numbers = [int(name) for name in seen]
    assert len(numbers) == LOOKED_AT
    assert (numbers[0], numbers[-1]) == (0, 99)
    assert set(np.diff(numbers)) <= {6, 7}
    assert confident_foreground(ensemble, [], scheme) is None


def generations(events: list[Event]) -> list[GenerationEnd]:
    return [event for event in events if isinstance(event, GenerationEnd)]


@pytest.mark.parametrize("recipe", ["im", "fixmatch", "labeled"])
def test_every_generation_says_it_where_unlabeled_images_are_learned_from(
    recipe: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    ends = generations(list(runs.train(recipe, toy_data(), QUICK, folder=folder)))
    for end in ends:
        if recipe == "labeled":
            assert end.confident is None
        else:
            assert list(end.confident) == ["bright", "dark", "position"]
            assert all(0 <= share <= 1 for share in end.confident.values())
        assert read_record(folder, end.generation).confident == end.confident
    logged = [Event.from_json(values) for values in read_json_lines(folder / "events.jsonl")]
    assert [end.confident for end in generations(logged)] == [end.confident for end in ends]
    rows = read_csv(folder / "generations.csv")
    assert [row["generation"] for row in rows] == [str(end.generation) for end in ends]
    for row, end in zip(rows, ends, strict=True):
        assert float(row["mean_iou"]) == pytest.approx(end.mean_iou)
        sure = {name: value for name, value in row.items() if name.startswith("confident ")}
        expected = {f"confident {name}": share for name, share in (end.confident or {}).items()}
        assert {name: float(value) for name, value in sure.items()} == pytest.approx(expected)


@pytest.mark.parametrize("shift", [-30.0, 0.0, 30.0])
def test_being_sure_of_nothing_is_said(
    shift: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = Ensemble.forward
    monkeypatch.setattr(
        Ensemble, "forward", lambda self, image, *more: forward(self, image, *more) * 0 + shift
    )
    config = QUICK.from_json({**QUICK.to_json(), "generations": 0, "epochs": 1, "steps": 1})
    events = list(runs.train("im", toy_data(), config, folder=tmp_path / "run"))
    said = [e.message for e in events if isinstance(e, Warned) and "are sure" in e.message]
    assert len(said) == (shift < 30)
    assert set(generations(events)[0].confident.values()) == {1.0 if shift > 0 else 0.0}


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"alive": 0.1, "dead": 0.2}, None),
        ({"alive": 0.1, "dead": 0.0}, "of no pixel of 'dead' in the unlabeled images: it is not"),
        ({"alive": 0.0, "dead": 0.0}, "of no pixel of any class in the unlabeled images"),
        ({}, None),
        (None, None),
    ],
)
def test_being_sure_of_one_class_nowhere_is_said(
    shares: dict[str, float] | None, said: str | None
) -> None:
    record = GenerationRecord(2, (0, 1), 4.0, 0.5, 0.2, 0.1, True, confident=shares)
    words = list(words_about([record], QUICK))
    assert len(words) == (said is not None)
    assert all(
        line.startswith("The networks of generation 2") and str(said) in line for line in words
    )


def test_records_from_before_it_was_measured_stay_readable(tmp_path: Path) -> None:
    list(runs.train("im", toy_data(), QUICK, folder=tmp_path / "run"))
    path = tmp_path / "run" / "generation-0" / "generation.json"
    values = read_json(path)
    del values["confident"]
    path.write_text(json.dumps(values))
    assert read_record(tmp_path / "run", 0).confident is None
