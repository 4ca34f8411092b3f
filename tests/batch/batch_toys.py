"""Making small batches, and comparing the folders they leave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_inconsistency_masks.batch import (
    BatchOptions,
    Plan,
    describe_model,
    list_images,
    make_plan,
    run_batch,
)
from napari_inconsistency_masks.batch.events import BatchEvent
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.task import Task
from toy import toy_sample


def toy_frames(count: int, first: int = 0) -> np.ndarray:
    """Frames ``(T, 32, 32)``."""
    return np.stack([toy_sample(Task.MULTILABEL, first + n).image[0] for n in range(count)])


def write_images(folder: Path, single: int = 5) -> Path:
    """Some single images, and a stack of four frames as ImageJ writes it."""
    folder.mkdir(parents=True)
    for number in range(single):
        tifffile.imwrite(folder / f"image_{number:03d}.tif", toy_frames(1, 10 + number)[0])
    tifffile.imwrite(
        folder / "movie.tif",
        toy_frames(4, 50),
        imagej=True,
        resolution=(2.0, 2.0),
        metadata={"axes": "TYX", "unit": "um", "finterval": 30.0},
    )
    return folder


def batch_of(
    paths: Sequence[Path], out: Path, model: Path, ensemble: TrainedEnsemble, **options: Any
) -> Plan:
    """A plan of all images in some folders and below."""
    listing = list_images(paths, recursive=True, out=out)
    return make_plan(listing, describe_model(model, ensemble), BatchOptions(**options), out)


def do(plan: Plan, ensemble: TrainedEnsemble, **options: Any) -> list[BatchEvent]:
    """Do a batch to its end."""
    return list(run_batch(plan, ensemble, **options))


def counts(out: Path) -> list[dict[str, str]]:
    return read_csv(out / "counts.csv")


def results(out: Path) -> dict[str, bytes]:
    """The bytes of all results that do not say when they were made."""
    kept = [*out.glob("*.csv"), *out.glob("images/**/*"), *out.glob("tables/**/*")]
    return {str(file.relative_to(out)): file.read_bytes() for file in kept if file.is_file()}
