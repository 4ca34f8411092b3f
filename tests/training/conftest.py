"""Fixtures of the tests of trainings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_inconsistency_masks import runs
from toy import QUICK, toy_data

GOOD = replace(QUICK, generations=0, epochs=8, steps=20, batch=8, loss="dice")


@pytest.fixture(scope="session")
def good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of networks that learned what there is to learn from ``toy_data(labeled=16)``."""
    folder = tmp_path_factory.mktemp("good") / "run"
    list(runs.train("labeled", toy_data(labeled=16), GOOD, folder=folder))
    return folder
