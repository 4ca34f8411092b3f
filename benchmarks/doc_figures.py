"""Figures of a comparison as docs/benchmarks.md shows them.

    python benchmarks/doc_figures.py STUDY docs/images/comparison

A study is the folder of `napari-im benchmark`, or what `kept_results.py` restored. The figures are
the comparison's own, under names that begin as told: `comparison-labels.svg`, and so on.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from napari_inconsistency_masks.benchmark.figures import draw_figures
from napari_inconsistency_masks.benchmark.scored import read_scored
from napari_inconsistency_masks.benchmark.scoring import SCORES
from napari_inconsistency_masks.benchmark.trials import find_trials


def main(
    study: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    beginning: Annotated[Path, typer.Argument(help="What the files' names begin with.")],
) -> None:
    """Draw the figures and say their names."""
    scored = [
        read_scored(trial, folder)
        for trial in find_trials(study)
        if ((folder := trial.folder(study)) / SCORES).is_file()
    ]
    with TemporaryDirectory() as drawn:
        for figure in draw_figures(Path(drawn), scored):
            file = beginning.with_name(f"{beginning.name}-{figure.name}")
            file.write_bytes(figure.read_bytes())
            typer.echo(file)


if __name__ == "__main__":
    typer.run(main)
