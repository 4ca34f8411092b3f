"""The networks that learn from the simulated annotator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from napari_inconsistency_masks.checkpoint import load_tensors, save_tensors
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.batches.loader import Loader, Part
from napari_inconsistency_masks.data.sample import Sample, SegmentationData, Source
from napari_inconsistency_masks.devices import choose_device, choose_precision
from napari_inconsistency_masks.inference.predict import predict_samples
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.methods.supervised import Supervised
from napari_inconsistency_masks.metrics.evaluation import Evaluation
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.training.fit import train_step
from napari_inconsistency_masks.training.learner import Learner


@dataclass(frozen=True)
class Pupils:
    """Networks of one seed, after each round of each strategy, on disk.

    Attributes
    ----------
    data
        Its labeled images teach; those of `split` are only scored.
    first_steps, steps
        From the labeled images alone, and in each round.
    """

    data: SegmentationData
    config: TrainConfig
    seed: int
    first_steps: int
    steps: int
    split: str
    out: Path

    def path(self, strategy: str, turn: int, ending: str) -> Path:
        return self.out / f"{self.data.name}-{strategy}-{self.seed}-{turn}.{ending}"

    def first(self) -> Ensemble:
        """Networks that learned from the labeled images only; made where they are missing."""
        path = self.path("first", 0, "safetensors")
        if not path.exists():
            networks = self._new()
            self._train(networks, [], self.first_steps, 0)
            _save(networks, path)
        return self._read(path)

    def load(self, strategy: str, turn: int) -> Ensemble:
        """The networks after a round."""
        return self._read(self.path(strategy, turn, "safetensors")) if turn else self.first()

    def learn(self, strategy: str, turn: int, pieces: Sequence[Sample]) -> dict[str, Any]:
        """Let the first networks go on learning, keep what they become, and return its scores."""
        networks = self.first()
        self._train(networks, pieces, self.steps, 1)
        _save(networks, self.path(strategy, turn, "safetensors"))
        about = {"data": self.data.name, "strategy": strategy, "seed": self.seed, "round": turn}
        return {**about, **self._scores(networks)}

    def _train(
        self, networks: Ensemble, pieces: Sequence[Sample], steps: int, generation: int
    ) -> None:
        data, config = self.data, self.config
        parts = [Part(data.labeled, config.augmentation, share=0.5 if pieces else None)]
        loader = Loader(
            parts + [Part(pieces, config.augmentation)] * bool(pieces),
            batch=config.batch,
            patch=config.patch,
            seed=self.seed,
            generation=generation,
            free_rotation=data.free_rotation,
            device=networks.device,
        )
        loss = choose_loss(config.loss, data.scheme, config.position_weight)
        learner, method = Learner(networks, config), Supervised(loss)
        while learner.step < steps:
            train_step(learner, loader, method, steps)

    def _scores(self, networks: Ensemble) -> dict[str, Any]:
        """Of the ensemble, and the count error of each image."""
        scheme = self.data.scheme
        samples: Source = getattr(self.data, self.split)
        evaluation = Evaluation(scheme)
        for index, logits in predict_samples(networks, samples):
            mean = scheme.probability(logits).numpy().mean(axis=0)
            evaluation.add(samples[index].name, scheme.harden(mean), samples[index].labeled)
        scores = evaluation.scores()
        errors = dict.fromkeys(sorted(row.name for row in scores.rows), 0)
        for row in scores.rows:
            errors[row.name] += abs(row.predicted - row.true)
        rows = list(errors.values())
        numbers: dict[str, Any] = {"count_error": float(np.mean(rows)), "errors": rows}
        numbers |= {"mean_iou": scores.mean_iou}
        for name, count in scores.counts.items():
            numbers |= {f"recall {name}": count.recall, f"precision {name}": count.precision}
        return numbers

    def _new(self) -> Ensemble:
        architecture = Architecture(self.data.channels, self.data.scheme.outputs, self.config.width)
        networks = Ensemble.create(architecture, self.config.members, seed=self.seed)
        device = choose_device(self.config.device)
        return networks.place(device, choose_precision(device, self.config.precision))

    def _read(self, path: Path) -> Ensemble:
        networks = self._new()
        networks.load_state_dict(load_tensors(path, "state")[0])
        return networks


def _save(networks: Ensemble, path: Path) -> None:
    tensors: dict[str, torch.Tensor] = {
        name: value.detach().cpu() for name, value in networks.state_dict().items()
    }
    save_tensors(path, tensors, "state", {})
