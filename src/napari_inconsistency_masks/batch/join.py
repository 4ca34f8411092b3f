"""Joining the parts of an image that was done in several units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..files.tables import iterate_csv, write_csv_rows
from ..files.tiff_stream import read_strips
from .images import Image
from .outputs.cells import completed, table_columns
from .outputs.geojson import read_features, write_features
from .outputs.rois import read_archive, write_archive
from .outputs.stacks import STACKS, write_stack
from .plan import Plan


def join(image: Image, plan: Plan, kind: str, parts: Sequence[Path], path: Path) -> None:
    """Make the file of one kind from those of all parts; stacks are not decoded for that."""
    if kind in STACKS:
        strips = (strip for part in parts for strip in read_strips(part))
        frames, scheme = image.frame_count, plan.model.scheme
        write_stack(path, strips, kind, image, frames, plan.options, scheme)
    elif kind == "rois":
        write_archive(path, (entry for part in parts for entry in read_archive(part)))
    elif kind == "geojson":
        write_features(path, (line for part in parts for line in read_features(part)))
    else:
        columns = table_columns(kind, plan.model.scheme)
        write_csv_rows(path, completed(rows_of(parts), columns), columns)


def rows_of(tables: Sequence[Path]) -> Iterator[dict[str, str]]:
    """The rows of several tables, one after the other."""
    for table in tables:
        yield from iterate_csv(table)
