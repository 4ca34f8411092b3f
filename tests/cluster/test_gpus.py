"""Processes that share a computer share its GPUs."""

from __future__ import annotations

import pytest
import torch

from napari_inconsistency_masks.devices import choose_device, gpu_of_turn


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (index, 10))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"GPU {index}")


@pytest.mark.usefixtures("two_gpus")
def test_processes_take_turns_whatever_memory_is_free() -> None:
    assert [choose_device("auto", turn).index for turn in range(4)] == [0, 1, 0, 1]
    assert choose_device("cuda", 1).index == 1
    assert choose_device("cuda:0", 1).index == 0
    assert choose_device("auto").index == 1  # alone: the one with most free memory


@pytest.mark.usefixtures("two_gpus")
def test_children_see_the_gpu_of_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [gpu_of_turn(turn) for turn in range(3)] == ["0", "1", "0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a, GPU-b")
    assert [gpu_of_turn(turn) for turn in range(3)] == ["GPU-a", "GPU-b", "GPU-a"]


def test_without_a_choice_children_see_what_they_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert gpu_of_turn(3) is None
