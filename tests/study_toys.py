"""A small data set, and a comparison of tiny networks on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import safe_open

from napari_inconsistency_masks.benchmark import Study
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import Task
from toy import toy_sample

CLASSES = ("bright", "dark", "position")
TINY = {"members": 2, "generations": 1, "width": 0.25, "epochs": 1, "steps": 2, "batch": 2}
TINY |= {"precision": "float32", "patch": 32}


def write_data(root: Path) -> SegmentationData:
    """Write images and labels to a folder, and open it."""
    for folder in ("images", *CLASSES):
        (root / folder).mkdir(parents=True)
    for number in range(16):
        sample = toy_sample(Task.MULTILABEL, number)
        write_tiff(root / "images" / f"{number:02d}.tif", sample.image[0], "YX")
        for name, mask in zip(CLASSES, sample.labeled, strict=True):
            write_tiff(root / name / f"{number:02d}.tif", mask * 255, "YX")
    return load_folder(
        root, classes=CLASSES, position="position", labeled=4, validation=0.25, test=0.25
    )


def make(data: SegmentationData, folder: Path, recipes: str = "labeled,im", runs: int = 2) -> Study:
    number = len(data.labeled)
    return Study({number: data}, recipes.split(","), runs, "quick", folder, TINY)


def weights(folder: Path) -> dict[str, Any]:
    """All networks below a folder, bit for bit, and what their cards say.

    The files themselves may have the entries of a card in another order.
    """
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("**/generation-*/*.safetensors")):
        with safe_open(path, framework="np") as file:
            tensors = {name: file.get_tensor(name).tobytes() for name in file.keys()}  # noqa: SIM118
            found[str(path.relative_to(folder))] = (tensors, file.metadata())
    return found
