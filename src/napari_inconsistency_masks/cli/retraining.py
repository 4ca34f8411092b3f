"""``napari-im retrain`` and ``napari-im choose``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from ..plans import RETRAINING_MINUTES, choose_generation, find_recipe, retraining
from . import data as flags
from .comparing import show_comparison
from .flags import apply_flags, with_settings
from .training import Json, Run, Threads, follow


@with_settings("the run's")
def retrain(
    run: Annotated[
        Path, typer.Argument(help="The run to go on from.", metavar="RUN", show_default=False)
    ],
    folder: Annotated[Path, typer.Option("--out", "-o", help="The run folder to make.")],
    data: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help="A folder with labels; the run's own data, as it is now, if not given."),
    ] = None,
    recipe: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--recipe", "-r", help="What to train; as the run was trained if not given."),
    ] = None,
    images: flags.Images = None,
    masks: flags.Masks = None,
    layout: flags.Layout = flags.AUTO,
    layout_option: flags.LayoutOption = None,
    json: Json = False,
    threads: Threads = 0,
    *,
    given: dict[str, Any],
) -> None:
    """Let the networks of a run learn on, with labels that were corrected since.

    A new run folder is made; the old one is not changed. Old and new networks are compared on the
    same images, and the better ones are its result; "napari-im choose" changes that.

    Settings are those of the run, but that each of its networks learns on, for one generation, and
    that a worse generation is refused. It takes 5 minutes at the most, if --minutes does not say
    otherwise.
    """
    from .. import runs
    from ..inference.trained import load
    from ..sessions import open_run_data

    given.setdefault("minutes", RETRAINING_MINUTES)
    if data is None:
        flags.need_data(layout, layout_option, images, masks)
        segmentation = open_run_data(run)
    else:
        segmentation = flags.open_labels(
            data,
            load(run, device="cpu").card,
            run,
            layout=layout,
            layout_options=layout_option or (),
            images=images,
            masks=masks,
        )
    usual, settings = retraining(run, segmentation, minutes=given["minutes"])
    chosen = usual if recipe is None else find_recipe(recipe)
    config = apply_flags(settings, given)
    events = runs.retrain(run, segmentation, config, folder=folder, recipe=chosen)
    follow(events, folder, json, False, threads)
    if not json:
        show_comparison(folder)


def choose(
    run: Run,
    generation: Annotated[
        int, typer.Option(min=0, help="Whose networks are to be the result.", show_default=False)
    ],
) -> None:
    """Make the networks of another generation the result of a run; nothing is lost.

    After "napari-im retrain", generation 0 is the old networks, and generation 1 the new ones.
    """
    choose_generation(run, generation)
    typer.echo(f"The networks of generation {generation} are the result of {run}.")
