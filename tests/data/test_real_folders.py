"""The reader on real images."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import ndimage

from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.files.images import open_stack
from napari_inconsistency_masks.task import Task

SUIM = ("water", "diver", "plants", "wreck", "robot", "reef", "fish", "floor")


def test_live_and_dead_cells(shared: Path) -> None:
    root = shared / "data" / "ldc_livedead"
    data = load_folder(root, ("alive", "dead", "position"), position="position")
    sizes = [len(part) for part in (data.labeled, data.unlabeled, data.validation, data.test)]
    assert sizes == [63, 567, 90, 180]
    assert len(data.hidden) == 567
    assert data.notes == ()
    with (root / "boxes.csv").open(newline="") as file:
        boxes = Counter(row["image"].removesuffix(".png") for row in csv.DictReader(file))
    cells = 0
    for sample in data.labeled:
        assert sample.image.shape[1:] == sample.labeled.shape[1:]
        count = ndimage.label(sample.labeled[2], np.ones((3, 3)))[1]
        assert count == boxes[sample.name]
        cells += count
    assert cells == 162 + 46


def test_nuclei(shared: Path) -> None:
    root = shared / "data" / "dsb2018_fluo256"
    data = load_folder(root, ("nuclei",))
    assert data.task is Task.BINARY
    assert (len(data.labeled), len(data.validation), len(data.test)) == (24, 33, 66)
    objects = load_folder(root, ("objects",))
    for one, other in zip(data.labeled, objects.labeled, strict=True):
        missing = one.labeled.astype(int) - other.labeled
        assert one.name == other.name
        assert missing.min() == 0  # objects below 4 pixels were left out there,
        assert missing.sum() < 0.05 * one.labeled.sum()  # and those that touch are set apart
        eight = np.ones((3, 3))
        pieces = [ndimage.label(sample.labeled[0], eight)[1] for sample in (other, one)]
        assert pieces[0] >= pieces[1] - 20


def test_underwater_scenes(shared: Path) -> None:
    data = load_folder(shared / "data" / "suim_sample", SUIM)
    assert (data.task, data.channels) == (Task.MULTICLASS, 3)
    assert (len(data.labeled), len(data.validation), len(data.test)) == (1, 1, 3)
    assert set(np.unique(data.labeled[0].labeled)) == {1, 2, 5, 6}
    assert [sample.name for sample in data.test] == ["n_l_12", "n_l_52", "w_r_147"]


def test_labeled_stacks(shared: Path, tmp_path: Path) -> None:
    stacks = shared / "data" / "stacks"
    for part, folder in {"uint8": "images", "alive": "alive", "position": "position"}.items():
        (tmp_path / folder).mkdir()
        for size in ("219x225", "220x220"):
            source = stacks / f"ldc_test_stack_24x{size}_{part}.tif"
            (tmp_path / folder / f"{size}.tif").symlink_to(source)
    data = load_folder(tmp_path, ("alive", "position"), position="position")
    assert len(data.labeled) == len(data.validation) == 24
    assert data.labeled[5].name in ("219x225[z=5]", "220x220[z=5]")
    name = data.labeled[5].name[:7]
    with open_stack(tmp_path / "alive" / f"{name}.tif") as frames:
        np.testing.assert_array_equal(data.labeled[5].labeled[0], frames[5] > 0)
