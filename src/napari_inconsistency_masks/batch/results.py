"""The results of a batch, found again by their folder. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import InputError
from ..files.json_files import read_json
from ..files.tables import iterate_csv
from .images import Image
from .layout import COUNTS, SIDECAR, WAITING, image_files
from .model import Model
from .names import unique_stems
from .plan import Plan, inputs_from_json
from .settings import BatchOptions

Row = dict[str, str]

FEWEST = (
    "image", "frame", "t", "z", "time_s", "unclear", "inconsistent", "model", "status", "notes"
)  # fmt: skip
"""Columns where nothing was counted yet."""


@dataclass(frozen=True)
class BatchResults:
    """A folder of results.

    Attributes
    ----------
    plan
        What was chosen and read; its images have no headers, and its folder is where the results
        are now.
    """

    plan: Plan

    def image(self, name: str) -> Image:
        """The image that tables call so; `InputError` if there is none."""
        if name not in self._by_name:
            raise InputError(f"{self.plan.folder}: {name} is none of the images of this batch.")
        return self._by_name[name]

    def files(self, image: Image) -> dict[str, Path]:
        """The files of an image that are there, by kind."""
        files = image_files(image, self.plan)
        return {kind: path for kind, path in files.items() if path.is_file()}

    def rows(self) -> Iterator[Row]:
        """The rows of counts.csv, one by one; what is missing is an empty text.

        After a crash the table is older than the results: images that are done all the same are in
        it with what was counted.

        Raises
        ------
        InputError
            If a table is damaged.
        """
        path = Path(self.plan.folder) / COUNTS
        if path.is_file():
            for row in _rows(path):
                yield from self._newer(row) if row.get("status") == WAITING else [row]
            return
        columns = self._columns()
        for image in self.plan.images:
            yield from self._newer({**dict.fromkeys(columns, ""), "image": image.name})

    def _newer(self, row: Row) -> Iterator[Row]:
        """The rows of an image that has some by now, else the row itself."""
        table = self.files(self.image(row["image"])).get("counts")
        if table is not None:
            yield from ({**counted, "image": row["image"]} for counted in _rows(table))
        else:
            yield {**row, "status": WAITING}

    def _columns(self) -> list[str]:
        """The columns of the first table there is."""
        tables = (self.files(image).get("counts") for image in self.plan.images)
        first = next((table for table in tables if table is not None), None)
        return list(FEWEST) if first is None else list(next(_rows(first), dict.fromkeys(FEWEST)))

    @cached_property
    def _by_name(self) -> dict[str, Image]:
        return {image.name: image for image in self.plan.images}


def _rows(path: Path) -> Iterator[Row]:
    try:
        yield from iterate_csv(path)
    except (ValueError, UnicodeError) as error:
        raise InputError(f"{path}: this table is damaged ({error}).") from None


def read_results(folder: Path) -> BatchResults:
    """Read what is known of a folder of results.

    Raises
    ------
    InputError
        If it holds none, or they are damaged.
    """
    path = folder / SIDECAR
    if not path.is_file():
        raise InputError(f"{folder}: no results of a batch here; choose a folder with {SIDECAR}.")
    values = read_json(path)
    try:
        names = [str(image["name"]) for image in values["images"]]
        paths = [str(image["path"]) for image in values["images"]]
        plan = Plan(
            str(folder.resolve()),
            Model.from_json(values["model"]),
            BatchOptions.from_json(values["settings"]),
            tuple(map(Image, paths, names, unique_stems(names))),
            inputs=inputs_from_json(values.get("inputs", {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: this is not what a batch writes ({error!r}).") from None
    return BatchResults(plan)
