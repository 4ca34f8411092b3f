"""Training on a folder whose images are labeled only in part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.checkpoint import load_network
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.files.json_files import read_json_lines
from napari_inconsistency_masks.recipes import PRESETS
from napari_inconsistency_masks.task import Task
from toy import QUICK, SCHEMES, toy_sample

SIZE = 64
CLASSES = {
    Task.BINARY: ["bright"],
    Task.MULTILABEL: ["bright", "dark", "position"],
    Task.MULTICLASS: ["ground", "bright", "dark"],
}


def make_folder(root: Path, task: Task, outside: str) -> SegmentationData:
    """Three images with boxes, outside of which labels are as said, and one for validation."""
    rng = np.random.default_rng(7)
    for number in range(4):
        sample = toy_sample(task, number, SIZE)
        known = np.zeros((SIZE, SIZE), bool)
        known[8 + number : 40, 5 : 50 - number] = True
        wrong = rng.integers(0, 2, sample.labeled.shape).astype(np.uint8)
        if task is Task.MULTICLASS:
            wrong += 1
        target = {
            "right": sample.labeled,
            "wrong": np.where(known, sample.labeled, wrong),
        }[outside if number else "right"]
        masks = (
            {"ids": target - 1}
            if task is Task.MULTICLASS
            else dict(zip(CLASSES[task], target * 255, strict=True))
        )
        planes = {"images": sample.image[0], **masks}
        if number:
            planes["known"] = known * 255
        for name, plane in planes.items():
            (root / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(plane.astype(np.uint8)).save(root / name / f"{number}.png")
    (root / "splits").mkdir()
    (root / "splits" / "val.txt").write_text("0")
    return load_folder(
        root,
        CLASSES[task],
        task=task,
        position=SCHEMES[task].position,
        masks="ids" if task is Task.MULTICLASS else None,
    )


def train(data: SegmentationData, config: TrainConfig, folder: Path) -> dict[str, torch.Tensor]:
    """All weights of a run."""
    list(runs.train("im", data, config, folder=folder))
    return {
        f"{path.parent.name}/{path.stem}/{name}": tensor
        for path in sorted(folder.glob("generation-*/network-*.safetensors"))
        for name, tensor in load_network(path)[0].state_dict().items()
    }


EVERYDAY = replace(
    QUICK,
    loss=PRESETS["quick"].loss,
    augment=PRESETS["quick"].augment,
    pseudo_labels=PRESETS["quick"].pseudo_labels,
    labeled_share=PRESETS["quick"].labeled_share,
)


@pytest.mark.parametrize(
    ("task", "config"),
    [(Task.BINARY, QUICK), (Task.MULTILABEL, EVERYDAY), (Task.MULTICLASS, EVERYDAY)],
)
def test_labels_outside_of_boxes_have_no_effect(
    task: Task, config: TrainConfig, tmp_path: Path
) -> None:
    config = replace(config, patch=32)
    trained, curves = [], []
    for outside in ("right", "wrong"):
        data = make_folder(tmp_path / outside, task, outside)
        assert (len(data.labeled), len(data.unlabeled), len(data.validation)) == (3, 3, 1)
        trained.append(train(data, config, tmp_path / f"run-{outside}"))
        curves.append(losses_and_scores(tmp_path / f"run-{outside}"))
    right, wrong = trained
    assert right.keys() == wrong.keys()
    assert {name[:12] for name in right} == {"generation-0", "generation-1"}
    assert all(torch.equal(right[name], wrong[name]) for name in right)
    assert len(curves[0]) == 4
    assert curves[0] == curves[1]


def test_labels_inside_of_boxes_do_have_an_effect(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", Task.BINARY, "right")
    config = replace(QUICK, patch=32)
    with_labels = train(data, config, tmp_path / "run")
    for number in range(1, 4):
        path = tmp_path / "data" / "bright" / f"{number}.png"
        mask = np.array(Image.open(path))
        mask[20:30, 20:30] = 255 - mask[20:30, 20:30]
        Image.fromarray(mask).save(path)
    data = load_folder(tmp_path / "data", ["bright"])
    changed = train(data, config, tmp_path / "changed")
    assert not all(torch.equal(with_labels[name], changed[name]) for name in changed)


def losses_and_scores(folder: Path) -> list[dict[str, object]]:
    """The losses and scores of all epochs."""
    keys = ("train_loss", "validation_loss", "score", "count_error", "mean_iou")
    events = read_json_lines(folder / "events.jsonl")
    return [{key: event.get(key) for key in keys} for event in events if "validation_loss" in event]
