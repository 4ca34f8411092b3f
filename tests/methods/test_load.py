"""What methods say that they need, against what they make; and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from method_steps import CONFIG, make_bench
from napari_inconsistency_masks import runs
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.method_config import FixMatchConfig, SegkcConfig, U2plConfig
from napari_inconsistency_masks.methods import METHODS
from napari_inconsistency_masks.methods.load import Load, without_values
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training import memory
from napari_inconsistency_masks.training.events import StepEnd, Warned
from napari_inconsistency_masks.training.fit import train_step
from napari_inconsistency_masks.training.memory import (
    MemoryNeed,
    free_memory,
    memory_need,
    prepare_memory,
    scarce_memory,
)
from toy import QUICK, SCHEMES, toy_data

CONFIGS = {
    "as published": CONFIG,
    "changed": replace(
        CONFIG,
        width=0.5,
        fixmatch=FixMatchConfig(teacher=0.9),
        segkc=SegkcConfig(narrow=0.25),
        u2pl=U2plConfig(bank=77),
    ),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=list(CONFIGS))
@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("name", METHODS)
def test_what_is_said_is_what_is_made(name: str, task: Task, config: TrainConfig) -> None:
    bench = make_bench(name, task, config)
    network, made = bench.learner.ensemble.members[0], bench.learner.beside[0]
    said = bench.method.adds(network)
    trained = sum(p.numel() for p in made.parameters() if p.requires_grad)
    fixed = sum(p.numel() for p in made.parameters() if not p.requires_grad)
    assert said.trained == trained
    assert said.kept == fixed + sum(buffer.numel() for buffer in made.buffers())
    partner = getattr(made, "network", None)
    if partner is not None:
        assert said.per_pixel == partner.values_per_pixel


@pytest.mark.parametrize(("width", "precision"), [(0.5, torch.bfloat16), (1.0, torch.float32)])
@pytest.mark.parametrize("name", METHODS)
def test_a_step_takes_the_memory_that_is_said(
    name: str, width: float, precision: torch.dtype
) -> None:
    config = replace(CONFIG, batch=8, width=width)
    bench = make_bench(name, Task.MULTILABEL, config, small=False)
    ensemble = bench.learner.ensemble.place("cpu", precision)
    prepare_memory(bench.method, ensemble, bench.batches.pixels)
    train_step(bench.learner, bench.batches, bench.method, 20)  # now nothing is made for good
    step = bench.step(1, members=(0,))
    with profile(
        activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True
    ) as profiled:
        bench.method.losses(step).total.sum().backward()
    said = memory_need(bench.method, ensemble, bench.batches.pixels).step
    assert most_in_use(profiled) < said < 3.5 * most_in_use(profiled)


def most_in_use(profiled: profile) -> int:
    """Most bytes that were in use at once, of those taken since the beginning."""
    events = [e for e in profiled.profiler.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    return max(accumulate(event.nbytes() for event in events))


def test_methods_that_keep_something_say_so() -> None:
    heavy = set()
    for name, make in METHODS.items():
        scheme = SCHEMES[Task.BINARY]
        method = make(choose_loss("auto", scheme), scheme, TrainConfig())
        network = Ensemble.create(Architecture(1, 1), 1, seed=0).members[0]
        if method.adds(network) != Load():
            heavy.add(name)
    assert heavy == {"fpl", "crossmatch", "imas", "u2pl", "unimatch", "unimatch-v2", "segkc"}


def test_counting_takes_no_memory() -> None:
    made = without_values(lambda: nn.Linear(10**6, 10**6))
    assert made.weight.is_meta
    assert made.weight.numel() == 10**12


def test_the_need_is_that_of_all_that_learns() -> None:
    bench = make_bench("fpl", Task.BINARY)
    ensemble = bench.learner.ensemble
    assert prepare_memory(bench.method, ensemble, 1000) is None
    need = memory_need(bench.method, ensemble, 1000)
    one = sum(p.numel() for p in ensemble.members[0].parameters())
    buffers = sum(b.numel() for b in ensemble.members[0].buffers())
    assert need.held == 2 * 2 * 4 * (4 * one + buffers)  # two members and their partners
    values = ensemble.members[0].values_per_pixel
    assert need.step == 4 * 2 * values * 1000
    ensemble.together = True
    assert memory_need(bench.method, ensemble, 1000).step == 2 * need.step


def test_members_learn_one_by_one_where_what_is_beside_them_does_not_fit() -> None:
    bench = make_bench("segkc", Task.BINARY)
    ensemble = bench.learner.ensemble
    alone = ensemble.training_bytes(1000)
    prepare_memory(bench.method, ensemble, 1000)
    narrow = bench.learner.beside[0].network.values_per_pixel
    assert ensemble.training_bytes(1000) == pytest.approx(alone + 4 * 1000 * narrow)


def test_too_little_memory_is_said_in_numbers() -> None:
    need = MemoryNeed(2**30, 3 * 2**30)
    assert scarce_memory(need, 2**33) is None
    assert scarce_memory(need, None) is None
    said = scarce_memory(need, 2**31)
    assert "About 4.0 GiB" in said
    assert "2.0 GiB are free" in said
    assert free_memory(torch.device("cpu")) > 2**20
    assert free_memory(torch.device("meta")) is None


def test_it_is_said_before_the_first_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _: 1000)
    config = replace(QUICK, generations=0, epochs=1, steps=1)
    events = list(runs.train("fpl", toy_data(), config, folder=tmp_path / "run"))
    said = [n for n, e in enumerate(events) if isinstance(e, Warned) and "are needed" in e.message]
    steps = [n for n, e in enumerate(events) if isinstance(e, StepEnd)]
    assert len(said) == 1
    assert said[0] < steps[0]
