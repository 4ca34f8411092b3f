"""Where a command does its work: on this computer, or on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from .console import err
from .networks import load_ensemble

if TYPE_CHECKING:
    from ..batch.crew import Crew
    from ..inference.trained import TrainedEnsemble

_PANEL = "More than one computer (docs/cluster.md)"
Scheduler = Annotated[
    Optional[str],  # noqa: UP045  typer
    typer.Option(
        help="Work on a dask cluster that runs: the address of its scheduler, as tcp://HOST:8786.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Cluster = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        help="Start a cluster as this YAML file says, as in SLURM, and work on it.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]


def connect(context: typer.Context, scheduler: str | None, cluster: Path | None) -> Any:
    """A client of the cluster that was asked for, until the command ends; None without one."""
    if scheduler is None and cluster is None:
        return None
    from ..cluster import connected

    return context.with_resource(connected(scheduler, cluster))


def batch_crew(
    context: typer.Context,
    run: Path,
    device: str,
    threads: int,
    scheduler: str | None,
    cluster: Path | None,
) -> tuple[TrainedEnsemble, Crew]:
    """The networks of a run, and who computes with them."""
    client = connect(context, scheduler, cluster)
    if client is None:
        from ..batch.crew import LocalCrew

        ensemble = load_ensemble(run, device, threads)
        return ensemble, LocalCrew(ensemble)
    from ..batch.cluster_crew import ClusterCrew
    from ..batch.events import Warned
    from ..inference.trained import load

    crew = ClusterCrew(client, device=device, threads=threads)
    for number, event in enumerate(crew.gather()):
        if isinstance(event, Warned):
            err.print(event.message, markup=False)
        elif number == 1:
            err.print("Waiting for workers.")
    return load(run, device="cpu", precision=crew.precision), crew
