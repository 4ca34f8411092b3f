"""A comparison on the workers of a dask cluster."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from cluster_toys import kill, machines
from napari_inconsistency_masks.benchmark import Aside, TrialEnded, TrialStarted, TrialStep
from napari_inconsistency_masks.benchmark.scoring import IMAGES
from napari_inconsistency_masks.cluster import connected
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.plans import only_here
from study_toys import make, weights, write_data


def test_trained_on_workers_one_of_which_dies_all_is_as_trained_here(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data")
    here = make(data, tmp_path / "here", runs=1)
    list(here.run(jobs=2, threads=1))
    there = make(data, tmp_path / "there", runs=1)
    (tmp_path / "cluster").mkdir()
    with (
        machines(tmp_path / "cluster") as cluster,
        connected(cluster.address, None) as client,
    ):
        events, killed = [], ""
        for event in there.run(threads=1, client=client):
            events.append(event)
            if not killed and isinstance(event, TrialStep) and event.event["event"] == "EpochEnd":
                worker, keys = max(client.processing().items(), key=lambda item: len(item[1]))
                assert len(keys) == 1
                killed = worker
                kill(client.run(os.getpid, workers=[worker])[worker])
    ended = [event for event in events if isinstance(event, TrialEnded)]
    assert [event.failed for event in ended] == ["", ""]
    assert sum(isinstance(event, TrialStarted) for event in events) == 2
    assert any(isinstance(e, Aside) and killed in e.message for e in events)
    assert weights(there.folder) == weights(here.folder)
    assert len(weights(here.folder)) == 2 + 4
    for trial in here.trials:
        found = [trial.folder(each.folder) / IMAGES for each in (here, there)]
        assert found[0].read_bytes() == found[1].read_bytes()
    assert (there.folder / "table.md").is_file()


def test_a_stop_ends_and_saves_what_runs(tmp_path: Path) -> None:
    study = make(write_data(tmp_path / "data"), tmp_path / "study", recipes="im", runs=1)
    (tmp_path / "cluster").mkdir()
    with (
        machines(tmp_path / "cluster", workers=1) as cluster,
        connected(cluster.address, None) as client,
    ):
        with closing(study.run(threads=1, client=client)) as events:
            for event in events:
                if isinstance(event, TrialStep) and event.event["event"] == "EpochEnd":
                    break
        with only_here(study.trials[0].folder(study.folder)):
            pass  # nobody is at it
        ended = [e for e in study.run(threads=1, client=client) if isinstance(e, TrialEnded)]
    assert [event.failed for event in ended] == [""]


def test_a_worker_that_does_not_see_the_folder_is_no_help(tmp_path: Path) -> None:
    study = make(write_data(tmp_path / "data"), tmp_path / "study", recipes="im", runs=1)
    (tmp_path / "cluster").mkdir()
    with machines(tmp_path / "cluster", workers=0) as cluster:
        cluster.add("--preload=hide_folder", NAPARI_IM_HIDDEN=str(study.folder))
        said = r"does not see the folder .*study; it must be"
        with connected(cluster.address, None) as client, pytest.raises(InputError, match=said):
            list(study.run(client=client))
