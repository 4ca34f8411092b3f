"""What an ensemble counts in labeled images that it did not learn from. Imports no torch.

::

    generation-1/checked-counts.csv   image, file, class, counted, true: a row per validation image
                                      and class

From these, `read_count_ratios` says how many cells to expect for each one that is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..arguments import checked
from ..data.sample import Source
from ..data.sources import files_of
from ..errors import InputError
from ..files.json_files import read_json
from ..files.tables import read_csv, write_csv
from ..metrics.expected_counts import CountRatio, count_ratio
from ..metrics.scores import CountRow
from .listing import ENSEMBLE

CHECKED_COUNTS = "checked-counts.csv"

COLUMNS = ("image", "file", "class", "counted", "true")


def write_checked_counts(folder: Path, rows: Sequence[CountRow], files: Mapping[str, str]) -> None:
    """Write the table of a generation.

    Parameters
    ----------
    folder
        Of the generation.
    rows
        `Scores.complete_rows`, of images that no network learned from.
    files
        By name of an image, which file it is a frame of.
    """
    write_csv(
        folder / CHECKED_COUNTS,
        [
            dict(
                zip(
                    COLUMNS,
                    (row.name, files[row.name], row.state, row.predicted, row.true),
                    strict=True,
                )
            )
            for row in rows
        ],
        COLUMNS,
    )


@checked
def read_count_ratios(run: str | Path) -> dict[str, CountRatio]:
    """How many cells there are for each one that the networks of a run count, by class.

    Parameters
    ----------
    run
        A run folder. Of other folders and of single networks nothing is known.

    Returns
    -------
    dict
        Without classes of which too little is known; empty if no images were set aside, or a
        version of the program that compared no counts trained the networks.

    Raises
    ------
    InputError
        If the table is damaged.
    """
    run = Path(run)
    listing = run / ENSEMBLE
    if not listing.is_file():
        return {}
    values = read_json(listing)
    generation = values.get("generation") if isinstance(values, dict) else None
    path = run / f"generation-{generation}" / CHECKED_COUNTS
    if generation is None or not path.is_file():
        return {}
    try:
        table = [(row["file"], _row(row)) for row in read_csv(path)]
    except (InputError, KeyError, ValueError) as error:
        raise InputError(
            f"{path}: this table is damaged ({error}); take it from a copy of the run, or remove "
            f"it, and expected counts will not be told."
        ) from error
    return ratios_of([row for _, row in table], {row.name: file for file, row in table})


def ratios_of(rows: Sequence[CountRow], files: Mapping[str, str]) -> dict[str, CountRatio]:
    """The ratio of each class of which enough is known; see `count_ratio`."""
    states = dict.fromkeys(row.state for row in rows)
    found = {s: count_ratio([row for row in rows if row.state == s], files) for s in states}
    return {state: ratio for state, ratio in found.items() if ratio is not None}


def ratios_on(rows: Sequence[CountRow], samples: Source) -> dict[str, CountRatio]:
    """The same for the samples that were scored."""
    return ratios_of(rows, files_of(samples))


def _row(row: Mapping[str, str]) -> CountRow:
    counted, true = int(row["counted"]), int(row["true"])
    if counted < 0 or true < 0:
        raise ValueError(f"{row['image']}: a number of cells below 0")
    return CountRow(row["image"], row["class"], counted, true)
