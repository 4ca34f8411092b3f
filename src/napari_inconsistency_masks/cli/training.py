"""``napari-im train`` and ``napari-im run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from ..files.command_line import join_command
from ..plans import find_preset, find_recipe
from ..recipes import PRESETS
from . import data as flags
from .comparing import show_comparison
from .console import print_events, show_events
from .data import open_data_path
from .exit_codes import STOPPED
from .flags import apply_flags, with_settings
from .stopping import Stopper
from .work_places import Cluster, Scheduler, connect

Run = Annotated[Path, typer.Argument(help="A run folder.", metavar="RUN", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print events as JSON lines.")]
EndWithInput = Annotated[
    bool,
    typer.Option(
        "--end-with-input",
        help="Stop when standard input is closed, for programs that start this one.",
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        min=0,
        help="Processor cores to use; 0 is what OMP_NUM_THREADS says, else all but one of three "
        "or more.",
        show_default=False,
    ),
]


@with_settings("the preset's")
def train(
    context: typer.Context,
    data: flags.Data,
    out: Annotated[Path, typer.Option("--out", "-o", help="The run folder to make.")],
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="What to train: see napari-im recipes.")
    ] = "im",
    preset: Annotated[
        str, typer.Option("--preset", "-p", help=f"Settings to begin with: {', '.join(PRESETS)}.")
    ] = "standard",
    classes: flags.Classes = None,
    position: flags.Position = None,
    task: flags.Kind = None,
    images: flags.Images = None,
    masks: flags.Masks = None,
    labeled: flags.Labeled = None,
    validation: flags.Validation = None,
    test: flags.Test = None,
    upright: flags.Upright = False,
    layout: flags.Layout = flags.AUTO,
    layout_option: flags.LayoutOption = None,
    json: Json = False,
    threads: Threads = 0,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    *,
    given: dict[str, Any],
) -> None:
    """Train networks on the labeled and unlabeled images of a folder.

    Stop it with Ctrl-C; "napari-im run" goes on where it was.
    """
    from .. import runs

    seed = apply_flags(find_preset(preset), given).seed
    chosen = find_recipe(recipe)
    segmentation = open_data_path(
        data,
        layout=layout,
        layout_options=layout_option or (),
        upright=upright,
        classes=classes,
        position=position,
        task=task,
        images=images,
        masks=masks,
        labeled=labeled,
        validation=validation,
        test=test,
        seed=seed,
    )
    config = apply_flags(find_preset(preset, segmentation), given)
    client = connect(context, scheduler, cluster)
    events = runs.train(chosen, segmentation, config, folder=out, client=client)
    follow(events, out, json, False, threads)


def run(
    context: typer.Context,
    folder: Run,
    data: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help="Where the images of the run are now, if they were moved."),
    ] = None,
    json: Json = False,
    end_with_input: EndWithInput = False,
    threads: Threads = 0,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
) -> None:
    """Start or go on with the run of a folder."""
    from .. import runs
    from ..sessions import open_run_data

    moved = None if data is None else open_run_data(folder, data)
    follow(
        runs.resume(folder, moved, client=connect(context, scheduler, cluster)),
        folder,
        json,
        end_with_input,
        threads,
    )
    if not json:
        show_comparison(folder)


def follow(events: Any, folder: Path, json: bool, end_with_input: bool, threads: int) -> None:
    """Show a run until it ends or is to stop."""
    from ..devices import use_threads

    use_threads(threads or None)
    stopper = Stopper(on_end_of_input=end_with_input)
    (print_events if json else show_events)(stopper.until_stopped(events))
    if stopper.wanted.is_set():
        if not json:
            again = join_command(("napari-im", "run", str(folder)))
            typer.echo(f"Stopped. Go on with: {again}", err=True)
        raise typer.Exit(STOPPED)
    if not json:
        typer.echo(f"The networks are in {folder}.")
