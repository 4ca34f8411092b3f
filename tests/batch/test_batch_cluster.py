"""A batch on the workers of a dask cluster: the same results, whatever dies."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
import tifffile
from batch_toys import counts, do, toy_frames

from cluster_toys import Machines, kill, machines, readers, until, writers
from napari_inconsistency_masks.batch import Plan, run_batch
from napari_inconsistency_masks.batch.cluster_crew import ClusterCrew
from napari_inconsistency_masks.batch.events import (
    BatchEvent,
    FrameDone,
    ImageDone,
    ImageFailed,
    TileDone,
    Warned,
)
from napari_inconsistency_masks.benchmark.on_worker import greet
from napari_inconsistency_masks.cluster import ConnectionLostError, Job, Team, connected
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.trained import TrainedEnsemble

FRAMES = 60


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with machines(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def cluster(shared_cluster: Machines) -> Iterator[Machines]:
    """Two workers that live; those that a test adds are killed after it."""
    shared_cluster.keep(2)
    yield shared_cluster
    shared_cluster.keep(2)


@pytest.fixture
def images(images: Path) -> Path:
    """More than one can do in a second, and one damaged file."""
    tifffile.imwrite(
        images / "long.tif", toy_frames(FRAMES, 100), imagej=True, metadata={"axes": "TYX"}
    )
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    return images


@pytest.fixture
def expected(plan: Plan, ensemble: TrainedEnsemble) -> dict[str, bytes]:
    """What this process alone makes of the images."""
    do(plan, ensemble)
    made = everything(Path(plan.folder))
    shutil.rmtree(plan.folder)
    return made


def everything(out: Path) -> dict[str, bytes]:
    """All files but those that say when and where: journal, batch.json and the lock.

    Of the report, all but the minute it was made in.
    """
    differ = {"journal.jsonl", "batch.json", "batch.lock"}
    files = [file for file in out.rglob("*") if file.is_file() and file.name not in differ]
    made = {str(file.relative_to(out)): file.read_bytes() for file in files}
    made["report.html"] = re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d", b"", made["report.html"])
    return made


def crew_of(client: object, **options: object) -> ClusterCrew:
    crew = ClusterCrew(client, device="cpu", **options)  # type: ignore[arg-type]
    list(crew.gather())
    return crew


def test_two_workers_give_the_same_files_as_one_process(
    plan: Plan, cluster: Machines, expected: dict[str, bytes]
) -> None:
    with connected(cluster.address, None) as client:
        crew = crew_of(client)
        assert crew.seconds_per_pixel(plan.model) > 0
        events = list(run_batch(plan, crew))
    out = Path(plan.folder)
    assert everything(out) == expected
    assert sum(isinstance(event, FrameDone) for event in events) == 5 + 4 + FRAMES
    pixels = sum(event.pixels for event in events if isinstance(event, TileDone))
    assert pixels == (5 + 4 + FRAMES) * 32**2
    assert [e.image for e in events if isinstance(e, ImageFailed)] == ["damaged.tif"]
    assert json.loads((out / "batch.json").read_text())["device"] == "a cluster (2 on cpu)"


def test_a_worker_that_is_killed_midway_loses_nothing(
    plan: Plan, cluster: Machines, expected: dict[str, bytes]
) -> None:
    out, killed = Path(plan.folder), None
    with connected(cluster.address, None) as client:
        events: list[BatchEvent] = []
        for event in run_batch(plan, crew_of(client)):
            events.append(event)
            if killed is None and isinstance(event, FrameDone) and event.image == "long.tif":
                killed = next(iter(writers(out / "images")))
                kill(killed)
    assert killed is not None
    assert any(process.poll() is not None for process in cluster.workers)
    assert any(isinstance(e, Warned) and "done again" in e.message for e in events)
    assert everything(out) == expected
    assert not list(out.rglob(".part-*"))


def test_a_stop_ends_the_workers_within_a_tile_and_the_rest_is_done_later(
    plan: Plan, ensemble: TrainedEnsemble, cluster: Machines, expected: dict[str, bytes]
) -> None:
    out = Path(plan.folder)
    with connected(cluster.address, None) as client:
        with closing(run_batch(plan, crew_of(client))) as events:
            for event in events:
                if isinstance(event, FrameDone) and event.image == "long.tif":
                    assert writers(out)
                    break
        assert not writers(out)
        assert "not processed yet" in {row["status"] for row in counts(out)}
        assert not (out / "images" / "long_masks.tif").exists()
        list(run_batch(plan, crew_of(client)))
    assert everything(out) == expected


def test_a_scheduler_that_is_gone_is_one_sentence_and_the_rest_is_done_later(
    plan: Plan, ensemble: TrainedEnsemble, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    out = Path(plan.folder)
    (tmp_path / "other").mkdir()
    with (
        machines(tmp_path / "other", workers=1) as other,
        connected(other.address, None) as client,
    ):
        events = run_batch(plan, crew_of(client))
        next(event for event in events if isinstance(event, FrameDone))
        other.scheduler.kill()
        with pytest.raises(ConnectionLostError, match=r"the same command goes on") as lost:
            list(events)
        assert other.address in str(lost.value)
        other.workers[0].wait(60)  # it ends by itself, and leaves nothing behind
    assert not writers(out)
    assert "not processed yet" in {row["status"] for row in counts(out)}
    do(plan, ensemble)
    assert everything(out) == expected


def test_a_client_that_is_gone_ends_the_work(plan: Plan, cluster: Machines) -> None:
    with connected(cluster.address, None) as client:
        events = run_batch(plan, crew_of(client))
        for event in events:
            if isinstance(event, FrameDone) and event.image == "long.tif":
                break
        client.close()
        until(lambda: not writers(Path(plan.folder)), 20)
        with pytest.raises(ConnectionLostError):
            list(events)


def test_a_client_that_closes_just_before_a_job_is_given_is_a_lost_connection(
    cluster: Machines,
) -> None:
    job = Job("greeting", greet, (version("napari-inconsistency-masks"),))
    with connected(cluster.address, None) as client:
        team = Team(client, job)
        while not team.ready:
            team.happened()
        assert team.room
        client.close()
        with pytest.raises(ConnectionLostError, match="the same command goes on"):
            team.give(job)
        team.stop()  # has nobody to ask, and raises nothing


def test_a_job_that_kills_every_worker_is_a_failed_row(
    plan: Plan, images: Path, cluster: Machines
) -> None:
    out = Path(plan.folder)
    cluster.keep(4)
    with connected(cluster.address, None) as client:
        events = []
        for event in run_batch(plan, crew_of(client)):
            events.append(event)
            if isinstance(event, FrameDone) and event.image == "long.tif":
                for process in readers(images / "long.tif", writers(out / "images")):
                    kill(process)  # and none that does another image meanwhile
    failed = {e.image: e.reason for e in events if isinstance(e, ImageFailed)}
    assert failed["long.tif"].startswith("3 workers ended while they worked on it")
    assert sum(isinstance(event, ImageDone) for event in events) == 6
    assert not list(out.rglob(".part-*"))


def test_a_worker_with_other_networks_is_left_out_by_name(
    plan: Plan, model: Path, cluster: Machines, expected: dict[str, bytes]
) -> None:
    with connected(cluster.address, None) as client:
        crew = crew_of(client)
        moved = Plan.from_json(plan.to_json())
        moved.model.__dict__["sha256"] = "0" * 64
        with pytest.raises(
            InputError, match=r"Worker tcp://.* is left out: it sees other networks"
        ):
            list(run_batch(moved, crew))


def test_one_of_two_workers_that_does_not_see_the_folder_is_left_out(
    plan: Plan, cluster: Machines, expected: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Path(plan.folder)
    cluster.add("--preload=hide_folder", NAPARI_IM_HIDDEN=str(hidden))
    with connected(cluster.address, None) as client:
        until(lambda: len(client.nthreads()) == 3)
        events = list(run_batch(plan, crew_of(client)))
    notes = [event.message for event in events if isinstance(event, Warned)]
    assert sum(f"it does not see the folder {hidden}" in note for note in notes) == 1
    assert everything(hidden) == expected


def test_threads_of_a_worker_are_not_workers(
    plan: Plan, cluster: Machines, expected: dict[str, bytes]
) -> None:
    cluster.add("--nthreads=4")
    with connected(cluster.address, None) as client:
        until(lambda: sum(client.nthreads().values()) == 6)
        most = 0
        for event in run_batch(plan, crew_of(client, threads=1)):
            if isinstance(event, FrameDone):
                most = max(most, *(len(keys) for keys in client.processing().values()))
    assert most == 1
    assert everything(Path(plan.folder)) == expected


def test_parts_of_a_long_stack_go_to_several_workers(
    plan: Plan,
    ensemble: TrainedEnsemble,
    cluster: Machines,
    expected: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_inconsistency_masks.batch import plan as plans

    monkeypatch.setattr(plans, "UNIT_PIXELS", 40 * 32**2)
    with connected(cluster.address, None) as client:
        list(run_batch(plan, crew_of(client)))
    assert everything(Path(plan.folder)) == expected
    assert not (Path(plan.folder) / "parts").exists()
