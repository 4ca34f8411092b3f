"""Tiny images that a tiny network learns within seconds: bright and dark squares on gray noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.task import LabelScheme, Task

SCHEMES = {
    Task.BINARY: LabelScheme(Task.BINARY, ("bright",)),
    Task.MULTICLASS: LabelScheme(Task.MULTICLASS, ("ground", "bright", "dark")),
    Task.MULTILABEL: LabelScheme(Task.MULTILABEL, ("bright", "dark", "position"), "position"),
}

QUICK = TrainConfig(
    members=2,
    teachers=2,
    generations=1,
    width=0.25,
    epochs=2,
    steps=3,
    batch=4,
    settle_norms=True,
    precision="float32",
)
"""A complete run of this takes about a second."""


def toy_sample(task: Task, number: int, size: int = 32) -> Sample:
    """One image with a bright and a dark square of 8 pixels."""
    rng = np.random.default_rng(number)
    gray = rng.normal(120, 12, (size, size))
    masks = np.zeros((3, size, size), np.uint8)
    for index, value in enumerate((220, 40)):
        top = int(rng.integers(1, size // 2 - 8)) + index * size // 2
        left = int(rng.integers(1, size - 9))
        gray[top : top + 8, left : left + 8] = value
        masks[index, top : top + 8, left : left + 8] = 1
        masks[2, top + 2 : top + 7, left + 2 : left + 7] = 1
    target = {
        Task.BINARY: masks[:1],
        Task.MULTICLASS: 1 + masks[0] + 2 * masks[1],
        Task.MULTILABEL: masks,
    }[task]
    return Sample(f"{task.value}-{number}", gray.clip(0, 255).astype(np.uint8)[None], target)


def toy_data(
    task: Task = Task.MULTILABEL, *, labeled: int = 4, unlabeled: int = 6, validation: int = 3
) -> SegmentationData:
    """A data set; its test samples raise when training looks at them."""
    numbers = iter(range(labeled + unlabeled + validation))
    lists = [
        [toy_sample(task, next(numbers)) for _ in range(count)]
        for count in (labeled, unlabeled, validation)
    ]
    return SegmentationData(
        name=f"toy {task.value}",
        scheme=SCHEMES[task],
        channels=1,
        labeled=lists[0],
        unlabeled=[replace(sample, target=None) for sample in lists[1]],
        validation=lists[2],
        test=Forbidden(),
        hidden=lists[1],
    )


class Forbidden(list[Sample]):
    """A list of samples that nothing in training may look at."""

    def __len__(self) -> int:
        raise AssertionError("training looked at the test images")

    __getitem__ = __iter__ = __len__  # type: ignore[assignment]
