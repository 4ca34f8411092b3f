"""Workers with another version of this package, whose results would be others."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from napari_inconsistency_masks.batch.on_worker import greet as greet_for_batch
from napari_inconsistency_masks.benchmark.on_worker import greet as greet_for_comparison
from napari_inconsistency_masks.cluster import UnfitError
from napari_inconsistency_masks.sessions.on_worker import _greet as greet_for_training

DESK = SimpleNamespace(turn=0, threads=1)


@pytest.mark.parametrize(
    "greet",
    [
        lambda version: greet_for_batch(DESK, version, "cpu", "float32"),
        lambda version: greet_for_comparison(DESK, version),
        lambda version: greet_for_training(DESK, version),
    ],
)
def test_a_worker_of_another_version_is_left_out(greet: Callable[[str], Any]) -> None:
    with pytest.raises(UnfitError, match=r"has napari-inconsistency-masks .+ this computer 0\.0"):
        greet("0.0")
