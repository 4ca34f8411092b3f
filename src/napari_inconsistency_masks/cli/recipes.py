"""``napari-im recipes``."""

from __future__ import annotations

from textwrap import fill

import typer

from ..recipes import GROUPS

WIDTH = 100


def recipes() -> None:
    """List what can be trained: the name for --recipe, what it is, and when to use it."""
    for number, (heading, group) in enumerate(GROUPS.items()):
        typer.echo(f"{heading}\n" if number == 0 else f"\n{heading}\n")
        for recipe in group:
            typer.echo(f"  {recipe.key}: {recipe.title}")
            typer.echo(
                fill(recipe.sentence, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)
            )
