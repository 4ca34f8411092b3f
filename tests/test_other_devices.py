"""Where there is a GPU, everything is put on it that has to be there, and comes back."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from test_runs import networks

from emulated_gpu import INFO, OnEmulated
from method_steps import make_bench
from napari_inconsistency_masks import devices, runs
from napari_inconsistency_masks.cli.doctor import examine
from napari_inconsistency_masks.devices import DeviceInfo
from napari_inconsistency_masks.inference.evaluate import evaluate
from napari_inconsistency_masks.inference.image import predict
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.methods import METHODS
from napari_inconsistency_masks.methods.base import Losses, Step
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import Finished
from napari_inconsistency_masks.training.fit import train_step
from toy import QUICK, toy_data, toy_sample


def test_what_the_emulated_gpu_refuses(emulated: torch.device) -> None:
    there, here = torch.ones(2, 3, device=emulated), torch.ones(2, 3)
    assert isinstance(there, OnEmulated)
    assert there.device == emulated
    assert torch.equal((there + there).cpu(), here + here)
    assert there[torch.tensor([1])].shape == (1, 3)
    assert (there * torch.tensor(2.0)).sum().item() == 12
    for mixed in (
        lambda: there + here,
        lambda: here[there > 0],
        lambda: torch.stack([here, there]),
    ):
        with pytest.raises(RuntimeError, match="some on the CPU"):
            mixed()
    with pytest.raises(RuntimeError, match="numpy"):
        there.numpy()
    with pytest.raises(TypeError, match="float64"):
        there.double()


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_the_same_as_on_the_cpu(
    name: str, task: Task, emulated: torch.device
) -> None:
    losses = []
    for bench in (make_bench(name, task), make_bench(name, task, device=emulated)):
        steps = [train_step(bench.learner, bench.batches, bench.method, 4) for _ in range(2)]
        losses.append(np.array(steps, float))  # (steps, E)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


RUNS = {
    "aim++": replace(QUICK, precision="bfloat16"),
    "u2pl+im": QUICK,
    "unimatch-v2": replace(QUICK, network="dinov2", steps=2, precision="bfloat16"),
    "im": replace(QUICK, network="resnet50", epochs=1, steps=2),
}


@pytest.mark.parametrize("recipe", RUNS)
def test_runs_end_there_and_their_networks_work_anywhere(
    recipe: str, emulated: torch.device, small_backbones: None, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    config = replace(RUNS[recipe], device=INFO.key)
    events = list(runs.train(recipe, toy_data(), config, folder=folder))
    assert isinstance(events[-1], Finished)
    there, here = (load(folder, device=key, precision="float32") for key in (INFO.key, "cpu"))
    assert there.networks.device == emulated
    samples = [toy_sample(Task.MULTILABEL, number) for number in range(90, 93)]
    image = samples[0].image
    np.testing.assert_allclose(
        predict(there, image).probability, predict(here, image).probability, atol=1e-5
    )
    assert evaluate(there, samples) == evaluate(here, samples)


def test_a_training_goes_on_where_another_one_began(
    emulated: torch.device, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = replace(QUICK, device="auto", precision="float32")
    for folder, leaves in (("whole", None), ("moved", 5)):
        training = runs.train("im", toy_data(), config, folder=tmp_path / folder)
        list(islice(training, leaves))
        training.close()
    assert f'"device": "{INFO.key}"' in (tmp_path / "moved/events.jsonl").read_text("utf-8")
    monkeypatch.setattr(devices, "list_devices", lambda: ([DeviceInfo("cpu", "CPU")], []))
    assert isinstance(list(runs.resume(tmp_path / "moved", toy_data()))[-1], Finished)
    moved, whole = (networks(tmp_path / folder) for folder in ("moved", "whole"))
    assert moved.keys() == whole.keys()


def test_lack_of_memory_lets_each_network_learn_alone(
    emulated: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, alone = (make_bench("fixmatch", Task.MULTILABEL, device=emulated) for _ in range(2))
    expected = train_step(together.learner, together.batches, together.method, 4)
    losses = alone.method.losses

    def lacking(step: Step) -> Losses:
        if len(step.ensemble) > 1:
            raise torch.OutOfMemoryError
        return losses(step)

    monkeypatch.setattr(type(alone.method), "losses", lambda _, step: lacking(step))
    found = train_step(alone.learner, alone.batches, alone.method, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_doctor_compares_it_with_the_cpu(emulated: torch.device) -> None:
    found = {device["key"]: device["says"] for device in examine()["devices"]}
    assert found[INFO.key].startswith("computes right")
