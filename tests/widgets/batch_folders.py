"""Images and results of a batch for tests of the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_inconsistency_masks.task import LabelScheme, Task
from toy import toy_sample

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")


def write_images(folder: Path, frames: int = 4) -> Path:
    """Two single images, a calibrated movie in a folder inside, and a damaged file."""
    (folder / "deep").mkdir(parents=True)
    for number in range(2):
        tifffile.imwrite(folder / f"image_{number}.tif", picture(number))
    movie = np.stack([picture(10 + number) for number in range(frames)])
    about: Any = {"axes": "TYX", "unit": "um", "finterval": 30.0}
    tifffile.imwrite(
        folder / "deep" / "movie.tif", movie, imagej=True, resolution=(2.0, 2.0), metadata=about
    )
    (folder / "damaged.tif").write_bytes(b"II*\0 nothing good")
    return folder


def picture(number: int) -> np.ndarray:
    """A picture of 32 x 32 pixels."""
    return toy_sample(Task.MULTILABEL, number).image[0]


def do_batch(run: Path, images: Path, out: Path, **options: Any) -> Path:
    """Do a whole batch in this process; returns the folder of results."""
    from napari_inconsistency_masks import batch
    from napari_inconsistency_masks.inference.trained import load

    ensemble = load(run)
    listing = batch.list_images([images], recursive=True, out=out)
    chosen = batch.BatchOptions(**{"write": tuple(batch.WRITES), **options})
    plan = batch.make_plan(listing, batch.describe_model(run, ensemble), chosen, out)
    for _ in batch.run_batch(plan, ensemble):
        pass
    return out
