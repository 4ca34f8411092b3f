"""The file of ``--cluster``: which cluster to start, and with what."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError

LOCAL = "local"
QUEUES = {
    "htcondor": "HTCondorCluster",
    "lsf": "LSFCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "slurm": "SLURMCluster",
}
"""What ``kind`` may be besides `LOCAL`, and the class of dask-jobqueue."""

NO_FIXED_PORT = "localhost:0"
"""For the web page of a scheduler: dask's own 8787 warns wherever another one uses it."""

_KEYS = {"kind", "workers", "options"}


@dataclass(frozen=True)
class ClusterFile:
    """What such a file says.

    Attributes
    ----------
    path
        The file, for messages.
    kind
        `LOCAL` or a key of `QUEUES`.
    workers
        How many workers to keep, each a job of the queue, or a process here.
    options
        For the class of dask-jobqueue, or `distributed.LocalCluster`, as they are.
    """

    path: Path
    kind: str
    workers: int
    options: dict[str, Any]

    def make(self) -> Any:
        """Start a cluster without workers yet (`LOCAL`: with them); `close` ends it.

        Raises
        ------
        InputError
            If dask-jobqueue is missing, or refuses the options.
        """
        try:
            if self.kind == LOCAL:
                return self._local()
            import dask_jobqueue

            usual = {"processes": 1, "scheduler_options": {"dashboard_address": NO_FIXED_PORT}}
            return getattr(dask_jobqueue, QUEUES[self.kind])(**{**usual, **self.options})
        except ImportError:
            raise InputError(
                f"{self.path}: kind {self.kind} needs dask-jobqueue; install it: python -m pip "
                f'install "napari-inconsistency-masks[cluster]".'
            ) from None
        except (TypeError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error.__cause__ or error).split())
            raise InputError(f"{self.path}: {self.kind} refuses these options: {reason}") from None

    def _local(self) -> Any:
        from distributed import LocalCluster

        usual = {
            "threads_per_worker": 1,
            "dashboard_address": NO_FIXED_PORT,
            "preload": ["import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"],
        }  # Ctrl-C is for this process, which stops them in order
        return LocalCluster(n_workers=self.workers, processes=True, **{**usual, **self.options})


def read_cluster_file(path: Path) -> ClusterFile:
    """Read and check a file; `InputError` says what is wrong with it."""
    import yaml

    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no YAML ({' '.join(str(error).split())}).") from None
    if not isinstance(values, dict) or "kind" not in values:
        raise InputError(f"{path}: should say a kind, as 'kind: slurm'.")
    unknown = sorted(map(str, values.keys() - _KEYS))
    if unknown:
        raise InputError(
            f"{path}: {unknown[0]} is not known; there are kind, workers and options, and what the "
            f"queue is to be told goes below options."
        )
    kind, workers, options = values["kind"], values.get("workers", 1), values.get("options") or {}
    if kind not in (LOCAL, *QUEUES):
        raise InputError(f"{path}: kind {kind!r} should be one of {', '.join((LOCAL, *QUEUES))}.")
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise InputError(f"{path}: workers = {workers!r} should be a whole number above 0.")
    if not isinstance(options, dict):
        raise InputError(f"{path}: options should be names and values, one a line.")
    return ClusterFile(path, kind, workers, options)


@contextmanager
def start_cluster(path: Path) -> Iterator[Any]:
    """Start the cluster of a file, and end it with its workers.

    A worker that ends, as at its time limit in a queue, is replaced.
    """
    described = read_cluster_file(path)
    with described.make() as cluster:
        _refuse_without_queue(described, cluster)
        if described.kind != LOCAL:
            cluster.adapt(minimum_jobs=described.workers, maximum_jobs=described.workers)
        yield cluster


def _refuse_without_queue(described: ClusterFile, cluster: Any) -> None:
    if described.kind == LOCAL:
        return
    command = shlex.split(cluster.job_cls.submit_command)[0]
    if shutil.which(command) is None:
        raise InputError(
            f"{described.path}: kind {described.kind} submits jobs by {command}, which is not on "
            f"this computer; start it where you submit jobs."
        )
