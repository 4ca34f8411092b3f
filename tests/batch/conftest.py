"""A small trained ensemble, and images for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_toys import batch_of, write_images

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.batch import Plan
from napari_inconsistency_masks.inference.trained import TrainedEnsemble, load
from toy import QUICK, toy_data


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("models") / "toy"
    list(runs.train("im", toy_data(), QUICK, folder=folder))
    return folder


@pytest.fixture(scope="session")
def ensemble(model: Path) -> TrainedEnsemble:
    return load(model, device="cpu", precision="float32")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of six small images, one of them a calibrated stack of four frames."""
    return write_images(tmp_path / "images")


@pytest.fixture
def plan(model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path) -> Plan:
    return batch_of([images], tmp_path / "out", model, ensemble)
