"""ResNet-50 and DINOv2: their published shapes, their mathematics, and weights from files."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from napari_inconsistency_masks.checkpoint import ModelCard, load_network, save_network
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.predict import predict_logits
from napari_inconsistency_masks.inference.tiling import tiles
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.methods import METHODS
from napari_inconsistency_masks.nets.backbones import NETWORKS
from napari_inconsistency_masks.nets.dinov2 import VisionTransformer
from napari_inconsistency_masks.nets.dpt import DinoDPT
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.nets.network import Backbone, Network
from napari_inconsistency_masks.nets.pretrained import load_encoder
from napari_inconsistency_masks.nets.resnet import ResNet, ResNetDeepLab
from napari_inconsistency_masks.nets.unet import UNet
from napari_inconsistency_masks.settings import settings
from napari_inconsistency_masks.task import LabelScheme, Task

BACKBONES = ("resnet50", "dinov2")


def make(kind: str, channels: int = 3, outputs: int = 2, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return NETWORKS[kind](channels, outputs, 0.25)


def shake(network: torch.nn.Module) -> None:
    """Give all weights and statistics values at which every part of the network matters."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5, generator=generator)
            elif value.is_floating_point():
                value.add_(torch.randn(value.shape, generator=generator) * 0.05)


def test_the_names_are_those_of_the_settings() -> None:
    (setting,) = (item for item in settings(TrainConfig) if item.name == "network")
    assert setting.choices == tuple(NETWORKS)


