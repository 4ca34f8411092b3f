"""Commands as processes of their own: signals, the life line of standard input, the service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.batch.model import checksum
from napari_inconsistency_masks.cli.stopping import STOPPED
from napari_inconsistency_masks.data.synthetic import load_synthetic
from napari_inconsistency_masks.inference.listing import network_files
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import Finished
from toy import QUICK, toy_data, toy_sample

LONG = {"epochs": 1000, "steps": 50, "members": 1, "teachers": 1, "generations": 0}


@contextmanager
def started(*words: object, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A command in a process that does not outlive the test."""
    command = [sys.executable, "-m", "napari_inconsistency_masks", *map(str, words)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def long_run(tmp_path: Path) -> Path:
    """A run folder whose training takes hours."""
    from dataclasses import replace

    data = load_synthetic(images=4, labeled=2, validation=1, test=0, size=(64, 64))
    return plans.create(tmp_path / "run", "labeled", data, replace(QUICK, **LONG))


def wait_for(process: subprocess.Popen[str], event: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == event:
            return
    pytest.fail(f"the process ended before {event}")


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "end of input"])
def test_a_stopped_run_saves_itself_and_says_so(long_run: Path, how: str) -> None:
    if os.name == "nt" and how.startswith("SIG"):
        pytest.skip("Windows sends children no signals")
    with started("run", long_run, "--json", "--end-with-input") as process:
        wait_for(process, "StepEnd")
        if how == "end of input":
            assert process.stdin is not None
            process.stdin.close()
        else:
            process.send_signal(getattr(signal, how))
        assert process.wait(60) == STOPPED
    assert (long_run / "state.safetensors").exists()
    last = (long_run / "events.jsonl").read_text().splitlines()[-1]
    assert json.loads(last) == {"event": "Stopped"}


def test_without_being_told_the_end_of_input_means_nothing(tmp_path: Path) -> None:
    data = load_synthetic(images=4, labeled=2, validation=1, test=0, size=(64, 64))
    folder = plans.create(tmp_path / "run", "labeled", data, QUICK)
    with started("run", folder, "--json") as process:
        out, _ = process.communicate("", timeout=120)
        assert process.returncode == 0
        assert json.loads(out.splitlines()[-1])["event"] == "Finished"


@pytest.mark.parametrize("after", ["Started", "StepEnd", "EpochEnd"])
def test_killed_at_any_moment_a_run_goes_on_to_the_same_weights(after: str, tmp_path: Path) -> None:
    from test_runs import networks, same

    data = load_synthetic(images=6, labeled=3, validation=1, test=0, size=(64, 64))
    config = QUICK
    list(runs.train("im", data, config, folder=tmp_path / "whole"))
    folder = plans.create(tmp_path / "killed", "im", data, config)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with started("run", folder, "--json", "--threads", 1, env=environment) as process:
        wait_for(process, after)
        process.kill()
        process.wait()
    *_, last = runs.resume(folder)
    assert isinstance(last, Finished)
    assert same(networks(folder), networks(tmp_path / "whole"))


def test_refusals_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with started("run", tmp_path, stderr=subprocess.PIPE) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.startswith("napari-im: ")
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1


def test_the_service_predicts_until_its_input_ends(tmp_path: Path) -> None:
    list(runs.train("im", toy_data(), QUICK, folder=tmp_path / "run"))
    images = np.stack([toy_sample(Task.MULTILABEL, n).image for n in range(3)])  # (N, C, Y, X)
    np.save(tmp_path / "images.npy", images)
    (tmp_path / "out").mkdir()
    request = {"do": "predict", "run": str(tmp_path / "run"), "out": str(tmp_path / "out")}
    requests = [
        {"id": 1, **request, "image": str(tmp_path / "images.npy")},
        {"id": 2, **request, "image": str(tmp_path / "missing.npy")},
        {"id": 3, "do": "dance"},
    ]
    with started("serve") as process:
        out, _ = process.communicate("".join(json.dumps(r) + "\n" for r in requests), timeout=120)
        assert process.returncode == 0
    answers = [json.loads(line) for line in out.splitlines()]
    first = [answer for answer in answers if answer["id"] == 1]
    assert [a["answer"] for a in first] == ["ready", "frame", "frame", "frame", "done"]
    assert first[0]["networks"] == checksum(network_files(tmp_path / "run"))
    assert [answer["answer"] for answer in answers if answer["id"] == 2] == ["ready", "failed"]
    assert [answer["answer"] for answer in answers if answer["id"] == 3] == ["failed"]
    shapes = {
        name: np.load(tmp_path / "out" / f"{name}.npy").shape
        for name in ("classes", "inconsistency", "votes")
    }
    assert shapes == {
        "classes": (3, 3, 32, 32),
        "inconsistency": (3, 3, 32, 32),
        "votes": (3, 32, 32),
    }
    masks = np.load(tmp_path / "out" / "inconsistency.npy").any(1)
    assert first[1]["inconsistent"] == pytest.approx(float(masks[0].mean()))
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "votes.npy") > 0, masks)
