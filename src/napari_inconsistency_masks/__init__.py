"""Train small U-Nets with Inconsistency Masks from a few labels, and count cells.

The public names below are loaded when they are first used, so that importing the package imports
neither torch nor Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import AugmentConfig, PseudoLabelConfig, TrainConfig
    from .data.folders.folder import load_folder
    from .data.published.cityscapes import load_cityscapes
    from .data.published.hela import load_hela
    from .data.published.isic2018 import load_isic2018
    from .data.published.suim import load_suim
    from .data.sample import Sample, SegmentationData
    from .data.synthetic import load_synthetic
    from .errors import InputError
    from .inconsistency import count_cells, disagreement, find_consensus, measure_areas
    from .inference.checked_counts import read_count_ratios
    from .inference.evaluate import evaluate
    from .inference.image import predict
    from .inference.trained import load
    from .intensity import Intensity
    from .plans import choose_generation
    from .projects import FrameLabels, Project, load_project
    from .recipes import PRESETS, RECIPES
    from .runs import resume, retrain, train
    from .task import LabelScheme, Task

_HOMES = {
    "AugmentConfig": "config",
    "FrameLabels": "projects",
    "InputError": "errors",
    "Intensity": "intensity",
    "LabelScheme": "task",
    "PRESETS": "recipes",
    "Project": "projects",
    "PseudoLabelConfig": "config",
    "RECIPES": "recipes",
    "Sample": "data.sample",
    "SegmentationData": "data.sample",
    "Task": "task",
    "TrainConfig": "config",
    "choose_generation": "plans",
    "count_cells": "inconsistency",
    "disagreement": "inconsistency",
    "evaluate": "inference.evaluate",
    "find_consensus": "inconsistency",
    "load": "inference.trained",
    "load_cityscapes": "data.published.cityscapes",
    "load_folder": "data.folders.folder",
    "load_hela": "data.published.hela",
    "load_isic2018": "data.published.isic2018",
    "load_project": "projects",
    "load_suim": "data.published.suim",
    "load_synthetic": "data.synthetic",
    "measure_areas": "inconsistency",
    "predict": "inference.image",
    "read_count_ratios": "inference.checked_counts",
    "resume": "runs",
    "retrain": "runs",
    "train": "runs",
}

__all__ = [  # noqa: RUF022  as in _HOMES
    "AugmentConfig",
    "FrameLabels",
    "InputError",
    "Intensity",
    "LabelScheme",
    "PRESETS",
    "Project",
    "PseudoLabelConfig",
    "RECIPES",
    "Sample",
    "SegmentationData",
    "Task",
    "TrainConfig",
    "choose_generation",
    "count_cells",
    "disagreement",
    "evaluate",
    "find_consensus",
    "load",
    "load_cityscapes",
    "load_folder",
    "load_hela",
    "load_isic2018",
    "load_project",
    "load_suim",
    "load_synthetic",
    "measure_areas",
    "predict",
    "read_count_ratios",
    "resume",
    "retrain",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
