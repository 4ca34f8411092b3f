"""The results of a batch, found again by their folder. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files.json_files import read_json
from ..files.tables import iterate_csv
from .images import Image
from .layout import COUNTS, SIDECAR, image_files
from .model import Model
from .names import unique_stems
from .plan import Plan, inputs_from_json
from .settings import BatchOptions

Row = dict[str, str]


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
        for image in self.plan.images:
            if image.name == name:
                return image
        raise InputError(f"{self.plan.folder}: {name} is none of the images of this batch.")

    def files(self, image: Image) -> dict[str, Path]:
        """The files of an image that are there, by kind."""
        files = image_files(image, self.plan)
        return {kind: path for kind, path in files.items() if path.is_file()}

    def rows(self) -> Iterator[Row]:
        """The rows of counts.csv, one by one; what is missing is an empty text.

        Raises
        ------
        InputError
            If there is no such table, or a row of it is no row.
        """
        path = Path(self.plan.folder) / COUNTS
        if not path.is_file():
            raise InputError(f"{path}: there is no such table; start the batch again to go on.")
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
