"""The U-Net against the reference's parameter counts, constants and structure."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.nets.blocks import TRUNCATED_STD
from napari_inconsistency_masks.nets.network import Streams
from napari_inconsistency_masks.nets.unet import DIVISOR, RECEPTIVE_RADIUS, UNet

CHANNELS_OUTPUTS = {"ISIC": (3, 1), "HeLa": (1, 3), "SUIM": (3, 9), "Cityscapes": (3, 35)}

# (ISIC, HeLa, SUIM, Cityscapes) per width, computed by hand from the reference's layer list
TRAINABLE = {
    0.5: (170_809, 170_811, 170_881, 171_115),
    0.75: (383_173, 383_175, 383_277, 383_615),
    1.0: (680_177, 680_179, 680_313, 680_755),
    1.25: (1_061_821, 1_061_823, 1_061_989, 1_062_535),
    1.5: (1_528_105, 1_528_107, 1_528_305, 1_528_955),
    1.75: (2_079_029, 2_079_031, 2_079_261, 2_080_015),
    2.0: (2_714_593, 2_714_595, 2_714_857, 2_715_715),
}


@pytest.mark.parametrize(("width", "counts"), TRAINABLE.items())
def test_parameter_counts_are_the_papers(width: float, counts: tuple[int, ...]) -> None:
    nets = [UNet(*shape, width) for shape in CHANNELS_OUTPUTS.values()]
    assert tuple(sum(p.numel() for p in net.parameters()) for net in nets) == counts


@pytest.mark.parametrize("width", TRAINABLE)
def test_running_statistics_are_1504_times_the_width(width: float) -> None:
    buffers = dict(UNet(1, 3, width).named_buffers())
    statistics = [b for name, b in buffers.items() if not name.endswith("num_batches_tracked")]
    assert sum(b.numel() for b in statistics) == 1504 * width


def test_batch_norm_has_the_keras_constants() -> None:
    norms = [m for m in UNet(1, 3).modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 1 + 5 + 4 + 4
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}


def test_weights_are_a_normal_cut_at_two_deviations() -> None:
    torch.manual_seed(0)
    for conv in (m for m in UNet(1, 3, 2).modules() if isinstance(m, nn.Conv2d)):
        fan_in = conv.in_channels * conv.kernel_size[0] * conv.kernel_size[1]
        std = (2 / fan_in) ** 0.5
        assert conv.weight.abs().max() <= 2 * std / TRUNCATED_STD + 1e-6
        assert conv.bias is not None
        assert not conv.bias.any()
        if conv.weight.numel() > 5000:
            assert float(conv.weight.detach().std()) == pytest.approx(std, rel=0.05)


def test_against_an_obvious_copy_of_the_layer_list() -> None:
    """The same weights through the reference's layers written one after the other."""
    torch.manual_seed(1)
    net = UNet(2, 3, 0.5).eval()
    for norm in (m for m in net.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.running_mean.uniform_(-0.2, 0.2)
        norm.running_var.uniform_(0.5, 1.5)
    convs = iter([m for m in net.modules() if isinstance(m, nn.Conv2d)][:-1])
    norms = iter([m for m in net.modules() if isinstance(m, nn.BatchNorm2d)])

    def conv(x: torch.Tensor) -> torch.Tensor:
        layer = next(convs)
        return torch.relu(
            nn.functional.conv2d(x, layer.weight, layer.bias, padding=layer.kernel_size[0] // 2)
        )

    def norm(x: torch.Tensor) -> torch.Tensor:
        layer = next(norms)
        shift, scale = layer.running_mean, (layer.running_var + 1e-3).sqrt()
        x = (x - shift[:, None, None]) / scale[:, None, None]
        return x * layer.weight[:, None, None] + layer.bias[:, None, None]

    image = torch.rand(2, 2, 48, 32) * 255
    x = norm(conv(image / 255))
    skips = []
    for _ in range(4):
        x = norm(conv(conv(x)))
        skips.append(x)
        x = nn.functional.max_pool2d(x, 2)
    x = norm(conv(conv(x)))
    # Modules are registered as four merges, then four decoder blocks: gather them in that order.
    merges = [(next(convs), next(norms)) for _ in range(4)]
    blocks = [(next(convs), next(convs), next(norms)) for _ in range(4)]
    for (merge, merge_norm), (first, second, last_norm) in zip(merges, blocks, strict=True):
        x = x.repeat_interleave(2, -2).repeat_interleave(2, -1) + skips.pop()
        x = merge_norm(torch.relu(merge(x)))
        x = last_norm(torch.relu(second(torch.relu(first(x)))))
    expected = net.head(x)
    torch.testing.assert_close(net(image), expected, rtol=1e-4, atol=1e-4)


def test_no_output_sees_further_than_the_receptive_radius() -> None:
    torch.manual_seed(2)
    net = UNet(1, 1, 0.25).double().eval()
    for offset in (0, 1, DIVISOR // 2, DIVISOR - 1):
        image = (torch.rand(1, 1, 256, 256, dtype=torch.double) * 255).requires_grad_()
        center = 128 + offset
        net(image)[0, 0, center, center].backward()
        assert image.grad is not None
        seen = image.grad[0, 0].nonzero()
        assert int((seen - center).abs().max()) <= RECEPTIVE_RADIUS


@pytest.mark.parametrize("shape", [(0, 3, 1.0), (1, 0, 1.0), (1, 3, 0.01)])
def test_impossible_networks_are_refused(shape: tuple[int, int, float]) -> None:
    with pytest.raises(InputError, match="not possible"):
        UNet(*shape)


def test_features_are_those_of_the_named_images_times_their_factors() -> None:
    network = UNet(1, 2, 0.25).eval()
    image = torch.rand(3, 1, 32, 32) * 255
    features = network.encode(image)
    assert tuple(x.shape[1] for x in features) == network.feature_channels
    assert [x.shape[-1] for x in features] == [32, 16, 8, 4, 2]
    rows = [2, 0, 2, 1]
    factors = [torch.rand(4, channels) for channels in network.feature_channels]
    logits = network(image, Streams(torch.tensor(rows), tuple(factors)))
    for place, row in enumerate(rows):
        changed = [
            x[row : row + 1] * factor[place].reshape(1, -1, 1, 1)
            for x, factor in zip(features, factors, strict=True)
        ]
        expected = network.classify(network.decode(changed))
        torch.testing.assert_close(logits[place : place + 1], expected, rtol=1e-3, atol=1e-3)


def test_unchanged_features_give_the_plain_logits() -> None:
    network = UNet(1, 2, 0.25).eval()
    image = torch.rand(2, 1, 16, 16) * 255
    ones = tuple(torch.ones(2, channels) for channels in network.feature_channels)
    torch.testing.assert_close(network(image, Streams(torch.arange(2), ones)), network(image))
