"""The file of ``--cluster``, and clusters that are started from it."""

from __future__ import annotations

import os
import socket
import stat
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from napari_inconsistency_masks.cluster import Desk, Job, Team, connected
from napari_inconsistency_masks.cluster.file import read_cluster_file
from napari_inconsistency_masks.errors import InputError

pytest.importorskip("distributed", reason="needs the extra 'cluster'")

SLURM = """
kind: slurm
workers: 2
options:
  queue: gpu
  account: lab42
  cores: 4
  memory: 2GB
  walltime: "08:00:00"
  job_extra_directives: ["--gres=gpu:1"]
  job_script_prologue: ["echo ready"]
  interface: lo
  python: PYTHON
  local_directory: FOLDER
  log_directory: FOLDER
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "cluster.yaml"
    text = text.replace("PYTHON", sys.executable).replace("FOLDER", str(folder))
    file.write_text(text, "utf-8")
    return file


def me(desk: Desk) -> dict[str, int]:
    return {"process": os.getpid(), "threads": desk.threads}


def greetings(file: Path, number: int) -> list[dict[str, int]]:
    """What some workers of a cluster that is started say."""
    with connected(None, file) as client:
        team = Team(client, Job("greeting", me))
        while len(team.ready) < number:
            team.happened()
        team.stop()
        return list(team.ready)


def test_the_job_of_a_queue_is_what_the_file_says(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    with read_cluster_file(written(tmp_path, SLURM)).make() as cluster:
        script = cluster.job_script()
    for line in (
        "#SBATCH -p gpu",
        "#SBATCH -A lab42",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --mem=2G",
        "#SBATCH -t 08:00:00",
        "#SBATCH --gres=gpu:1",
        "echo ready",
    ):
        assert f"{line}\n" in script
    assert "--nthreads 4" in script
    assert "--nworkers" not in script  # one process in each job, however many cores


@pytest.mark.parametrize("text", ["kind: local", SLURM])
def test_another_dask_on_this_computer_is_no_trouble(tmp_path: Path, text: str) -> None:
    if "slurm" in text:
        pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    with socket.socket() as other:
        with suppress(OSError):  # then there is another one
            other.bind(("", 8787))
            other.listen()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_cluster_file(written(tmp_path, text)).make().close()


def test_workers_come_from_jobs_that_are_submitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    programs = {
        # as the real one, it copies the script, which is gone as soon as this returns
        "sbatch": '#!/bin/sh\ncp "$1" FOLDER/job-$$.sh\nbash FOLDER/job-$$.sh >/dev/null 2>&1 &\n'
        "echo Submitted batch job $!\n",
        "scancel": '#!/bin/sh\necho "$1" >> FOLDER/ended\npkill -P "$1"; kill "$1"\n',
    }
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        program = tmp_path / "bin" / name
        program.write_text(text.replace("FOLDER", str(tmp_path)))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    found = greetings(written(tmp_path, SLURM), 2)
    assert len({each["process"] for each in found}) == 2
    assert [each["threads"] for each in found] == [4, 4]
    assert len((tmp_path / "ended").read_text().split()) == 2


def test_workers_of_a_local_cluster_are_processes_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    found = greetings(written(tmp_path, "kind: local\nworkers: 2\n"), 2)
    assert len({each["process"] for each in found} | {os.getpid()}) == 3
    assert [each["threads"] for each in found] == [1, 1]


def test_a_queue_that_is_not_here_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="submits jobs by sbatch, which is not on this computer"):
        greetings(written(tmp_path, SLURM), 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- slurm", "should say a kind"),
        ("kind: slum", "'slum' should be one of local, htcondor"),
        ("kind: slurm\nqueue: gpu", "queue is not known; there are kind, workers and options"),
        ("kind: local\nworkers: 0", "workers = 0 should be a whole number above 0"),
        ("kind: local\noptions: [a]", "options should be names and values"),
        ("kind: [", "is no YAML"),
    ],
)
def test_what_a_file_cannot_say_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)
    with pytest.raises(InputError, match=said) as refused:
        read_cluster_file(file).make().close()
    assert str(file) in str(refused.value)


def test_options_that_the_queue_refuses_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobqueue = pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")

    def refuse(**options: object) -> None:
        raise ValueError(f"no {sorted(options)}\nplease")

    monkeypatch.setattr(jobqueue, "SLURMCluster", refuse)
    file = written(tmp_path, "kind: slurm\noptions: {speed: 3}")
    with pytest.raises(InputError, match=r"slurm refuses these options: no \[.*'speed'\] please"):
        read_cluster_file(file).make()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.yaml: cannot be read"):
        read_cluster_file(tmp_path / "nothing.yaml")


def test_nobody_at_an_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_inconsistency_masks.cluster.connect.ANSWER_WITHIN", 0.5)
    said = r"tcp://127\.0\.0\.1:9: no dask scheduler answers there"
    with pytest.raises(InputError, match=said), connected("tcp://127.0.0.1:9", None):
        pass


def test_a_scheduler_and_a_file_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give one of them"), connected("tcp://a:1", tmp_path):
        pass


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = r'install it here and on all workers: python -m pip install "napari-.*\[cluster\]"'
    with pytest.raises(InputError, match=said), connected("tcp://127.0.0.1:9", None):
        pass
