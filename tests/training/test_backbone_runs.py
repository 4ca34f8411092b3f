"""Complete runs of other networks than the U-Net."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.nets import dinov2, dpt, resnet
from napari_inconsistency_masks.nets.backbones import NETWORKS
from napari_inconsistency_masks.training.events import Finished
from toy import QUICK, toy_data


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resnet, "DEPTHS", (1, 1, 1, 1))
    monkeypatch.setattr(dinov2, "DIMENSION", 48)
    monkeypatch.setattr(dpt, "DIMENSION", 48)


@pytest.mark.parametrize("network", ["resnet50", "dinov2"])
def test_other_networks_learn_label_and_are_loaded_again(network: str, tmp_path: Path) -> None:
    config = replace(QUICK, network=network, members=2, generations=1, epochs=1, steps=1, batch=2)
    events = list(runs.train("im", toy_data(), config, folder=tmp_path / "run"))
    assert isinstance(events[-1], Finished)
    ensemble = load(tmp_path / "run")
    assert ensemble.card.architecture.network == network
    assert type(ensemble.networks.networks[0]) is NETWORKS[network]


def test_networks_of_another_kind_are_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    config = replace(QUICK, network="resnet50", generations=0, epochs=1, steps=1, batch=2)
    list(runs.train("labeled", toy_data(), config, folder=old))
    _, usual = plans.retraining(old, toy_data())
    with pytest.raises(InputError, match="are of the kind 'resnet50', and the settings say 'unet'"):
        next(runs.retrain(old, toy_data(), replace(usual, network="unet"), folder=new))
    assert not new.exists()
    alone = old / "generation-0"  # networks without a run, of which only the files tell
    _, found = plans.retraining(alone, toy_data())
    assert found.network == "resnet50"
    as_teachers = replace(usual, network="unet", warm_start=False)
    plans.create(new, "im", toy_data(), as_teachers, start_from=old)


def test_a_run_finds_its_weights_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = replace(QUICK, network="dinov2", encoder_weights="some.safetensors")
    plans.create(tmp_path / "run", "im", toy_data(), config)
    read = plans.read_plan(tmp_path / "run").config
    assert read == replace(config, encoder_weights=str(tmp_path / "some.safetensors"))


def test_a_missing_file_of_weights_is_named(tmp_path: Path) -> None:
    config = replace(QUICK, network="dinov2", encoder_weights=str(tmp_path / "gone.safetensors"))
    with pytest.raises(InputError, match=r"gone\.safetensors: there is no such file of weights"):
        list(runs.train("labeled", toy_data(), config, folder=tmp_path / "run"))
