"""The files about all images together: counts.csv, cells.csv, totals.csv, batch.json, report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..files.atomic import write_json
from ..files.tables import iterate_csv, write_csv, write_csv_rows
from .folders import folders_of
from .images import Image
from .layout import CELLS, COUNTS, DONE, REPORT, SIDECAR, TOTALS, WAITING, image_files
from .outputs.cells import completed, table_columns, unfinished_row
from .plan import Plan
from .report.page import write_report
from .totals import COLUMNS, Totals

States = Mapping[str, str]
"""By stem, the status of an image in the tables: `DONE`, "failed: ..."; without any, `WAITING`."""


def write_tables(plan: Plan, states: States) -> Totals:
    """Write counts.csv, cells.csv and totals.csv anew from the tables of the images."""
    folder, columns = Path(plan.folder), table_columns("counts", plan.model.scheme)

    def counts() -> Iterator[Mapping[str, Any]]:
        for image in plan.images:
            state = states.get(image.stem, WAITING)
            if state == DONE:
                yield from image_rows(image, plan, "counts")
            else:
                yield unfinished_row(image.name, columns, plan.model, state)

    def cells() -> Iterator[Mapping[str, Any]]:
        for image in plan.images:
            if states.get(image.stem) == DONE:
                yield from image_rows(image, plan, "cells")

    totals = Totals(plan.model.scheme.counted, plan.model.ratios, folders_of(plan.images))
    write_csv_rows(folder / COUNTS, totals.adding(counts()), columns)
    records = [total.to_record() for total in (*totals.all(), *totals.by_folder())]
    write_csv(folder / TOTALS, records, COLUMNS)
    if "cells" in plan.options.write:
        write_csv_rows(folder / CELLS, cells(), table_columns("cells", plan.model.scheme))
    return totals


def image_rows(image: Image, plan: Plan, kind: str) -> Iterator[Mapping[str, str]]:
    """The rows of an image in one of its tables, under the name that it has now."""
    rows = iterate_csv(image_files(image, plan)[kind])
    for row in completed(rows, table_columns(kind, plan.model.scheme)):
        yield {**row, "image": image.name}


def write_summary(plan: Plan, states: States, device: str, seconds: float) -> Totals:
    """Write the tables, the report, and what is needed to repeat the batch."""
    totals = write_tables(plan, states)
    if "report" in plan.options.write:
        write_report(Path(plan.folder) / REPORT, plan, totals)
    write_sidecar(plan, device, seconds)
    return totals


def write_sidecar(plan: Plan, device: str, seconds: float | None = None) -> None:
    """Write batch.json: versions, networks, settings, seed and images."""
    packages = ("napari-inconsistency-masks", "torch", "numpy", "scipy", "scikit-image", "tifffile")
    sidecar = {
        "program": packages[0],
        "versions": {name: version(name) for name in packages},
        "model": plan.model.to_json(),
        "settings": plan.options.to_json(),
        "seed": plan.model.seed,
        "random": "Nothing in a batch is random; the seed is that of the training.",
        "device": device,
        "seconds": None if seconds is None else round(seconds, 1),
        "inputs": asdict(plan.inputs),
        "images": [{"name": image.name, "path": image.path} for image in plan.images],
    }
    write_json(Path(plan.folder) / SIDECAR, sidecar)
