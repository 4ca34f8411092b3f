"""Networks whose loss or weights become no numbers: what of them is kept, and what is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.benchmark.scoring import read_scores, score_run
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import EpochEnd, Finished, GenerationEnd, Warned
from napari_inconsistency_masks.training.fit import end_epoch
from napari_inconsistency_masks.training.judges import evalnet
from napari_inconsistency_masks.training.learner import Learner, Learning
from napari_inconsistency_masks.training.outcome import outcome, rank
from napari_inconsistency_masks.training.records import Records
from napari_inconsistency_masks.training.setup import Setup
from napari_inconsistency_masks.training.shared_start import share_start
from toy import QUICK, toy_data

CONFIG = replace(QUICK, members=3, teachers=2, generations=0)
STEPS = 3
"""In each of the two epochs."""


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[set[int], int], None]:
    """Lets the gradients of some members be NaN in one step, though their loss is a number."""
    update: Any = Learning.update

    def begin(members: set[int], step: int) -> None:
        def poisoned(self: Learning[Any], losses: Any, total: int) -> None:
            if self.step == step - 1:
                for member in members.intersection(self.active):
                    for parameter in self.ensemble.networks[member].parameters():
                        assert parameter.grad is not None
                        parameter.grad.fill_(math.nan)
            update(self, losses, total)

        monkeypatch.setattr(Learning, "update", poisoned)

    return begin


def messages(events: list[Any]) -> list[str]:
    return [event.message for event in events if isinstance(event, Warned)]


@pytest.mark.parametrize("recipe", ["labeled", "unimatch-v2"])
def test_a_network_that_diverges_in_the_last_step_of_an_epoch_is_lost_alone(
    recipe: str, poison: Callable[[set[int], int], None], tmp_path: Path
) -> None:
    poison({1}, 2 * STEPS)
    events = list(runs.train(recipe, toy_data(), CONFIG, folder=tmp_path / "run"))
    (said,) = [m for m in messages(events) if "no longer a number" in m]
    assert f"step {2 * STEPS}: a weight of network 1" in said
    assert "goes back to its best epoch" in said
    assert isinstance(events[-1], Finished)
    (end,) = [event for event in events if isinstance(event, GenerationEnd)]
    assert set(end.ranking) == {0, 1, 2}
    for parameter in load(tmp_path / "run" / "generation-0").networks.parameters():
        assert torch.isfinite(parameter).all()


@pytest.mark.parametrize("step", [1, STEPS])
def test_a_network_that_is_lost_before_its_first_epoch_is_left_out(
    step: int, poison: Callable[[set[int], int], None], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    poison({1}, step)
    events = list(runs.train("labeled", toy_data(), CONFIG, folder=folder))
    (said,) = [m for m in messages(events) if "no longer a number" in m]
    assert "network 1" in said
    assert "left out" in said
    (end,) = [event for event in events if isinstance(event, GenerationEnd)]
    assert set(end.ranking) == {0, 2}
    names = [f"generation-0/network-{member}.safetensors" for member in end.ranking]
    assert read_json(folder / "ensemble.json")["networks"] == names
    assert len(load(folder / "generation-0").networks) == 2
    epochs = [event for event in events if isinstance(event, EpochEnd)]
    for epoch in epochs:
        assert epoch.train_loss[1] is None
        assert None not in (*epoch.train_loss[::2], *epoch.validation_loss, *epoch.score)
    rows = read_csv(folder / "metrics.csv")
    assert [row["train_loss"] == "" for row in rows] == [False, True, False] * 2


def test_the_teachers_are_those_that_are_left(
    poison: Callable[[set[int], int], None], tmp_path: Path
) -> None:
    poison({0, 2}, 2)
    config = replace(CONFIG, generations=1, follow_collapsed=True)
    events = list(runs.train("model-ensemble", toy_data(), config, folder=tmp_path / "run"))
    assert [e.ranking for e in events if isinstance(e, GenerationEnd)] == [(1,), (1,)]


def test_a_run_that_shares_the_start_of_another_leaves_out_the_same_networks(
    poison: Callable[[set[int], int], None], tmp_path: Path
) -> None:
    poison({1}, 1)
    first, second = tmp_path / "first", tmp_path / "second"
    list(runs.train("labeled", toy_data(), CONFIG, folder=first))
    runs.create(second, "labeled", toy_data(), CONFIG)
    assert share_start(first, second)
    (end,) = [e for e in runs.resume(second, toy_data()) if isinstance(e, GenerationEnd)]
    assert set(end.ranking) == {0, 2}


def test_when_all_networks_diverge_in_the_last_step_the_run_ends_with_a_sentence(
    poison: Callable[[set[int], int], None], tmp_path: Path
) -> None:
    poison({0, 1, 2}, STEPS)
    with pytest.raises(InputError, match="every network is no longer a number"):
        list(runs.train("labeled", toy_data(), CONFIG, folder=tmp_path / "run"))


def learner(beside: list[torch.nn.Module] | None = None) -> Learner:
    networks = Ensemble.create(Architecture(1, 1, 0.25), 2, seed=0)
    return Learner(networks, CONFIG, beside or ())


def test_a_statistic_or_what_is_beside_counts_as_well() -> None:
    beside = [torch.nn.Linear(2, 2) for _ in range(2)]
    made = learner(list(beside))
    assert made.diverged == []
    beside[1].bias.data[0] = math.inf
    assert made.diverged == [1]
    next(made.ensemble.networks[0].buffers())[0] = math.nan
    assert made.diverged == [0, 1]
    made.lose(1)
    assert made.diverged == [0]


def test_a_score_that_is_no_number_is_never_the_best() -> None:
    made = learner()
    made.end_epoch((math.nan, 0.25))
    assert made.best_score == [None, 0.25]
    assert made.never_scored == [0]
    made.end_epoch((0.5, math.inf))
    assert made.best_score == [0.5, 0.25]
    assert made.never_scored == []


def test_a_network_whose_validation_loss_is_no_number_is_lost() -> None:
    from napari_inconsistency_masks.inference.evaluate import CheckSums
    from napari_inconsistency_masks.losses import choose_loss
    from napari_inconsistency_masks.training.checks import told_check

    data, made = toy_data(Task.BINARY), learner()

    def checked(ensemble: Ensemble, generation: int) -> Any:
        sums = CheckSums(2, data.scheme, loss)
        found = yield from told_check(ensemble.eval(), data.validation, sums, generation)
        first = torch.equal(ensemble.networks[1].state_dict()["head.bias"], began)
        return found if first else replace(found, loss=(found.loss[0], math.nan))

    loss, began = choose_loss("auto", data.scheme), made.ensemble.networks[1].state_dict()
    began = began["head.bias"].clone()
    made.ensemble.networks[1].state_dict()["head.bias"].add_(1)
    warned, end = end_epoch(made, checked, CONFIG, 0, 1.0)
    assert isinstance(warned, Warned)
    assert "validation loss of network 1" in warned.message
    assert isinstance(end, EpochEnd)
    assert end.train_loss == (0.0, None)
    assert None not in end.validation_loss
    assert made.lost == [False, True]
    assert made.never_scored == [1]


class Work:
    """What ranking asks of a run."""

    def __init__(self) -> None:
        from napari_inconsistency_masks.inference.evaluate import CheckSums
        from napari_inconsistency_masks.losses import choose_loss
        from napari_inconsistency_masks.training.checks import told_check

        self.data, self.config = toy_data(Task.BINARY), CONFIG
        loss = choose_loss("auto", self.data.scheme)
        self.given, self.object_sizes = False, {}
        self.records = Records(Path())
        self.check = lambda networks, generation, *rules: told_check(
            networks.eval(),
            self.data.validation,
            CheckSums(2, self.data.scheme, loss, rules=next(iter(rules), ())),
            generation,
        )
        self.recipe = type("Recipe", (), {"pseudo_labels": None})


def test_without_a_network_that_learned_there_is_no_ranking() -> None:
    work: Setup = Work()  # type: ignore[assignment]
    with pytest.raises(InputError, match="all 2 networks were lost before their first epoch"):
        list(rank(work, 3, learner().ensemble, [0, 1]))


def test_networks_that_say_what_is_no_number_are_refused() -> None:
    work: Setup = Work()  # type: ignore[assignment]
    ensemble = learner().ensemble
    next(ensemble.networks[1].parameters()).data.fill_(math.nan)
    with pytest.raises(InputError, match="Generation 3: what its networks say"):
        list(outcome(work, 3, ensemble, (0, 1), 0.25))


def test_a_network_that_was_never_scored_is_missing_in_the_scores_of_a_comparison(
    poison: Callable[[set[int], int], None], tmp_path: Path
) -> None:
    data = toy_data()
    data = replace(data, test=data.hidden)
    poison({1, 2}, 1)
    list(runs.train("labeled", data, CONFIG, folder=tmp_path / "run"))
    score_run(tmp_path / "run", data)
    rows, _ = read_scores(tmp_path / "run")
    tested = {row["network"] for row in rows if row["split"] == "test"}
    assert tested == {"1", "ensemble"}


@pytest.mark.parametrize("lost", [{1}, {0, 1}])
def test_an_evalnet_that_diverges_in_the_last_step_of_an_epoch_is_lost_alone(
    lost: set[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn: Any = evalnet._learn

    def learn_and_diverge(learner: Learning[Any], *others: Any) -> None:
        learn(learner, *others)
        if learner.step == STEPS:
            for member in lost:
                next(learner.ensemble.networks[member].parameters()).data[0] = math.nan

    monkeypatch.setattr(evalnet, "_learn", learn_and_diverge)
    config = replace(QUICK, members=2, steps=STEPS, generations=1, follow_collapsed=True)
    events = runs.train("im++", toy_data(Task.MULTILABEL), config, folder=tmp_path / "run")
    if lost == {0, 1}:
        with pytest.raises(InputError, match="every network that scores pseudo-labels"):
            list(events)
        return
    told = list(events)
    assert isinstance(told[-1], Finished)
    (said,) = [m for m in messages(told) if "scores pseudo-labels is no longer" in m]
    assert f"Step {STEPS}: a weight of network 1" in said
    assert read_json(tmp_path / "run" / "judge" / "judge.json")["ranking"] == [0]
