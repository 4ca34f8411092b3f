"""The networks that a command computes with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..inference.trained import TrainedEnsemble

Device = Annotated[str, typer.Option(help="Where to compute: auto, cpu, mps, cuda or cuda:1.")]


def load_ensemble(run: Path, device: str, threads: int) -> TrainedEnsemble:
    """Load the networks of a run, and set how many processor cores they use."""
    from ..devices import use_threads
    from ..inference.trained import load

    use_threads(threads or None)
    return load(run, device=device)
