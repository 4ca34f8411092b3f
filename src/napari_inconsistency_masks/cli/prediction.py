"""``napari-im predict``, ``count`` and ``evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..errors import InputError
from .console import counting, err, out
from .training import Run, Threads

if TYPE_CHECKING:
    from ..inference.files import FrameResult
    from ..inference.trained import TrainedEnsemble
    from ..metrics import Scores

SOME_FAILED = 3

Paths = Annotated[
    list[Path],
    typer.Argument(help="Image files, or folders of them.", metavar="IMAGES", show_default=False),
]
Device = Annotated[str, typer.Option(help="auto, cpu, mps, cuda or cuda:1.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]


def predict(
    run: Run,
    images: Paths,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where to write to.")],
    device: Device = "auto",
    overwrite: Overwrite = False,
    threads: Threads = 0,
) -> None:
    """Write what the networks of a run see in images, where they disagree, and counts.csv.

    For image.tif: image_classes.tif (a channel per class), image_inconsistency.tif and, with
    positions, image_cells.csv. Pixel size and axes are the image's.
    """
    from ..inference.outputs import FileOutput, output_paths

    files = find_images(images)
    ensemble = load_ensemble(run, device, threads)
    paths = output_paths(files, folder, ensemble.card.scheme)
    table = folder / "counts.csv"
    if not overwrite:
        _refuse_existing([table, *(p for each in paths.values() for p in each.values())])
    folder.mkdir(parents=True, exist_ok=True)

    def write(path: Path, results: Sequence[FrameResult]) -> None:
        FileOutput(paths[path], ensemble.card.scheme).write(results)

    _finish(_count_files(ensemble, files, write), table, ensemble)


def count(
    run: Run,
    images: Paths,
    table: Annotated[Path, typer.Option("--out", "-o", help="The table to write (CSV).")] = Path(
        "counts.csv"
    ),
    device: Device = "auto",
    overwrite: Overwrite = False,
    threads: Threads = 0,
) -> None:
    """Count the cells in images, with the range that the networks span."""
    files = find_images(images)
    if not overwrite:
        _refuse_existing([table])
    ensemble = load_ensemble(run, device, threads)
    _finish(_count_files(ensemble, files), table, ensemble)


def evaluate(
    run: Run,
    data: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help="A folder with labels; the run's own data if not given."),
    ] = None,
    split: Annotated[
        str, typer.Option(help="Which images: test, validation, labeled or hidden.")
    ] = "test",
    table: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", help="Write counts per image to this file (CSV)."),
    ] = None,
    device: Device = "auto",
    threads: Threads = 0,
) -> None:
    """Compare what the networks of a run see with labels: count error and overlap."""
    from ..data.origin import open_data
    from ..files.tables import write_csv
    from ..inference.evaluate import evaluate as score
    from ..plans import read_plan
    from .data import open_labels

    splits = ("test", "validation", "labeled", "hidden")
    if split not in splits:
        raise InputError(f"--split {split}: give one of {', '.join(splits)}.")
    ensemble = load_ensemble(run, device, threads)
    if data is None:
        origin = read_plan(run).data
        if origin is None:
            raise InputError(f"{run}: the run's data was made in Python; name labels with --data.")
        segmentation = open_data(origin, relative_to=run)
    else:
        segmentation = open_labels(data, ensemble.card.scheme)
    samples = getattr(segmentation, split)
    if not len(samples):
        raise InputError(f"{segmentation.name}: there are no {split} images; choose another split.")
    scores = score(ensemble, samples)
    _print_scores(scores, segmentation.name, split)
    if table is not None:
        rows = [
            {
                "image": row.name,
                "class": row.state,
                "predicted": row.predicted,
                "true": row.true,
                "error": row.predicted - row.true,
            }
            for row in scores.rows
        ]
        write_csv(table, rows, ["image", "class", "predicted", "true", "error"])


def find_images(paths: Sequence[Path]) -> list[Path]:
    """Image files among some paths and in folders among them, in order, none twice.

    Raises
    ------
    InputError
        If a path does not exist, or there is no image at all.
    """
    from ..files.images import IMAGE_SUFFIXES

    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder.")
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [
            file
            for file in inside
            if path.is_file()
            or (file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith("."))
        ]
    if not found:
        names = ", ".join(str(path) for path in paths)
        raise InputError(f"{names}: no images here; there must be TIFF, PNG, JPEG or BMP files.")
    return list(dict.fromkeys(found))


def load_ensemble(run: Path, device: str, threads: int) -> TrainedEnsemble:
    """Load the networks of a run, and set how many processor cores they use."""
    from ..devices import use_threads
    from ..inference.trained import load

    use_threads(threads or None)
    return load(run, device=device)


def _count_files(
    ensemble: TrainedEnsemble,
    files: Sequence[Path],
    write: Callable[[Path, Sequence[FrameResult]], None] | None = None,
) -> list[Mapping[str, Any]]:
    """Predict files; a bad one becomes a row that says why, and changes no other."""
    from ..inference.files import count_row, counted_names, failed_row, predict_file

    names = counted_names(ensemble.card.scheme)
    rows: list[Mapping[str, Any]] = []
    with counting("predicting", len(files)) as bar:
        for path in files:
            bar.update(bar.task_ids[0], description=path.name[-34:])
            try:
                results = list(predict_file(ensemble, path))
                if write is not None:
                    write(path, results)
                rows += [count_row(result) for result in results]
            except InputError as error:
                rows.append(failed_row(path, str(error), names))
                err.print(f"Failed: {error}", markup=False)
            bar.advance(bar.task_ids[0])
    return rows


def _finish(rows: list[Mapping[str, Any]], table: Path, ensemble: TrainedEnsemble) -> None:
    from ..files.tables import write_csv
    from ..inference.files import count_columns, counted_names

    write_csv(table, rows, count_columns(counted_names(ensemble.card.scheme)))
    failed = sum(str(row["status"]).startswith("failed") for row in rows)
    typer.echo(f"{len(rows) - failed} frames counted, {failed} files failed: {table}")
    if failed:
        raise typer.Exit(SOME_FAILED)


def _refuse_existing(paths: Sequence[Path]) -> None:
    there = [path for path in paths if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputError(
            f"{there[0]}{more} would be overwritten; choose another place, or add --overwrite."
        )


def _print_scores(scores: Scores, name: str, split: str) -> None:
    from rich.table import Table

    error = scores.object_count_error if scores.mcce is None else scores.mcce
    words = "mean cell count error" if scores.mcce is not None else "mean object count error"
    out.print(f"{name}, {scores.images} {split} images: {words} {_number(error)} per image")
    table = Table("class", "IoU", "counted", "true", "recall", "precision", "bias per image")
    for label, iou in scores.iou.items():
        counts = scores.counts.get(label)
        numbers = ["", "", "", "", ""]
        if counts is not None:
            numbers = [
                str(counts.predicted),
                str(counts.true),
                _number(counts.recall),
                _number(counts.precision),
                f"{counts.bias:+.2f}",
            ]
        table.add_row(label, _number(iou), *numbers)
    out.print(table)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
