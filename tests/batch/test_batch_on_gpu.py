"""A batch on another device than the CPU."""

from __future__ import annotations

from pathlib import Path

import torch
from batch_toys import batch_of, counts, do

from emulated_gpu import INFO
from napari_inconsistency_masks.inference.trained import TrainedEnsemble, load


def test_a_batch_counts_there_what_it_counts_on_the_cpu(
    emulated: torch.device, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    there = load(model, device=INFO.key, precision="float32")
    assert there.networks.device == emulated
    for name, networks in (("there", there), ("here", ensemble)):
        do(batch_of([images], tmp_path / name, model, networks), networks)
    assert counts(tmp_path / "there") == counts(tmp_path / "here")
