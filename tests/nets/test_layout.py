"""How images lie in memory: channels last, but not on Apple's GPUs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import nn

from napari_inconsistency_masks import devices
from napari_inconsistency_masks.method_config import U2plConfig
from napari_inconsistency_masks.methods import partner, u2pl
from napari_inconsistency_masks.nets import dinov2
from napari_inconsistency_masks.nets import ensemble as ensembles
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.task import LabelScheme, Task

LAYOUTS = {"cpu": torch.channels_last, "cuda": torch.channels_last, "mps": torch.contiguous_format}


@pytest.mark.parametrize(("device", "expected"), LAYOUTS.items())
def test_channels_are_last_but_on_apples_gpus(device: str, expected: torch.memory_format) -> None:
    assert devices.layout(torch.device(device)) == expected


@pytest.fixture
def apple(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is computed lies in memory as on an Apple GPU."""
    mps = devices.layout(torch.device("mps"))
    for module in (dinov2, ensembles, partner, u2pl):
        monkeypatch.setattr(module, "layout", lambda _: mps)


def kernels(*modules: nn.Module) -> list[torch.Tensor]:
    weights = [p for module in modules for p in module.parameters()]
    return [p for p in weights if p.dim() == 4 and p.shape[1] > 1 and p.shape[-1] > 1]


@pytest.mark.usefixtures("apple")
@pytest.mark.parametrize("network", ["unet", "resnet50", "dinov2"])
def test_no_image_that_is_normalized_has_its_channels_last(
    network: str, small_backbones: None
) -> None:
    ensemble = Ensemble.create(Architecture(3, 2, 0.25, network), 1, seed=0)
    ensemble.place("cpu", torch.float32).train()
    seen: list[bool] = []

    def look(_: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        seen.append(given[0].is_contiguous())

    for module in ensemble.modules():
        if isinstance(module, nn.BatchNorm2d | nn.Conv2d):
            module.register_forward_pre_hook(look)
    side = 2 * ensemble.divisor
    images = torch.rand(2, 3, side, side).contiguous(memory_format=torch.channels_last)
    ensemble(images[None]).sum().backward()
    assert seen
    assert all(seen)
    assert all(kernel.is_contiguous() for kernel in kernels(ensemble))


@pytest.mark.usefixtures("apple")
def test_what_learns_beside_a_network_lies_in_memory_like_it() -> None:
    ensemble = Ensemble.create(Architecture(1, 2, 0.25), 1, seed=0)
    ensemble.place("cpu", torch.float32)
    scheme = LabelScheme(Task.MULTILABEL, ("a", "b"), None)
    method = u2pl.U2pl(cast(Any, SimpleNamespace()), scheme, U2plConfig())
    beside = [
        *method.beside(ensemble, (0, 0)),
        *partner.make_partners(ensemble, 1.0, (0, 0), None),
    ]
    assert len(kernels(*beside)) > 10
    assert all(kernel.is_contiguous() for kernel in kernels(*beside))
