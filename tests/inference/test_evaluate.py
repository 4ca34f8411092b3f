"""Scores of members and of the ensemble, against direct computation."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.checkpoint import ModelCard, save_network
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inconsistency import Prediction, find_consensus
from napari_inconsistency_masks.inference.evaluate import check, evaluate
from napari_inconsistency_masks.inference.image import channels_first, predict
from napari_inconsistency_masks.inference.listing import STATE
from napari_inconsistency_masks.inference.predict import predict_logits
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.metrics.evaluation import Evaluation
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.events import EpochEnd
from toy import QUICK, SCHEMES, toy_data, toy_sample


def ensemble_for(scheme: LabelScheme, members: int = 2, channels: int = 1) -> Ensemble:
    torch.manual_seed(0)
    made = Ensemble.create(Architecture(channels, scheme.outputs, 0.25), members, seed=0).train()
    with torch.no_grad():
        for _ in range(10):
            made(torch.rand(members, 4, channels, 32, 32) * 255)
    return made.eval()


@pytest.mark.parametrize("task", list(Task))
def test_a_check_is_the_mean_over_images_of_each_member(task: Task) -> None:
    scheme, loss = SCHEMES[task], choose_loss("auto", SCHEMES[task])
    samples = [toy_sample(task, n) for n in range(5)]
    known = np.random.default_rng(0).random((32, 32)) > 0.3
    samples[3] = replace(samples[3], known=known)
    ensemble = ensemble_for(scheme)
    result = check(ensemble, samples, scheme, loss)
    losses, areas = [], []
    together, alone = Evaluation(scheme), [Evaluation(scheme) for _ in range(2)]
    for sample in samples:
        logits = predict_logits(ensemble, sample.image[None])[:, 0]
        target = torch.from_numpy(sample.labeled)[None, None].expand(2, 1, *sample.labeled.shape)
        where = None if sample.known is None else torch.from_numpy(known)[None, None, None]
        losses.append(loss(logits[:, None], target, where).numpy())
        prediction = Prediction(scheme.probability(logits).numpy(), scheme)
        areas.append(find_consensus(prediction).area)
        together.add(sample.name, scheme.harden(prediction.mean()), sample.labeled, sample.known)
        for member in range(2):
            hard = prediction.hard()[member]
            alone[member].add(sample.name, hard, sample.labeled, sample.known)
    np.testing.assert_allclose(result.loss, np.mean(losses, axis=0), rtol=1e-5)
    assert result.inconsistent == pytest.approx(np.mean(areas))
    assert result.ensemble == together.scores()
    assert list(result.members) == [evaluation.scores() for evaluation in alone]


def test_what_picks_the_best_epoch_is_the_references() -> None:
    samples = {task: [toy_sample(task, n) for n in range(3)] for task in Task}
    known = np.random.default_rng(0).random((32, 32)) > 0.3
    for task in Task:
        samples[task][1] = replace(samples[task][1], known=known)
    results = {
        task: check(
            ensemble_for(SCHEMES[task]),
            samples[task],
            SCHEMES[task],
            choose_loss("auto", SCHEMES[task]),
        )
        for task in Task
    }
    assert results[Task.MULTILABEL].score == tuple(-x for x in results[Task.MULTILABEL].loss)
    binary = results[Task.BINARY]
    assert binary.score == tuple(scores.iou["bright"] for scores in binary.members)
    soft = []
    scheme = SCHEMES[Task.MULTICLASS]
    ensemble = ensemble_for(scheme)
    for sample in samples[Task.MULTICLASS]:
        p = scheme.probability(predict_logits(ensemble, sample.image[None])[:, 0]).double().numpy()
        counts = np.ones((32, 32), bool) if sample.known is None else sample.known
        per_class = []
        for k in range(scheme.outputs):
            y, p_k = (sample.labeled == k)[counts], p[:, k, counts]  # (pixels,), (E, pixels)
            both = (p_k * y).sum(1)
            per_class.append(both / (p_k.sum(1) + y.sum() - both))
        soft.append(np.mean(per_class, axis=0))
    np.testing.assert_allclose(results[Task.MULTICLASS].score, np.mean(soft, axis=0), rtol=1e-5)


@pytest.mark.parametrize("known", [False, True])
def test_without_any_class_in_the_labels_the_loss_picks_the_epoch(known: bool) -> None:
    scheme = SCHEMES[Task.BINARY]
    samples = [toy_sample(Task.BINARY, n) for n in range(2)]
    if known:  # drawn only where it does not count
        samples = [replace(s, known=~s.labeled[0].astype(bool)) for s in samples]
    else:
        samples = [replace(s, target=np.zeros_like(s.labeled)) for s in samples]
    result = check(ensemble_for(scheme), samples, scheme, choose_loss("auto", scheme))
    assert result.behavior.labeled == (0,)
    assert result.score == tuple(-loss for loss in result.loss)
    best = int(np.argmin(result.loss))
    assert max(range(2), key=result.quality) == best


def test_what_is_no_number_has_no_loss_and_spoils_no_other_member() -> None:
    scheme = SCHEMES[Task.MULTICLASS]
    samples = [toy_sample(Task.MULTICLASS, n) for n in range(2)]
    ensemble, loss = ensemble_for(scheme), choose_loss("auto", scheme)
    before = check(ensemble, samples, scheme, loss)
    for parameter in ensemble.networks[1].parameters():
        parameter.data.fill_(torch.nan)
    after = check(ensemble, samples, scheme, loss)
    assert np.isfinite(after.loss).tolist() == [True, False]
    assert after.loss[0] == before.loss[0]
    assert after.members[0] == before.members[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    list(runs.train("labeled", toy_data(), replace(QUICK, members=3), folder=folder / "run"))
    return folder / "run"


def test_a_run_folder_gives_its_teachers(run: Path) -> None:
    ensemble = load(run, precision="float32")
    assert len(ensemble.networks) == 2
    assert ensemble.classes == ("bright", "dark", "position")
    assert not ensemble.networks.training
    test = [toy_sample(Task.MULTILABEL, n) for n in range(40, 44)]
    assert evaluate(ensemble, test).images == 4


def test_a_folder_of_networks_and_one_network_load_too(run: Path) -> None:
    assert len(load(run / "generation-0").networks) == 3
    assert len(load(run / "generation-0" / "network-1.safetensors").networks) == 1


def test_nothing_to_load_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no trained networks here"):
        load(tmp_path)
    training = runs.train("labeled", toy_data(), QUICK, folder=tmp_path / "begun")
    assert any(isinstance(event, EpochEnd) for event in islice(training, 6))
    training.close()
    assert (tmp_path / "begun" / STATE).is_file()
    with pytest.raises(InputError, match="no trained networks here"):
        load(tmp_path / "begun")


@pytest.mark.parametrize("name", ["../network-0.safetensors", "/network-0.safetensors"])
def test_networks_outside_of_the_run_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "ensemble.json").write_text(f'{{"generation": 0, "networks": ["{name}"]}}')
    with pytest.raises(InputError, match="outside of the run folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", '{"networks": null}', '{"networks": "a"}', '{"networks": []}']
)
def test_a_damaged_list_of_networks_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "ensemble.json").write_text(text)
    with pytest.raises(InputError, match=r"ensemble\.json: "):
        load(tmp_path)
    (tmp_path / "ensemble.json").rename(tmp_path / "generation.json")
    (tmp_path / "generation.json").write_text(text.replace("networks", "ranking"))
    with pytest.raises(InputError, match=r"generation\.json: "):
        load(tmp_path)


def test_networks_of_different_runs_do_not_mix(tmp_path: Path) -> None:
    for number, name in enumerate(("cell", "nucleus")):
        card = ModelCard(
            LabelScheme(Task.BINARY, (name,)), Architecture(1, 1, 0.25), Intensity(), {}
        )
        path = tmp_path / f"network-{number}.safetensors"
        save_network(path, card.architecture.build(), card)
    with pytest.raises(InputError, match="different classes"):
        load(tmp_path)


def test_an_image_of_any_type_is_scaled_as_for_training(run: Path) -> None:
    ensemble = load(run, precision="float32")
    gray = toy_sample(Task.MULTILABEL, 50).image[0]
    expected = predict(ensemble, gray).probability
    assert expected.shape == (2, 3, 32, 32)
    scaled = gray.astype(np.float32) * 100 + 7
    percentile = Intensity("percentile").apply(gray[None]).image[0]
    np.testing.assert_allclose(
        predict(ensemble, scaled).probability, predict(ensemble, percentile).probability, atol=0.05
    )
    color = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_array_equal(predict(ensemble, color).probability, expected)


def test_pixels_without_a_value_belong_to_no_class(run: Path) -> None:
    image = toy_sample(Task.MULTILABEL, 50).image[0].astype(np.float32)
    image[4:9, 5:7] = np.nan
    with pytest.warns(UserWarning, match="without a value"):
        probability = predict(load(run), image).probability
    assert np.isfinite(probability).all()
    assert not probability[..., 4:9, 5:7].any()


def test_an_image_that_cannot_be_is_refused(run: Path) -> None:
    ensemble = load(run)
    with pytest.raises(InputError, match="no pixel has a value"):
        predict(ensemble, np.full((20, 20), np.nan))
    with pytest.raises(InputError, match="3 channels does not fit networks for 1"):
        predict(ensemble, np.random.default_rng(0).integers(0, 9, (20, 20, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="has no pixels"):
        predict(ensemble, np.zeros((0, 20), np.uint8))
    with pytest.raises(InputError, match="one frame at a time"):
        predict(ensemble, np.zeros((5, 7, 20, 20), np.uint8))


@pytest.mark.parametrize(
    ("shape", "channels", "expected"),
    [
        ((5, 6), 1, (1, 5, 6)),
        ((5, 6, 3), 3, (3, 5, 6)),
        ((3, 5, 6), 3, (3, 5, 6)),
        ((2, 5, 6), 2, (2, 5, 6)),
        ((8, 9, 5), 5, (5, 8, 9)),
        ((5, 8, 9), 5, (5, 8, 9)),
    ],
)
def test_where_channels_are_found(shape, channels: int, expected) -> None:
    assert channels_first(np.zeros(shape), channels).shape == expected


@pytest.mark.parametrize(
    ("color", "dtype", "opaque"),
    [(3, np.uint8, 255), (3, np.uint16, 65535), (3, np.float32, 1), (1, np.uint8, 255)],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_opaque_transparency_is_no_channel(
    channels: int, color: int, dtype: type, opaque: int
) -> None:
    image = np.full((5, 6, color + 1), opaque, dtype)
    image[..., :color] = np.arange(30).reshape(5, 6, 1) / 40
    if (color, channels) == (1, 3):
        with pytest.raises(InputError, match="neither"):
            channels_first(image, channels)
        return
    found = channels_first(image, channels)
    np.testing.assert_array_equal(found, np.moveaxis(image[..., :color], -1, 0))
    image[2, 3, -1] = 0
    with pytest.raises(InputError, match=r"is not opaque everywhere; give image\[\.\.\., :"):
        channels_first(image, channels)


def test_a_fourth_channel_that_networks_know_is_one() -> None:
    image = np.zeros((5, 6, 4), np.uint8)
    assert channels_first(image, 4).shape == (4, 5, 6)


def test_gray_in_color_with_transparency_is_predicted_as_gray(run: Path) -> None:
    ensemble, gray = load(run), toy_sample(Task.MULTILABEL, 50).image[0]
    color = np.stack([gray] * 3 + [np.full_like(gray, 255)], -1)
    found = predict(ensemble, color).probability
    np.testing.assert_array_equal(found, predict(ensemble, gray).probability)
