"""``napari-im``: everything the window can do, without a window.

Exit codes: 0 done; 1 failed unexpectedly; 2 the input was refused; 3 done, but some files failed;
130 stopped on request.
"""

from __future__ import annotations

import os
import sys

import typer

from ..cluster import ConnectionLostError
from ..devices import ALLOCATOR
from ..errors import InputError
from ..files.atomic import WriteError
from .batch import batch
from .benchmark import benchmark
from .console import err, take_any_text
from .demo import demo, show
from .doctor import doctor
from .evaluation import evaluate
from .exit_codes import FAILED, REFUSED, SOME_FAILED
from .export import export
from .help_page import HelpfulCommand
from .recipes import recipes
from .retraining import choose, retrain
from .serve import serve
from .training import run, train

__all__ = ["SOME_FAILED", "app", "main"]

app = typer.Typer(
    name="napari-im",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Train small networks on a few labels with inconsistency masks, and count cells.",
    epilog="Exit codes: 0 done, 1 failed, 2 input refused, 3 some files failed, 130 stopped.",
)
COMMANDS = (demo, recipes, train, run, retrain, choose, batch, evaluate, benchmark, export, doctor)
for command in COMMANDS:
    app.command(cls=HelpfulCommand)(command)
for command in (serve, show):
    app.command(cls=HelpfulCommand, hidden=True)(command)


def main() -> None:
    """Run the command line."""
    take_any_text()
    _use_fast_allocator()
    if sys.platform == "darwin":  # what PyTorch cannot do yet on Apple's GPUs, it does on the CPU
        os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    try:
        app(prog_name="napari-im")
    except InputError as error:
        err.print(f"napari-im: {error}", markup=False)
        sys.exit(FAILED if isinstance(error, ConnectionLostError | WriteError) else REFUSED)


def _use_fast_allocator() -> None:
    """Start this process anew with `ALLOCATOR` in its environment, where that makes it faster."""
    if sys.platform != "linux" or any(name in os.environ for name in ALLOCATOR):
        return
    if not {"train", "run", "retrain"} & set(sys.argv[1:2]):
        return
    arguments = [sys.executable, "-m", "napari_inconsistency_masks", *sys.argv[1:]]
    os.execve(sys.executable, arguments, {**os.environ, **ALLOCATOR})  # noqa: S606
