"""The optimizer: its formula, and what it does not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from napari_inconsistency_masks.training.adamw import AdamW

TRAINING = """
import sys
from dataclasses import replace
from napari_inconsistency_masks import runs
from toy import QUICK, toy_data
config = replace(QUICK, epochs=1, steps=1, generations=0)
*_, last = runs.train("labeled", toy_data(), config, folder=sys.argv[1])
print(type(last).__name__, {"torch._dynamo", "sympy"} & set(sys.modules))
"""


def test_a_training_loads_no_compiler(tmp_path: Path) -> None:
    """That would take longer than torch itself."""
    command = [sys.executable, "-c", TRAINING, tmp_path / "run"]
    here = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Finished", "set()"]


def test_steps_are_those_of_adam_with_decoupled_decay() -> None:
    rng = np.random.default_rng(3)
    weights = rng.normal(size=7)
    parameter = nn.Parameter(torch.tensor(weights, dtype=torch.float32))
    optimizer = AdamW([parameter], lr=0.01, eps=1e-7, weight_decay=0.1, fused=True)
    mean, square = np.zeros(7), np.zeros(7)
    for step in range(1, 9):
        gradient, rate = rng.normal(size=7), 0.01 / step
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        assert parameter.grad is None
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        change = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-7)
        weights = weights - rate * (0.1 * weights + change)
        assert parameter.detach().numpy() == pytest.approx(weights, rel=1e-5, abs=1e-6)
        saved = optimizer.state_dict()
        optimizer = AdamW([parameter], lr=0.01, eps=1e-7, weight_decay=0.1, fused=True)
        optimizer.load_state_dict(saved)
