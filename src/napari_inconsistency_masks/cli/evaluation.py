"""``napari-im evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..data.sample import SegmentationData, Source
from ..errors import InputError
from ..files.guard import read_start
from . import data as flags
from .console import err, out
from .networks import Device, load_ensemble
from .training import Run, Threads

if TYPE_CHECKING:
    from ..checkpoint import ModelCard
    from ..data.seen import Seen
    from ..metrics.expected_counts import CountRatio
    from ..metrics.scores import Scores

SPLITS = ("test", "validation", "labeled", "hidden")

COLUMNS = ("image", "class", "predicted", "true", "error", "learned_from")

LEARNED = (
    "{} of the {} images were learned from: networks do better on these than on new ones, so the "
    "scores are too good."
)
UNLABELED = (
    "{} of the {} images were learned from without their labels: the networks know what these look "
    "like, so the scores may be a little too good."
)
CHOSE = (
    "{} of the {} images were set aside for validation: the networks were chosen by these, so the "
    "scores are a little too good."
)
UNKNOWN = (
    "It is not known from which images the networks learned; if they learned from these, the "
    "scores are too good."
)


def evaluate(
    run: Run,
    data: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help="A folder with labels; the run's own data if not given."),
    ] = None,
    split: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Which images: test, validation, labeled, or hidden (those with labels that were "
            "not learned from). If not given, test; but of a folder given with --data that has no "
            "lists in splits, all that are labeled.",
            show_default=False,
        ),
    ] = None,
    table: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--out",
            "-o",
            help="Write counts per image to this file (.csv); it replaces such a table, and no "
            "other file.",
        ),
    ] = None,
    device: Device = "auto",
    images: flags.Images = None,
    masks: flags.Masks = None,
    layout: flags.Layout = flags.AUTO,
    layout_option: flags.LayoutOption = None,
    threads: Threads = 0,
) -> None:
    """Compare what the networks of a run see with labels: count error and overlap.

    The images of the run's own data are those that it learned from and set aside, also if files
    came later; what it has seen is never among those for test. How many of the images the networks
    have learned from is said.
    """
    from ..data.seen import Seen
    from ..inference.checked_counts import ratios_on
    from ..inference.evaluate import evaluate as score
    from ..training.start import read_all_seen, read_seen_by_result

    if split is not None and split not in SPLITS:
        raise InputError(f"--split {split}: give one of {', '.join(SPLITS)}.")
    if data is None:
        flags.need_data(layout, layout_option, images, masks)
    _check_replaceable(table)
    ensemble = load_ensemble(run, device, threads)
    seen = read_seen_by_result(run) or Seen(complete=False)
    described = layout != flags.AUTO or layout_option or images or masks
    own = split is not None and not described and _is_own(run, data, seen)
    if data is None or own:
        chosen = _own_images(run, data, split or "test", read_all_seen(run))
    else:
        how = {"layout_options": layout_option or (), "images": images, "masks": masks}
        chosen = _other_images(data, split, ensemble.card, run, layout, how)
    for note in chosen.notes:
        err.print(f"Note: {note}", markup=False)
    if not len(chosen.samples):
        raise InputError(
            f"{chosen.name}: there are no {chosen.split} images; choose another split."
        )
    learned = dict.fromkeys(seen.names_learned_unlabeled(chosen.samples), "unlabeled")
    learned |= dict.fromkeys(seen.names_learned(chosen.samples), "yes")
    set_aside = (data is None or own) and chosen.split == "validation"
    chose = 0 if set_aside else seen.only_held_out_among(chosen.samples)
    scores = score(ensemble, chosen.samples)
    _print_scores(scores, chosen.name, chosen.split)
    if not learned:
        _print_ratios(ratios_on(scores.complete_rows, chosen.samples))
    _say_what_was_seen(learned, chose, scores.images, complete=seen.complete)
    if table is not None:
        _write_counts(table, scores, learned, complete=seen.complete)


@dataclass(frozen=True)
class _Images:
    """Labeled images to score, what they are called together, and what a person should know."""

    name: str
    split: str
    samples: Source
    notes: tuple[str, ...]


def _is_own(run: Path, path: Path | None, seen: Seen) -> bool:
    """Whether a folder is what a run learned from, also if that was moved there."""
    from ..sessions import open_run_data

    place = flags.place_of_data(run)
    if path is None or place is None:
        return False
    if place.exists():
        return place.resolve() == path.resolve()
    with suppress(InputError):  # other data, that cannot be read so
        data = open_run_data(run, path)
        return seen.knows_any(data.labeled) or seen.knows_any(data.validation)
    return False


def _own_images(run: Path, path: Path | None, split: str, seen: Seen | None) -> _Images:
    from ..data.seen import as_seen
    from ..plans import read_plan
    from ..sessions import open_run_data

    if read_plan(run).data is None:
        raise InputError(f"{run}: the run's data was made in Python; name labels with --data.")
    data = open_run_data(run, path)
    if seen is None:
        return _Images(data.name, split, getattr(data, split), data.notes)
    samples, notes = as_seen(data, seen, split)
    return _Images(data.name, split, samples, (*data.notes, *notes))


def _other_images(
    path: Path, split: str | None, card: ModelCard, run: Path, layout: str, how: dict[str, Any]
) -> _Images:
    """Images of a split, or all that are labeled if nobody says which: neither flag nor list."""
    from ..data.folders.split_lists import find_split_lists

    layout = flags.recognized_layout(path, layout)
    if split is None and layout == flags.FOLDER and not find_split_lists(path):
        data = flags.open_labels(path, card, run, layout=layout, **how, validation=0.0)
        return _Images(data.name, "labeled", data.labeled, _about_files(data))
    data = flags.open_labels(path, card, run, layout=layout, **how)
    return _Images(data.name, split or "test", getattr(data, split or "test"), _about_files(data))


def _about_files(data: SegmentationData) -> tuple[str, ...]:
    """The notes of a data set but for those about training with it."""
    from ..data.folders.groups import JUDGED_ON_TRAINING
    from ..data.folders.scan import NOT_LEARNED

    return tuple(
        note for note in data.notes if not note.endswith((JUDGED_ON_TRAINING, NOT_LEARNED))
    )


def _check_replaceable(path: Path | None) -> None:
    """Refuse a file that is no table of this command, or will not look like one."""
    if path is None:
        return
    if path.suffix.lower() != ".csv":
        raise InputError(f"--out {path}: a table is written; give a name that ends with .csv.")
    if not path.exists():
        return
    header = (",".join(COLUMNS) + "\r\n").encode()
    if not path.is_file() or read_start(path, len(header)) != header:
        raise InputError(
            f"--out {path}: holds something else than the counts of this command, which would be "
            f"lost; choose another file, or remove this one."
        )


def _write_counts(
    path: Path, scores: Scores, learned: Mapping[str, str], *, complete: bool
) -> None:
    """Write a row per image and class; whether it was learned from is empty if nobody knows."""
    from ..files.tables import write_csv

    unknown = "no" if complete else None
    rows = [
        {
            "image": row.name,
            "class": row.state,
            "predicted": row.predicted,
            "true": row.true,
            "error": row.predicted - row.true,
            "learned_from": learned.get(row.name, unknown),
        }
        for row in scores.rows
    ]
    write_csv(path, rows, COLUMNS)


def _say_what_was_seen(
    learned: Mapping[str, str], chose: int, images: int, *, complete: bool
) -> None:
    """Say how many of the images the networks learned from, how, and were chosen by."""
    how = [*learned.values()]
    counts = {LEARNED: how.count("yes"), UNLABELED: how.count("unlabeled"), CHOSE: chose}
    for sentence, count in counts.items():
        if count:
            out.print(sentence.format(count, images))
    if not complete:
        out.print(UNKNOWN)


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


def _print_ratios(ratios: Mapping[str, CountRatio]) -> None:
    """How many cells there are for those that are counted."""
    from ..metrics.expected_counts import compared_images

    for name, ratio in ratios.items():
        low, high = ratio.interval()
        out.print(
            f"For 100 {name} that are counted there are {100 * ratio.ratio:.0f} "
            f"[{100 * low:.0f}, {100 * high:.0f}]: {ratio.true} for {ratio.counted} in "
            f"{compared_images(ratio.images, ratio.files)}, counted as the program shows them.",
            markup=False,
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