def test_encoders_have_the_published_numbers_of_weights_and_names() -> None:
    encoder = ResNet()
    assert sum(p.numel() for p in encoder.parameters()) == 25_557_032 - (2048 + 1) * 1000  # fc
    shapes = {name: tuple(value.shape) for name, value in encoder.state_dict().items()}
    assert len(shapes) == 53 * 6
    assert shapes["conv1.weight"] == (64, 3, 7, 7)
    assert shapes["layer1.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert shapes["layer3.5.conv2.weight"] == (256, 256, 3, 3)
    assert shapes["layer4.2.bn3.running_mean"] == (2048,)
    encoder = VisionTransformer()
    assert sum(p.numel() for p in encoder.parameters()) == 22_056_576 - 384  # mask_token
    shapes = {name: tuple(value.shape) for name, value in encoder.state_dict().items()}
    assert len(shapes) == 4 + 12 * 14 + 2
    assert shapes["pos_embed"] == (1, 1370, 384)
    assert shapes["patch_embed.proj.weight"] == (384, 3, 14, 14)
    assert shapes["blocks.11.attn.qkv.bias"] == (1152,)
    assert shapes["blocks.0.mlp.fc1.weight"] == (1536, 384)
    assert shapes["blocks.3.ls2.gamma"] == shapes["norm.bias"] == (384,)


@pytest.mark.usefixtures("small_backbones")
def test_resnet_against_an_obvious_copy() -> None:
    encoder = ResNet().eval()
    shake(encoder)
    w = encoder.state_dict()

    def conv(x: Tensor, name: str, norm: str, stride: int = 1, dilation: int = 1) -> Tensor:
        kernel = w[f"{name}.weight"]
        padding = dilation * (kernel.shape[-1] // 2)
        x = F.conv2d(x, kernel, None, stride, padding, dilation)
        mean, var, scale, shift = (
            w[f"{norm}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * scale + shift

    def block(x: Tensor, name: str, stride: int) -> Tensor:
        y = conv(x, f"{name}.conv1", f"{name}.bn1").relu()
        y = conv(y, f"{name}.conv2", f"{name}.bn2", stride).relu()
        y = conv(y, f"{name}.conv3", f"{name}.bn3")
        return (y + conv(x, f"{name}.downsample.0", f"{name}.downsample.1", stride)).relu()

    image = torch.randn(2, 3, 64, 96)
    x = F.max_pool2d(conv(image, "conv1", "bn1", 2).relu(), 3, 2, 1)
    fine = x = block(x, "layer1.0", 1)
    for name, stride in (("layer2.0", 2), ("layer3.0", 2), ("layer4.0", 1)):
        x = block(x, name, stride)
    found = encoder(image)
    torch.testing.assert_close(found[0], fine, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found[1], x, rtol=1e-4, atol=1e-4)
    assert found[1].shape == (2, 2048, 4, 6)


def test_later_blocks_of_the_last_stage_are_dilated() -> None:
    stage = ResNet().layer4
    assert [block.conv2.dilation for block in stage] == [(1, 1), (2, 2), (2, 2)]
    assert all(block.conv2.stride == (1, 1) for block in stage)


@pytest.mark.usefixtures("small_backbones")
def test_dinov2_against_an_obvious_copy() -> None:
    encoder = VisionTransformer().eval()
    shake(encoder)
    w = encoder.state_dict()

    def norm(x: Tensor, name: str) -> Tensor:
        x = x - x.mean(-1, keepdim=True)
        x = x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def attention(x: Tensor, name: str) -> Tensor:
        query, key, value = linear(x, f"{name}.qkv").split(48, -1)
        heads = []
        for head in range(6):
            part = slice(8 * head, 8 * head + 8)
            seen = (query[:, part] @ key[:, part].T / 8**0.5).softmax(-1)
            heads.append(seen @ value[:, part])
        return linear(torch.cat(heads, -1), f"{name}.proj")

    image = torch.randn(1, 3, 28, 42)
    patches = [
        (w["patch_embed.proj.weight"] * image[0, :, y : y + 14, x : x + 14]).sum((1, 2, 3))
        for y in (0, 14)
        for x in (0, 14, 28)
    ]
    grid = w["pos_embed"][:, 1:].reshape(1, 37, 37, 48).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, (2, 3), mode="bicubic")[0].flatten(1).T
    x = torch.stack(patches) + w["patch_embed.proj.bias"] + grid
    x = torch.cat([w["cls_token"][0] + w["pos_embed"][0, :1], x])
    expected = []
    for number in range(12):
        name = f"blocks.{number}"
        x = x + w[f"{name}.ls1.gamma"] * attention(norm(x, f"{name}.norm1"), f"{name}.attn")
        inner = F.gelu(linear(norm(x, f"{name}.norm2"), f"{name}.mlp.fc1"))
        x = x + w[f"{name}.ls2.gamma"] * linear(inner, f"{name}.mlp.fc2")
        if number in (2, 5, 8, 11):
            expected.append(norm(x, "norm")[1:].T.reshape(48, 2, 3))
    for one, other in zip(encoder(image), expected, strict=True):
        torch.testing.assert_close(one[0], other, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("small_backbones")
@pytest.mark.parametrize("kind", BACKBONES)
def test_logits_have_the_size_of_the_image_and_reach_every_weight(kind: str) -> None:
    network = make(kind, channels=1, outputs=3).train()
    shake(network)
    assert isinstance(network, Backbone)
    logits = network(torch.rand(2, 1, 64, 96) * 255)
    assert logits.shape == (2, 3, 64, 96)
    assert logits.dtype == torch.float32
    (logits * torch.randn(logits.shape)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
    assert len(network.feature_channels) == len(network.encode(torch.rand(1, 1, 32, 32)))
    assert [x.shape[1] for x in network.encode(torch.rand(1, 1, 32, 32))] == [
        *network.feature_channels
    ]


@pytest.mark.usefixtures("small_backbones")
@pytest.mark.parametrize("kind", BACKBONES)
def test_gray_is_gray_color_and_is_normalized(kind: str) -> None:
    gray, color = make(kind, channels=1).eval(), make(kind, channels=3).eval()
    color.load_state_dict(gray.state_dict())
    image = torch.rand(1, 1, 32, 32) * 255
    torch.testing.assert_close(gray(image), color(image.expand(-1, 3, -1, -1)))
    assert (color(image.expand(-1, 3, -1, -1)) - color(torch.zeros(1, 3, 32, 32))).abs().max() > 0


@pytest.mark.parametrize("kind", BACKBONES)
@pytest.mark.parametrize(("channels", "outputs", "width"), [(2, 1, 1), (3, 0, 1), (3, 1, 0.01)])
def test_impossible_networks_are_refused(
    kind: str, channels: int, outputs: int, width: float
) -> None:
    with pytest.raises(InputError, match="is not possible"):
        NETWORKS[kind](channels, outputs, width)


@pytest.mark.usefixtures("small_backbones")
@pytest.mark.parametrize("kind", BACKBONES)
def test_images_of_any_size_are_predicted(kind: str) -> None:
    ensemble = Ensemble([make(kind)]).eval()
    shake(ensemble)
    rng = np.random.default_rng(0)
    for shape in ((30, 41), (14, 100), (3, 5)):
        image = rng.integers(0, 256, (1, 3, *shape), dtype=np.uint8)
        logits = predict_logits(ensemble, image)
        assert logits.shape == (1, 1, 2, *shape)
        assert torch.isfinite(logits).all()
    divisor = ensemble.divisor
    image = rng.integers(0, 256, (1, 3, 3 * divisor - 5, 2 * divisor), dtype=np.uint8)
    whole = np.pad(image, ((0, 0), (0, 0), (0, 5), (0, 0)), mode="reflect")
    expected = ensemble(torch.from_numpy(whole)[None].float())[..., : 3 * divisor - 5, :]
    torch.testing.assert_close(predict_logits(ensemble, image), expected.detach())


@pytest.mark.usefixtures("small_backbones")
@pytest.mark.parametrize("kind", BACKBONES)
def test_large_images_are_predicted_in_tiles_that_fit_the_network(kind: str) -> None:
    ensemble = Ensemble([make(kind)]).eval()
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 112, 448), dtype=np.uint8)
    found = predict_logits(ensemble, image, tile=340)
    assert ensemble.halo % ensemble.divisor == 0
    parts = list(tiles((112, 448), 336, halo=ensemble.halo, divisor=ensemble.divisor))
    assert len(parts) > 2
    for part in parts:
        window = torch.from_numpy(image[..., part.outer[0], part.outer[1]].copy()).float()
        logits = ensemble(window[None]).detach()[..., part.inner[0], part.inner[1]]
        torch.testing.assert_close(found[..., part.core[0], part.core[1]], logits)
    assert not torch.equal(predict_logits(ensemble, image), found)  # they see all of a tile


def test_members_of_several_kinds_share_a_grid() -> None:
    nets = [NETWORKS["unet"](1, 1, 0.25), DinoDPT(1, 1, 0.25)]
    ensemble = Ensemble(nets)
    assert ensemble.divisor == 112
    assert ensemble.halo == 224


# --- weights --------------------------------------------------------------------------------------


@pytest.fixture
def weights(small_backbones: None, tmp_path: Path) -> dict[str, Path]:
    """Files of encoder weights, as published: with parts that are not needed here."""
    files = {}
    extra = {"resnet50": {"fc.weight": torch.zeros(1000, 2048)}, "dinov2": {}}
    extra["dinov2"]["mask_token"] = torch.zeros(1, 384)
    for kind in BACKBONES:
        network = make(kind, seed=9)
        assert isinstance(network, Backbone)
        shake(network)
        state = {
            name: value.clone()
            for name, value in network.encoder.state_dict().items()
            if not name.endswith("num_batches_tracked")
        }
        files[kind] = tmp_path / f"{kind}.safetensors"
        save_file({**state, **extra[kind]}, files[kind])
    return files


def change(path: Path, **changes: Tensor | None) -> Path:
    """A copy of a file of weights with some changed, or left out."""
    from safetensors.torch import load_file

    state = {**load_file(path), **changes}
    changed = path.with_name("changed.safetensors")
    save_file({name: value for name, value in state.items() if value is not None}, changed)
    return changed


@pytest.mark.parametrize("method", ["fpl", "segkc"])
def test_partners_begin_with_them_as_well(method: str, weights: dict[str, Path]) -> None:
    config = TrainConfig(network="resnet50", width=0.25, encoder_weights=str(weights["resnet50"]))
    scheme = LabelScheme(Task.BINARY, ("cell",))
    made = METHODS[method](choose_loss("auto", scheme, 1.0), scheme, config)
    architecture = Architecture(3, 1, 0.25, "resnet50", config.encoder_weights)
    ensemble = Ensemble.create(architecture, 2, seed=0)
    for member, partner in zip(ensemble.networks, made.beside(ensemble, (0, 0)), strict=True):
        theirs = partner.network.encoder.state_dict()
        for name, value in member.encoder.state_dict().items():
            assert torch.equal(theirs[name], value), name
        assert not torch.equal(partner.network.head.weight, member.head.weight)


@pytest.mark.parametrize("kind", BACKBONES)
def test_encoders_begin_with_the_weights_of_a_file(kind: str, weights: dict[str, Path]) -> None:
    architecture = Architecture(3, 2, 0.25, kind, str(weights[kind]))
    ensemble = Ensemble.create(architecture, 2, seed=0)
    expected = make(kind, seed=9)
    shake(expected)
    for network in ensemble.networks:
        for name, value in network.encoder.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                torch.testing.assert_close(value, expected.encoder.state_dict()[name])
    first, second = (network.head.weight for network in ensemble.networks)
    assert not torch.equal(first, second)
    random = Ensemble.create(Architecture(3, 2, 0.25, kind), 1, seed=0).networks[0]
    assert torch.equal(random.head.weight, first)  # the weights change the encoder only
    some = "conv1.weight" if kind == "resnet50" else "pos_embed"
    assert not torch.equal(random.encoder.state_dict()[some], expected.encoder.state_dict()[some])


def test_half_precision_is_read(weights: dict[str, Path]) -> None:
    network = make("dinov2")
    half = change(weights["dinov2"], **{"norm.weight": torch.full((48,), 0.5).half()})
    load_encoder(network, half)
    assert network.encoder.norm.weight.dtype == torch.float32
    assert (network.encoder.norm.weight == 0.5).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"norm.weight": None, "norm.bias": None}, r"lacks 2 weights \(norm.bias, norm.weight\)"),
        ({"register_tokens": torch.zeros(1, 4, 48)}, r"unknown 1 weights \(register_tokens\)"),
        ({"pos_embed": torch.zeros(1, 257, 48)}, r"pos_embed is \(1, 257, 48\) instead of \(1, 1"),
        ({"norm.bias": torch.full((48,), torch.nan)}, "norm.bias holds values that are no finite"),
        ({"norm.bias": torch.zeros(48, dtype=torch.int32)}, "norm.bias holds values"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    weights: dict[str, Path], changes: dict[str, Tensor | None], said: str
) -> None:
    network = make("dinov2")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(InputError, match=rf"^changed\.safetensors: .*{said}"):
        load_encoder(network, change(weights["dinov2"], **changes))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_weights_of_another_network_are_refused(weights: dict[str, Path]) -> None:
    with pytest.raises(InputError, match=r"dinov2\.safetensors: not the weights of this encoder"):
        load_encoder(make("resnet50"), weights["dinov2"])
    with pytest.raises(InputError, match="the U-Net begins with random weights"):
        load_encoder(UNet(1, 1), weights["dinov2"])


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("a pickle was opened",))


