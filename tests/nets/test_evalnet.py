"""EvalNet: the sizes of the reference, and what it accepts."""

from __future__ import annotations

import pytest
import torch

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.nets.evalnet import EvalNet


@pytest.mark.parametrize(
    ("channels", "outputs", "width", "detects", "values"),
    [
        (3, 1, 1, False, 492_353),  # ISIC
        (1, 3, 2, True, 1_964_678),  # HeLa
        (3, 9, 2, True, 1_971_090),  # SUIM
        (3, 35, 2, True, 1_998_598),  # Cityscapes
    ],
)
def test_it_has_as_many_values_as_the_reference(
    channels: int, outputs: int, width: float, detects: bool, values: int
) -> None:
    state = EvalNet(channels, outputs, width, detects=detects).state_dict()
    counted = {name: value for name, value in state.items() if "num_batches" not in name}
    assert sum(value.numel() for value in counted.values()) == values


@pytest.mark.parametrize("side", [16, 100, 256])
def test_images_of_any_size_give_one_answer_per_output(side: int) -> None:
    network = EvalNet(1, 3, 0.25).eval()
    overlap, there = network(torch.zeros(2, 1, side, side + 3), torch.zeros(2, 3, side, side + 3))
    assert there is not None
    assert overlap.shape == there.shape == (2, 3)
    overlap, there = EvalNet(1, 3, 0.25, detects=False).eval()(
        torch.zeros(2, 1, side, side), torch.zeros(2, 3, side, side)
    )
    assert there is None
    assert overlap.shape == (2, 1)


def test_it_looks_at_image_and_label() -> None:
    torch.manual_seed(0)
    network = EvalNet(1, 2, 0.5).eval()
    image, label = 255 * torch.rand(1, 1, 32, 32), (torch.rand(1, 2, 32, 32) > 0.5).float()
    answer = network(image, label)[0]
    assert not torch.equal(answer, network(255 - image, label)[0])
    assert not torch.equal(answer, network(image, 1 - label)[0])


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="EvalNet of 0 channels"):
        EvalNet(0, 1)
    with pytest.raises(InputError, match=r"width 0\.01"):
        EvalNet(1, 1, 0.01)
