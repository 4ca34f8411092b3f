"""Recipes that grow, choose or look at hidden labels, as complete runs of tiny networks."""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.checkpoint import load_network
from napari_inconsistency_masks.config import PseudoLabelConfig
from napari_inconsistency_masks.data.batches.transforms import move, move_back, recolor
from napari_inconsistency_masks.data.pseudo import PseudoLabel, read_pseudo_label
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json, read_json_lines
from napari_inconsistency_masks.inconsistency import Prediction
from napari_inconsistency_masks.inference.predict import predict_logits
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.pseudolabels import BestNetwork, InputEnsemble
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training import generations, pseudo_labeling
from napari_inconsistency_masks.training.events import Event, Finished, Labeling, Warned
from napari_inconsistency_masks.training.judges.truth import appoint_truth, true_overlap
from napari_inconsistency_masks.training.pseudo_labeling import VIEWS
from napari_inconsistency_masks.training.setup import Setup
from toy import QUICK, toy_data

SHORT = replace(QUICK, epochs=1, steps=2, follow_collapsed=True)


def weights(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    return {
        path.relative_to(folder).as_posix(): load_network(path)[0].state_dict()
        for path in sorted(folder.glob("generation-*/network-*.safetensors"))
    }


def test_networks_get_wider_and_their_files_say_so(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    list(runs.train("im+", toy_data(), replace(SHORT, generations=3), folder=folder))
    for generation, width in enumerate((0.25, 0.25, 0.5, 0.75)):
        for member in range(2):
            path = folder / f"generation-{generation}" / f"network-{member}.safetensors"
            network, card = load_network(path)
            assert network.width == card.architecture.width == width
        record = read_json(folder / f"generation-{generation}" / "generation.json")
        assert record["width"] == width
    assert load(folder).card.architecture.width == 0.75


def test_a_wider_network_cannot_begin_as_its_teacher_and_says_so(tmp_path: Path) -> None:
    config = replace(SHORT, generations=2, warm_start=True)
    events = list(runs.train("im+", toy_data(), config, folder=tmp_path / "run"))
    (said,) = [e.message for e in events if isinstance(e, Warned) and "from scratch" in e.message]
    assert "generation 2 are wider (0.5) than those before (0.25)" in said


@pytest.mark.parametrize("recipe", ["noisy-student", "aim+", "input-ensemble"])
def test_stopped_anywhere_a_growing_run_goes_on_to_the_same_weights(
    recipe: str, tmp_path: Path
) -> None:
    data, config = toy_data(Task.MULTICLASS), replace(SHORT, generations=2)
    events = list(runs.train(recipe, data, config, folder=tmp_path / "whole"))
    expected = weights(tmp_path / "whole")
    for stop in range(3, len(events), 7):
        folder = tmp_path / f"stopped-{stop}"
        begun = runs.train(recipe, data, config, folder=folder)
        assert len(list(islice(begun, stop))) == stop
        begun.close()  # type: ignore[attr-defined]
        *_, last = runs.resume(folder, data)
        assert isinstance(last, Finished)
        found = weights(folder)
        assert found.keys() == expected.keys()
        for file, tensors in expected.items():
            assert all(torch.equal(found[file][name], tensors[name]) for name in tensors), stop


def predicted(folder: Path, generation: int, images: list[np.ndarray]) -> torch.Tensor:
    """Logits ``(E, B, K, Y, X)`` of the networks of a generation, best first."""
    record = read_json(folder / f"generation-{generation}" / "generation.json")
    networks = load(folder / f"generation-{generation}", precision="float32").networks
    return predict_logits(networks.select(record["ranking"]), np.stack(images))


def test_an_input_ensemble_asks_the_best_network_about_versions_of_each_image(
    tmp_path: Path,
) -> None:
    data, folder = toy_data(Task.MULTICLASS), tmp_path / "run"
    config = replace(SHORT, pseudo_labels=PseudoLabelConfig(views=3), precision="float32")
    list(runs.train("input-ensemble", data, config, folder=folder))
    labeler = InputEnsemble(config.pseudo_labels)
    for index, sample in enumerate(data.unlabeled):
        rng = np.random.default_rng((config.seed, 1, index, VIEWS))
        answers = []
        for change in labeler.views(rng, free_rotation=True):
            moved = move(torch.from_numpy(sample.image), change)[None].contiguous()
            logits = predicted(folder, 0, [recolor(moved, [change])[0].numpy()])[0, 0]
            answers.append(move_back(data.scheme.probability(logits), change).numpy())
        expected = np.mean(answers, axis=0).argmax(0)
        path = folder / "generation-1" / "pseudo-labels" / f"{index:05d}.tif"
        assert (read_pseudo_label(path, data.scheme).target == expected).mean() > 0.999


def test_selection_takes_the_label_that_is_judged_best_and_the_better_half_of_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(generations.JUDGES, "evalnet", appoint_truth)
    data, folder = toy_data(Task.MULTILABEL), tmp_path / "run"
    config = replace(SHORT, members=3, generations=2, steps=6)
    list(runs.train("evalnet", data, config, folder=folder))
    chosen: dict[int, float] = {}
    for generation in (1, 2):
        best: dict[int, float] = {}
        for index, sample in enumerate(data.unlabeled):
            logits = predicted(folder, generation - 1, [sample.image])[:, 0]
            prediction = Prediction(data.scheme.probability(logits).numpy(), data.scheme)
            labels = BestNetwork(config.pseudo_labels).candidates(prediction)
            assert len(labels) == 3
            truth = data.hidden[index]
            found = [true_overlap(label, truth, data.scheme) for label in labels]
            best[index] = max([*found, *([chosen[index]] if index in chosen else [])])
            path = folder / f"generation-{generation}" / "pseudo-labels" / f"{index:05d}.tif"
            kept = read_pseudo_label(path, data.scheme)
            assert true_overlap(kept, truth, data.scheme) == pytest.approx(best[index])
        lines = read_json_lines(folder / f"generation-{generation}" / "pseudo-labels.jsonl")
        assert {line["index"]: line["score"] for line in lines} == pytest.approx(best)
        chosen = {i: score for i, score in best.items() if score >= np.median(list(best.values()))}
    log = read_json_lines(folder / "events.jsonl")
    kept_images = [line["kept"] for line in log if line["event"] == "Labeling"]
    assert kept_images[-1] == len(chosen)
    assert 3 <= len(chosen) <= 6


class Fixed:
    """A judge that knows its answers."""

    def __init__(self, answers: list[float]) -> None:
        self.answers = answers

    def score(self, index: int, image: Sample, label: PseudoLabel) -> float:
        return self.answers[index]


def test_chosen_limits_of_scores_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def appoint(setup: Setup) -> Generator[Event, None, Fixed]:
        yield from ()
        return Fixed([0.1, 0.3, 0.5, 0.7, 0.9, 0.4])

    monkeypatch.setitem(generations.JUDGES, "evalnet", appoint)
    limits = PseudoLabelConfig(score_low=0.45)
    config = replace(SHORT, pseudo_labels=limits)
    list(runs.train("evalnet", toy_data(), config, folder=tmp_path / "run"))
    log = read_json_lines(tmp_path / "run" / "events.jsonl")
    assert [line["kept"] for line in log if line["event"] == "Labeling"] == [3]


@pytest.mark.parametrize(("later", "kept_before"), [(1.0, []), (0.5, [3, 4, 5])])
def test_only_labels_that_stay_are_read_from_the_generation_before(
    later: float, kept_before: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of all images together may not fit into the memory."""
    scores, factors, read = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9], iter((1.0, later)), list[int]()

    def appoint(setup: Setup) -> Generator[Event, None, Fixed]:
        yield from ()
        factor = next(factors)
        return Fixed([factor * score for score in scores])

    def noting(path: Path, scheme: LabelScheme) -> PseudoLabel:
        read.append(int(path.stem))
        return read_pseudo_label(path, scheme)

    monkeypatch.setitem(generations.JUDGES, "evalnet", appoint)
    monkeypatch.setattr(pseudo_labeling, "read_pseudo_label", noting)
    config = replace(SHORT, generations=2)
    list(runs.train("evalnet", toy_data(), config, folder=tmp_path / "run"))
    assert sorted(read) == kept_before


@pytest.mark.parametrize(
    ("answers", "kept"), [([0, 0, 0, 0, 0.9, 0.4], 1), ([0, 0, 0, 0, 0, 0], 0)]
)
def test_images_without_any_class_are_never_the_better_half(
    answers: list[float], kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def appoint(setup: Setup) -> Generator[Event, None, Fixed]:
        yield from ()
        return Fixed(answers)

    monkeypatch.setitem(generations.JUDGES, "evalnet", appoint)
    events = list(runs.train("evalnet", toy_data(), SHORT, folder=tmp_path / "run"))
    labeling = [event for event in events if isinstance(event, Labeling)]
    assert labeling[-1].kept == kept
    said = [event.message for event in events if isinstance(event, Warned)]
    alone = [words for words in said if "learns from the labels alone" in words]
    assert len(alone) == (kept == 0)


@pytest.mark.parametrize(
    ("left_out", "words"),
    [(6, "learns from the labels alone"), (4, "learns from 2 of 6 unlabeled images"), (3, "")],
)
def test_it_is_said_when_most_images_are_left_out(
    left_out: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False] * left_out + [True] * (6 - left_out))
    module = sys.modules["napari_inconsistency_masks.inconsistency.pseudo_label"]
    monkeypatch.setattr(module, "_worth_keeping", lambda *_: next(answers))
    events = list(runs.train("im", toy_data(Task.BINARY), SHORT, folder=tmp_path / "run"))
    said = [event.message for event in events if isinstance(event, Warned)]
    found = [sentence for sentence in said if "learns from" in sentence]
    assert [words in sentence for sentence in found] == ([True] if words else [])


def test_the_upper_bound_needs_hidden_labels(tmp_path: Path) -> None:
    data = toy_data()
    with pytest.raises(InputError, match="'gt-im\\+\\+' all training images need labels"):
        list(runs.train("gt-im++", replace(data, hidden=[]), SHORT, folder=tmp_path / "a"))
    assert not (tmp_path / "a").exists()
    others = [replace(sample, name=f"other {sample.name}") for sample in data.hidden]
    with pytest.raises(InputError, match="compares pseudo-labels with the true labels"):
        list(runs.train("gt-im++", replace(data, hidden=others), SHORT, folder=tmp_path / "b"))


def test_the_upper_bound_scores_with_the_labels_of_the_same_image(tmp_path: Path) -> None:
    data = toy_data(Task.BINARY)
    data = replace(data, hidden=list(reversed(data.hidden)))
    config = replace(SHORT, pseudo_labels=PseudoLabelConfig(drop_uncertain=False))
    list(runs.train("gt-im++", data, config, folder=tmp_path / "run"))
    folder = tmp_path / "run" / "generation-1"
    truth = {sample.name: sample for sample in data.hidden}
    for line in read_json_lines(folder / "pseudo-labels.jsonl"):
        label = read_pseudo_label(
            folder / "pseudo-labels" / f"{line['index']:05d}.tif", data.scheme
        )
        assert line["score"] == true_overlap(label, truth[line["name"]], data.scheme)
