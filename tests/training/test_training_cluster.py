"""The networks of a generation, trained on the workers of a dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_toys import Machines, kill, machines
from napari_inconsistency_masks import runs
from napari_inconsistency_masks.cluster import connected
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.training import checks
from napari_inconsistency_masks.training.events import Checking, EpochEnd, StepEnd, Warned
from study_toys import weights, write_data
from toy import QUICK

CONFIG = replace(QUICK, patch=32, epochs=3, device="cpu")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Each test says how many workers there are; those of before have imported everything."""
    with machines(tmp_path_factory.mktemp("cluster"), workers=0) as started:
        yield started


@pytest.mark.parametrize("recipe", ["im", "unimatch"])
def test_members_learn_the_same_on_workers_one_of_which_dies(
    recipe: str, cluster: Machines, tmp_path: Path
) -> None:
    data = write_data(tmp_path / "data")
    here, there = tmp_path / "here", tmp_path / "there"
    list(runs.train(recipe, data, CONFIG, folder=here))
    cluster.keep(2)
    killed = False
    warned, epochs = [], []
    with connected(cluster.address, None) as client:
        for event in runs.train(recipe, data, CONFIG, folder=there, client=client):
            warned += [event.message] if isinstance(event, Warned) else []
            epochs += [event] if isinstance(event, EpochEnd) else []
            busy = [each for each, keys in client.processing().items() if keys]
            if epochs and not killed and busy and isinstance(event, StepEnd):
                kill(client.run(os.getpid, workers=busy[:1])[busy[0]])
                killed = True
    assert killed
    assert weights(there) == weights(here)
    assert (there / "metrics.csv").read_text().count("\n") == 1 + 2 * len(epochs)
    assert not (there / "members").exists()
    odd = [
        message for message in warned if "Worker" in message and "again elsewhere" not in message
    ]
    assert odd == []


def test_a_run_goes_from_here_to_a_cluster_and_back(cluster: Machines, tmp_path: Path) -> None:
    data = write_data(tmp_path / "data")
    here, there = tmp_path / "here", tmp_path / "there"
    list(runs.train("labeled", data, CONFIG, folder=here))
    events = runs.train("labeled", data, CONFIG, folder=there)
    next(event for event in events if isinstance(event, StepEnd))
    events.close()  # in the middle of an epoch
    cluster.keep(1)
    with connected(cluster.address, None) as client:
        events = runs.resume(there, client=client)
        next(event for event in events if isinstance(event, EpochEnd))
        events.close()
    list(runs.resume(there))
    assert weights(there) == weights(here)


def test_a_stop_in_a_check_that_takes_long_loses_nothing(
    cluster: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TOLD_EVERY", -1.0)
    data = write_data(tmp_path / "data")
    here, there = tmp_path / "here", tmp_path / "there"
    list(runs.train("labeled", data, CONFIG, folder=here))
    cluster.keep(1)
    with connected(cluster.address, None) as client:
        events = runs.train("labeled", data, CONFIG, folder=there, client=client)
        next(event for event in events if isinstance(event, EpochEnd))
        next(event for event in events if isinstance(event, Checking))
        events.close()
        rest = list(runs.resume(there, client=client))
    first = next(event for event in rest if isinstance(event, StepEnd | EpochEnd))
    assert first.epoch == 1
    assert weights(there) == weights(here)


def test_a_time_limit_is_for_one_computer(cluster: Machines, tmp_path: Path) -> None:
    config: TrainConfig = replace(CONFIG, minutes=1.0)
    cluster.keep(0)
    with connected(cluster.address, None) as client:
        events = runs.train(
            "labeled", write_data(tmp_path / "data"), config, folder=tmp_path / "run", client=client
        )
        with pytest.raises(InputError, match=r"time limit \(minutes\) is done on one computer"):
            list(events)
