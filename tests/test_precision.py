"""In which precision networks are computed."""

from __future__ import annotations

import pytest
import torch

from napari_inconsistency_masks.devices import choose_precision


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": False}, torch.float32),
    ],
)
def test_a_processor_with_instructions_for_bfloat16_uses_them(
    capabilities: dict[str, bool], expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert choose_precision(torch.device("cpu")) is expected
    assert choose_precision(torch.device("cpu"), "float32") is torch.float32
    assert choose_precision(torch.device("cpu"), "bfloat16") is torch.bfloat16


def test_a_torch_that_does_not_know_the_processor_computes_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert choose_precision(torch.device("cpu")) is torch.float32
