"""One network that says what a whole ensemble says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from trained_toys import picture, trained_toy

from napari_inconsistency_masks.checkpoint import ModelCard
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.exchange import AS_IS, STRETCHED, gray_values
from napari_inconsistency_masks.exchange.portable import PortableEnsemble
from napari_inconsistency_masks.inconsistency import find_consensus
from napari_inconsistency_masks.inference.image import predict
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.nets.ensemble import Architecture
from napari_inconsistency_masks.task import Task
from toy import SCHEMES


@pytest.mark.parametrize(("task", "channels"), [*((task, 1) for task in Task), (Task.BINARY, 3)])
def test_mean_and_mask_are_those_of_the_ensemble(task: Task, channels: int, tmp_path: Path) -> None:
    trained = trained_toy(tmp_path / "run", task, channels)
    image = picture(96, 128, channels)
    with torch.inference_mode():
        given = torch.from_numpy(image)[None].float()  # (1, C, Y, X)
        probability, inconsistency = PortableEnsemble(trained)(given)
    prediction = predict(trained, image)
    np.testing.assert_allclose(probability[0].numpy(), prediction.mean(), atol=1e-5)
    mask = find_consensus(prediction).inconsistency
    assert 0.001 < mask.mean() < 0.999
    assert (inconsistency[0, 0].numpy() == mask).mean() > 0.999  # but for rounding at 0.5
    assert inconsistency.shape == (1, 1, 96, 128)


@pytest.mark.parametrize("task", Task)
def test_hard_labels_of_tensors_are_those_of_arrays(task: Task) -> None:
    scheme = SCHEMES[task]
    values = np.random.default_rng(0).choice([0.2, 0.5, 0.8], (2, scheme.outputs, 9, 9))
    values[:, :, :3] = np.random.default_rng(1).random((2, scheme.outputs, 3, 9))
    votes = scheme.votes(torch.from_numpy(values)).numpy()
    hard = scheme.harden(values, at_least_half=task is Task.MULTILABEL)
    if scheme.exclusive:  # which of equal probabilities wins is not said
        hard, votes = hard.argmax(1, keepdims=True)[:, :, :3], votes[:, :, :3]
    np.testing.assert_array_equal(votes, hard)


def test_values_beyond_those_of_an_image_are_cut_as_they_were_in_training(
    tmp_path: Path,
) -> None:
    network = PortableEnsemble(trained_toy(tmp_path / "run", Task.BINARY))
    image = torch.tensor([-50.0, 0.4, 254.6, 900.0]).repeat(16, 4)[None, None]
    cut = torch.tensor([0.0, 0.0, 255.0, 255.0]).repeat(16, 4)[None, None]
    with torch.inference_mode():
        np.testing.assert_array_equal(network(image)[0], network(cut)[0])


@pytest.mark.parametrize(
    ("learned", "asked", "bits", "expected"),
    [
        ({"stretched": True}, None, 8, STRETCHED),
        ({"stretched": False}, None, 8, AS_IS),
        ({"stretched": True}, AS_IS, 8, AS_IS),
        ({}, STRETCHED, 8, STRETCHED),
        ({}, None, 8, AS_IS),
        ({}, None, 16, STRETCHED),
        ({"stretched": None}, None, 16, STRETCHED),
    ],
)
def test_gray_values_go_in_as_they_were_learned_from_or_as_the_example_needs(
    learned: dict[str, bool], asked: str | None, bits: int, expected: str
) -> None:
    card = ModelCard(SCHEMES[Task.BINARY], Architecture(1, 1), Intensity(), learned)
    assert gray_values(card, np.dtype(f"uint{bits}"), asked) == expected


def test_a_rule_for_all_types_goes_before_what_was_learned_from() -> None:
    card = ModelCard(SCHEMES[Task.BINARY], Architecture(1, 1), Intensity("percentile"), {})
    assert gray_values(card, np.dtype(np.uint8)) == STRETCHED


def test_other_gray_values_are_refused() -> None:
    card = ModelCard(SCHEMES[Task.BINARY], Architecture(1, 1), Intensity(), {})
    with pytest.raises(InputError, match="'raw': choose as-is or stretched"):
        gray_values(card, np.dtype(np.uint8), "raw")
