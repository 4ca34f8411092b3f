"""Scores of a finished training on images that it never saw, network by network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..data.sample import SegmentationData, Source
from ..data.sources import files_of
from ..devices import choose_device, choose_precision
from ..errors import InputError
from ..files.json_files import read_json
from ..files.tables import read_csv, write_csv
from ..inference.evaluate import Check, check
from ..losses import choose_loss
from ..metrics.scores import ImageScore, Scores
from ..plans import read_plan
from ..task import LabelScheme
from ..training.records import Records
from ..training.results import GenerationRecord

SCORES, IMAGES = "scores.csv", "images.csv"
ENSEMBLE = "ensemble"


def columns(scheme: LabelScheme) -> list[str]:
    """The columns of `SCORES`."""
    counted = scheme.counted
    return [
        *("split", "generation", "network", "result", "count_error", "mean_iou"),
        *(f"iou {name}" for name in scheme.classes),
        *(f"{what} {name}" for what in ("recall", "precision", "bias") for name in counted),
        *(f"confident {name}" for name in scheme.classes),
        *("inconsistent", "collapse", "seconds", "memory"),
    ]


def image_columns(scheme: LabelScheme) -> list[str]:
    """The columns of `IMAGES`: ``both`` and ``union`` are pixels, of which an IoU is made."""
    pixels = [f"{what} {name}" for name in scheme.classes for what in ("both", "union")]
    return ["split", "generation", "image", "file", "count_error", *pixels]


def score_run(folder: Path, data: SegmentationData, device: str | None = None) -> None:
    """Write `SCORES` and `IMAGES` into a finished run folder, unless they are there and whole.

    Every network of every generation is scored on the validation and the test images, and so is
    the ensemble of the best ones. Nothing is chosen by these scores.

    Parameters
    ----------
    folder
        Of the run.
    data
        With the images that it was trained beside.
    device
        As in `choose_device`; that of the run by default.
    """
    if is_scored(folder):
        return
    images: list[dict[str, Any]] = []
    rows = list(_rows(folder, data, images, device))
    write_csv(folder / IMAGES, images, image_columns(data.scheme))
    write_csv(folder / SCORES, rows, columns(data.scheme))


def is_scored(folder: Path) -> bool:
    """Whether the scores of a run are there and can be read; damaged ones are made anew."""
    if not (folder / SCORES).is_file():
        return False
    try:
        networks, images = read_scores(folder)
    except InputError:
        return False
    return bool(images) and any(row.get("result") == "true" for row in networks)


def read_scores(folder: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What `score_run` wrote: rows of networks and rows of images."""
    return read_csv(folder / SCORES), read_csv(folder / IMAGES)


def _rows(
    folder: Path, data: SegmentationData, images: list[dict[str, Any]], on: str | None
) -> Iterator[dict[str, Any]]:
    records, config = Records(folder), read_plan(folder).config
    result = read_json(folder / "ensemble.json")["generation"]
    done = _complete(records)
    cost = {
        "seconds": round(sum(record.seconds for record in done), 1),
        "memory": max((record.peak_memory or 0 for record in done), default=0) or None,
    }
    device = choose_device(on or config.device)
    loss = choose_loss(config.loss, data.scheme, config.position_weight)
    splits: dict[str, Source] = {"validation": data.validation, "test": data.test}
    files = {split: files_of(samples) for split, samples in splits.items()}
    for generation, record in enumerate(done):
        networks = records.load_networks(generation, record.ranking)
        networks.place(device, choose_precision(device, config.precision))
        teachers = networks.select(range(min(config.teachers, len(networks))))  # some may be lost
        for split, samples in splits.items():
            if not len(samples):
                continue
            about = {"split": split, "generation": generation, "result": generation == result}
            sure = record.confident or {}
            about |= {f"confident {name}": sure.get(name) for name in data.scheme.classes}
            about["collapse"] = "; ".join(record.collapse)
            single = check(networks, samples, data.scheme, loss, as_in_paper=True)
            together = single
            if len(teachers) < len(networks):
                together = check(teachers, samples, data.scheme, loss, as_in_paper=True)
            images += [
                {"split": split, "generation": generation, "file": files[split][image.name]}
                | _image(image, data.scheme)
                for image in together.ensemble.per_image
            ]
            named = {str(place): each for place, each in enumerate(single.members, start=1)}
            for name, scores in {**named, ENSEMBLE: together.ensemble}.items():
                numbers = _numbers(scores, data.scheme, together)
                yield {**about, "network": name, **numbers, **cost}


def _image(image: ImageScore, scheme: LabelScheme) -> dict[str, Any]:
    numbers: dict[str, Any] = {"image": image.name, "count_error": image.count_error}
    for name, both, union in zip(scheme.classes, image.both, image.union, strict=True):
        numbers |= {f"both {name}": both, f"union {name}": union}
    return numbers


def _complete(records: Records) -> list[GenerationRecord]:
    """The outcomes of all generations that are trained."""
    found: list[GenerationRecord] = []
    while (record := records.load_generation(len(found))) is not None:
        found.append(record)
    return found


def _numbers(scores: Scores, scheme: LabelScheme, together: Check) -> dict[str, Any]:
    error = scores.object_count_error if scores.mcce is None else scores.mcce
    numbers: dict[str, Any] = {"count_error": error, "mean_iou": scores.mean_iou}
    numbers |= {f"iou {name}": scores.iou[name] for name in scheme.classes}
    for name, count in scores.counts.items():
        numbers |= {f"recall {name}": count.recall, f"precision {name}": count.precision}
        numbers |= {f"bias {name}": count.bias}
    return {**numbers, "inconsistent": together.inconsistent}
