"""Scores of comparisons, kept with the project: tables are made from them, and more can be trained.

    python benchmarks/kept_results.py keep STUDY benchmarks/results/NAME.zip
    python benchmarks/kept_results.py restore benchmarks/results/NAME.zip STUDY

A comparison (`napari-im benchmark`) takes many hours on a CPU. The archive has its settings and the
scores of all of its trainings, without networks. In a restored folder the same command trains only
what was never trained, and writes the table of everything.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from napari_inconsistency_masks.benchmark.about import ABOUT
from napari_inconsistency_masks.benchmark.scoring import IMAGES, SCORES
from napari_inconsistency_masks.files.atomic import write_atomically, write_bytes

PATTERNS = (ABOUT, f"runs/*/{SCORES}", f"runs/*/{IMAGES}")
WHEN = (2026, 1, 1, 0, 0, 0)
"""The same date for all, so that the same scores are the same archive."""

app = typer.Typer(add_completion=False)


@app.command()
def keep(
    study: Annotated[Path, typer.Argument(exists=True, file_okay=False)], archive: Path
) -> None:
    """Write the scores of a comparison into an archive, with those that are in it already."""
    found = _read(archive) if archive.is_file() else {}
    here = {
        path.relative_to(study).as_posix(): path for each in PATTERNS for path in study.glob(each)
    }
    if ABOUT in found and not _alike(found[ABOUT], here[ABOUT].read_bytes()):
        sys.exit(f"{archive}: these scores are of a comparison with other settings or images.")
    found |= {name: path.read_bytes() for name, path in here.items()}

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
            for name in sorted(found):
                file.writestr(zipfile.ZipInfo(name, WHEN), found[name], zipfile.ZIP_LZMA)

    archive.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(archive, write, _read)
    typer.echo(f"{archive}: {_trainings(found)} trainings, {archive.stat().st_size / 1e3:.0f} kB")


@app.command()
def restore(archive: Annotated[Path, typer.Argument(exists=True)], study: Path) -> None:
    """Write the scores into a folder in which `napari-im benchmark` goes on."""
    found = _read(archive)
    for name, content in found.items():
        path = study / name
        if path.exists() and path.read_bytes() != content:
            sys.exit(f"{path}: is there already, with other scores; choose another folder.")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
    typer.echo(f"{study}: {_trainings(found)} trainings")


def _read(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as file:
        names = [n for n in file.namelist() if any(PurePosixPath(n).match(p) for p in PATTERNS)]
        return {name: file.read(name) for name in names if ".." not in PurePosixPath(name).parts}


def _alike(one: bytes, other: bytes) -> bool:
    """Whether two comparisons have the same settings and, where both say so, the same images."""
    settings, images = [], []
    for about in map(json.loads, (one, other)):
        images.append(about.pop("data", {}))
        settings.append({key: value for key, value in about.items() if key != "created"})
    shared = images[0].keys() & images[1].keys()
    return settings[0] == settings[1] and all(images[0][key] == images[1][key] for key in shared)


def _trainings(names: dict[str, bytes]) -> int:
    return sum(name.endswith(f"/{SCORES}") for name in names)


if __name__ == "__main__":
    app()
