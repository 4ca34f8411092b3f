"""Prediction of images of any size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.image import channels_first
from napari_inconsistency_masks.inference.predict import predict_logits, predict_samples
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.nets.unet import UNet


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    """Two networks with running statistics of noise, so that normalization does something."""
    made = Ensemble.create(Architecture(1, 2, 0.25), 2, seed=0).train()
    with torch.no_grad():
        for _ in range(20):
            made(torch.rand(2, 4, 1, 64, 64) * 255)
    return made.eval()


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (1, 1, height, width), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(300, 420), (144, 500), (333, 160)])
def test_tiles_give_the_whole_images_result_everywhere(ensemble: Ensemble, shape) -> None:
    image = noise(*shape)
    whole = predict_logits(ensemble, image, tile=1024)
    tiled = predict_logits(ensemble, image, tile=160)
    torch.testing.assert_close(tiled, whole, rtol=1e-4, atol=1e-4)


def test_a_smaller_halo_would_not_do(ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: with half the halo, tiles differ from the whole."""

    image = noise(300, 420)
    whole = predict_logits(ensemble, image, tile=1024)
    monkeypatch.setattr(UNet, "halo", 16)
    assert float((predict_logits(ensemble, image, tile=160) - whole).abs().max()) > 1e-3


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70))
def test_any_size_gives_a_result_of_that_size(ensemble: Ensemble, height: int, width: int) -> None:
    logits = predict_logits(ensemble, noise(height, width))
    assert logits.shape == (2, 1, 2, height, width)
    assert torch.isfinite(logits).all()


def test_a_size_that_is_no_multiple_of_16_is_mirrored(ensemble: Ensemble) -> None:
    image = noise(30, 41)
    mirrored = np.pad(image, ((0, 0), (0, 0), (0, 2), (0, 7)), mode="reflect")
    expected = predict_logits(ensemble, mirrored)[..., :30, :41]
    torch.testing.assert_close(predict_logits(ensemble, image), expected)


def test_samples_of_several_sizes_each_get_their_own_result(ensemble: Ensemble) -> None:
    sizes = [(20, 30), (40, 16), (20, 30), (33, 33), (20, 30)]
    samples = [Sample(f"s{i}", noise(*size, seed=i)[0]) for i, size in enumerate(sizes)]
    results = dict(predict_samples(ensemble, samples))
    assert sorted(results) == list(range(5))
    for index, sample in enumerate(samples):
        alone = predict_logits(ensemble, sample.image[None])[:, 0]
        torch.testing.assert_close(results[index], alone, rtol=1e-4, atol=1e-4)


def test_views_of_an_image_are_predicted_as_their_copies(ensemble: Ensemble) -> None:
    image = noise(20, 30)
    read_only = image.copy()
    read_only.flags.writeable = False
    for view in (image[..., ::-1], image[..., ::-1, :], np.rot90(image, axes=(2, 3)), read_only):
        torch.testing.assert_close(
            predict_logits(ensemble, view), predict_logits(ensemble, view.copy())
        )


def test_a_sample_with_other_channels_is_named(ensemble: Ensemble) -> None:
    samples = [Sample("gray", noise(20, 20)[0]), Sample("color", np.zeros((3, 20, 20), np.uint8))]
    with pytest.raises(InputError, match="color: an image with 3 channels does not fit"):
        list(predict_samples(ensemble, samples))


def test_samples_that_are_skipped_change_no_group_of_the_others(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last digits of a result may depend on what is predicted together with it."""
    module = "napari_inconsistency_masks.inference.predict"
    monkeypatch.setattr(f"{module}.TOGETHER", 3 * 20 * 20)
    together: list[list[int]] = []

    def remember(networks: Ensemble, images: np.ndarray) -> torch.Tensor:
        together.append(images[:, 0, 0, 0].tolist())
        return torch.zeros(len(networks), len(images), 2, *images.shape[-2:])

    monkeypatch.setattr(f"{module}.predict_logits", remember)
    samples = [Sample(f"s{i}", np.full((1, 20, 20), i, np.uint8)) for i in range(8)]
    done = {0, 1, 2, 4}
    assert [index for index, _ in predict_samples(ensemble, samples, skip=done)] == [3, 5, 6, 7]
    assert together == [[3, 4, 5], [6, 7]]


LACKS = (
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.56 GB, max allowed: 6.80 GB)"),
)


@pytest.mark.parametrize("lack", LACKS, ids=["NVIDIA", "Apple"])
@pytest.mark.parametrize("fits", [608, 512, 256])
def test_tiles_are_halved_when_memory_is_short(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch, fits: int, lack: RuntimeError
) -> None:
    image = noise(500, 600)
    expected = predict_logits(ensemble, image)
    forward = Ensemble.forward

    def short_of_memory(self: Ensemble, images: torch.Tensor) -> torch.Tensor:
        if images.shape[-1] > fits:
            raise lack
        return forward(self, images)

    monkeypatch.setattr(Ensemble, "forward", short_of_memory)
    torch.testing.assert_close(predict_logits(ensemble, image), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("lack", LACKS, ids=["NVIDIA", "Apple"])
def test_without_enough_memory_for_any_tile_it_is_said(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch, lack: RuntimeError
) -> None:
    def out_of_memory(*_: object) -> None:
        raise lack

    monkeypatch.setattr(Ensemble, "forward", out_of_memory)
    with pytest.raises(InputError, match="graphics memory is not enough"):
        predict_logits(ensemble, noise(500, 600))


def test_a_masked_image_is_refused_as_its_mask_would_be_forgotten() -> None:
    image = np.ma.masked_array(np.arange(12).reshape(3, 4), mask=False)
    assert channels_first(image, 1).shape == (1, 3, 4)
    image[1, 2] = np.ma.masked
    with pytest.raises(InputError, match="a masked image: its mask would be forgotten"):
        channels_first(image, 1)
