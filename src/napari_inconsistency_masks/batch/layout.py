"""The folder of results: where everything is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..files.temporary import sweep
from .images import Image
from .plan import Plan, Unit, output_paths, units_of

COUNTS, CELLS, TOTALS = "counts.csv", "cells.csv", "totals.csv"
REPORT, SIDECAR = "report.html", "batch.json"
TABLES, PARTS = "tables", "parts"

DONE, WAITING = "done", "not processed yet"
"""Status in the tables of a frame that was counted, and of an image that was not begun."""


def summary_files(plan: Plan) -> list[Path]:
    """The files about all images together."""
    names = [COUNTS, TOTALS, SIDECAR]
    names += [CELLS] if "cells" in plan.options.write else []
    names += [REPORT] if "report" in plan.options.write else []
    return [Path(plan.folder) / name for name in names]


def image_files(image: Image, plan: Plan) -> dict[str, Path]:
    """The files of one image, by kind: results, and its rows of the tables."""
    return {**output_paths(image, plan), **_tables(Path(plan.folder) / TABLES / image.stem, plan)}


def part_files(unit: Unit, plan: Plan) -> dict[str, Path]:
    """The files of a part of an image, until all parts are joined."""
    folder = parts_folder(unit.image, plan)
    number = f"{unit.number:05d}"
    files = {
        kind: folder / f"{number}_{kind}{path.suffix}"
        for kind, path in output_paths(unit.image, plan).items()
    }
    return {**files, **_tables(folder / number, plan)}


def unit_files(unit: Unit, plan: Plan) -> dict[str, Path]:
    """The files of a unit: those of the image, or of a part of it."""
    return part_files(unit, plan) if unit.of > 1 else image_files(unit.image, plan)


def result_folders(plan: Plan) -> list[Path]:
    """The folders with results that there are."""
    folders = {Path(plan.folder)}
    for image in plan.good:
        folders |= {file.parent for file in image_files(image, plan).values()}
    return [folder for folder in sorted(folders) if folder.is_dir()]


def parts_folder(image: Image, plan: Plan) -> Path:
    """Where the parts of an image are."""
    return Path(plan.folder) / PARTS / image.stem


def remove_parts(image: Image, plan: Plan) -> None:
    """Remove the parts of an image, and the folders that are empty then.

    Those of an image in a folder of its name (``A.tif`` and ``A/movie.tif``) lie in the same folder
    and stay.
    """
    folder = parts_folder(image, plan)
    for unit in units_of(image):
        for file in part_files(unit, plan).values():
            with suppress(OSError):
                file.unlink(missing_ok=True)
    with suppress(OSError):
        sweep(folder)
    remove_empty(folder, plan)


def remove_empty(folder: Path, plan: Plan) -> None:
    """Remove a folder of results and those above it, as far as they are empty."""
    with suppress(OSError):  # it is not empty, or a link
        while folder != Path(plan.folder):
            folder.rmdir()
            folder = folder.parent


def _tables(stem: Path, plan: Plan) -> dict[str, Path]:
    files = {"counts": stem.with_name(f"{stem.name}_counts.csv")}
    if "cells" in plan.options.write:
        files["cells"] = stem.with_name(f"{stem.name}_cells.csv")
    return files