def test_no_pickle_is_opened(tmp_path: Path, small_backbones: None) -> None:
    path = tmp_path / "dinov2_vits14_pretrain.pth"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match=r"pretrain\.pth: .* give a safetensors file"):
        load_encoder(make("dinov2"), path)
    with pytest.raises(InputError, match="there is no such file"):
        load_encoder(make("dinov2"), tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("kind", BACKBONES)
def test_networks_are_saved_and_loaded(kind: str, tmp_path: Path, small_backbones: None) -> None:
    network = make(kind, channels=1, outputs=1).eval()
    shake(network)
    architecture = Architecture(1, 1, 0.25, kind, "gone.safetensors")
    card = ModelCard(LabelScheme(Task.BINARY, ("cell",)), architecture, Intensity())
    save_network(tmp_path / "network.safetensors", network, card)
    loaded, read = load_network(tmp_path / "network.safetensors")
    assert read.architecture == Architecture(1, 1, 0.25, kind)
    image = torch.rand(1, 1, 48, 48) * 255
    torch.testing.assert_close(loaded.eval()(image), network(image))


def test_cards_name_the_network() -> None:
    card = ModelCard(LabelScheme(Task.BINARY, ("cell",)), Architecture(1, 1), Intensity())
    values = card.to_json()
    del values["architecture"]["network"]  # written before there was a choice
    assert ModelCard.from_json(values, "card") == card
    values["architecture"]["network"] = "segformer"
    with pytest.raises(InputError, match="'segformer'; this program knows unet, resnet50, dinov2"):
        ModelCard.from_json(values, "card")


def test_resnet_learns_from_a_single_image(small_backbones: None) -> None:
    network = ResNetDeepLab(3, 1, 0.25).train()
    network(torch.rand(1, 3, 64, 64) * 255).sum().backward()
