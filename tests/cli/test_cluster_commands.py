"""``--scheduler`` and ``--cluster`` as a person uses them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from cluster_toys import machines
from napari_inconsistency_masks import runs
from napari_inconsistency_masks.cli import app
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.task import Task
from toy import QUICK, toy_data, toy_sample

FRAMES = 60
WAITING = "Waiting for workers.\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "toy"
    list(runs.train("labeled", toy_data(), QUICK, folder=folder))
    return folder


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    frames = [toy_sample(Task.MULTILABEL, number).image[0] for number in range(FRAMES)]
    tifffile.imwrite(
        tmp_path / "movie.tif", np.stack(frames), imagej=True, metadata={"axes": "TYX"}
    )
    return tmp_path / "movie.tif"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A cluster file of one worker, here."""
    file = tmp_path / "local.yaml"
    file.write_text("kind: local\nworkers: 1\n", "utf-8")
    return file


def started(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "napari_inconsistency_masks", *map(str, words)]
    pipe = subprocess.PIPE
    new = {} if sys.platform == "win32" else {"process_group": 0}
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": path}
    made: subprocess.Popen[str] = subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=environment, **new
    )
    return made


def until_frame(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "FrameDone":
            return
    raise AssertionError(process.stderr.read() if process.stderr else "")


def test_a_cluster_that_is_started_gives_the_same_results(
    model: Path, movie: Path, local: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    words = ("--write", "masks,cells,report", "--device", "cpu", "--threads", 1)
    here, there = tmp_path / "here", tmp_path / "there"
    done = CliRunner().invoke(app, ["batch", *map(str, (model, movie, "-o", here, *words))])
    assert done.exit_code == 0
    process = started("batch", model, movie, "-o", there, *words, "--cluster", local)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert "with 2 networks on a cluster (1 on cpu)" in errors
    for name in ("counts.csv", "cells.csv", "images/movie_masks.tif"):
        assert (there / name).read_bytes() == (here / name).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for children")
def test_ctrl_c_stops_the_workers_too(
    model: Path, movie: Path, local: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    out = tmp_path / "out"
    process = started("batch", model, movie, "-o", out, "--json", "--cluster", local)
    until_frame(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 130, errors
    assert errors in ("", WAITING)
    assert not list(out.rglob(".part-*"))
    assert [row["status"] for row in read_csv(out / "counts.csv")] == ["not processed yet"]


def test_a_scheduler_that_is_gone_is_exit_code_1_and_one_sentence(
    model: Path, movie: Path, tmp_path: Path
) -> None:
    with machines(tmp_path, workers=1) as cluster:
        words = ("-o", tmp_path / "out", "--json", "--scheduler", cluster.address)
        process = started("batch", model, movie, *words)
        until_frame(process)
        cluster.scheduler.kill()
        _, errors = process.communicate(timeout=100)
    assert process.returncode == 1
    errors = errors.removeprefix(WAITING)
    assert errors.startswith("napari-im: The connection to the scheduler (tcp://")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("command", ["batch", "benchmark", "run"])
def test_without_the_extra_one_sentence_says_how_to_get_it(
    command: str, model: Path, movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    words: dict[str, list[Any]] = {
        "batch": [model, movie, "-o", tmp_path / "out"],
        "run": [model],
        "benchmark": ["--data", _data(tmp_path), "-o", tmp_path / "out", "--test", "0.3"],
    }
    result = CliRunner().invoke(
        app, [command, *map(str, words[command]), "--scheduler", "tcp://127.0.0.1:9"]
    )
    assert isinstance(result.exception, InputError)
    assert 'pip install "napari-inconsistency-masks[cluster]"' in str(result.exception)


def _data(folder: Path) -> Path:
    from study_toys import write_data

    write_data(folder / "data")
    return folder / "data"


def test_without_the_switch_nothing_of_dask_is_loaded(
    model: Path, movie: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from napari_inconsistency_masks.cli import app; "
        "app(sys.argv[1:], standalone_mode=False); "
        "import napari_inconsistency_masks.benchmark, napari_inconsistency_masks.runs; "
        "sys.exit('distributed' in sys.modules)"
    )
    words = ["batch", str(model), str(movie), "-o", str(tmp_path / "out"), "--write", "masks"]
    done = subprocess.run([sys.executable, "-c", code, *words], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
