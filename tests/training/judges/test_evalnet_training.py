"""EvalNets learn, are kept, can be stopped anywhere, and judge."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.checkpoint import ModelCard, load_network, load_tensors
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.pseudo import PseudoLabel
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json, read_json_lines
from napari_inconsistency_masks.nets.ensemble import Architecture
from napari_inconsistency_masks.nets.evalnet import EvalNet
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.events import Finished, Judging, Warned
from napari_inconsistency_masks.training.judges.evalnets import EvalNetJudge, EvalNets, _windows
from napari_inconsistency_masks.training.judges.files import load_evalnet
from napari_inconsistency_masks.training.judges.lessons import Lesson
from napari_inconsistency_masks.training.judges.targets import has_two_heads
from napari_inconsistency_masks.training.learner import Learning
from toy import QUICK, SCHEMES, toy_data

JUDGED = replace(QUICK, epochs=2, steps=2, generations=1)


def weights(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    return {
        path.relative_to(folder).as_posix(): load_file(path)
        for path in sorted(folder.glob("*/network-*.safetensors"))
    }


def scores(folder: Path) -> list[tuple[int, float, bool]]:
    lines = read_json_lines(folder / "generation-1" / "pseudo-labels.jsonl")
    return sorted((line["index"], line["score"], line["kept"]) for line in lines)


@pytest.mark.parametrize("recipe", ["im++", "evalnet"])
def test_stopped_anywhere_it_goes_on_to_the_same_networks_and_scores(
    recipe: str, tmp_path: Path
) -> None:
    data = toy_data(Task.BINARY if recipe == "evalnet" else Task.MULTILABEL)
    list(runs.train(recipe, data, JUDGED, folder=tmp_path / "whole"))
    for stop in (10, 13, 15):  # in an epoch of the judge, between two, and after the last
        folder = tmp_path / f"stopped-{stop}"
        events = runs.train(recipe, data, JUDGED, folder=folder)
        assert len(list(islice(events, stop))) == stop
        events.close()  # type: ignore[attr-defined]
        *_, last = runs.resume(folder, data)
        assert isinstance(last, Finished)
        found, expected = weights(folder), weights(tmp_path / "whole")
        assert found.keys() == expected.keys()
        for file, tensors in expected.items():
            for name, value in tensors.items():
                assert torch.equal(found[file][name], value), f"{stop}: {file} {name}"
        assert scores(folder) == scores(tmp_path / "whole")


@pytest.mark.parametrize("task", list(Task))
def test_what_is_kept_of_a_judge(task: Task, tmp_path: Path) -> None:
    folder, data = tmp_path / "run", toy_data(task)
    config = replace(JUDGED, members=3, teachers=2)
    events = list(runs.train("im++", data, config, folder=folder))
    judging = [e for e in events if isinstance(e, Judging)]
    assert len(judging) == 2 * (2 + 1)  # epochs of two steps
    record = read_json(folder / "judge" / "judge.json")
    errors = record["errors"]
    assert record["ranking"] == sorted(range(3), key=lambda member: errors[member])
    for member in range(3):
        path = folder / "judge" / f"network-{member}.safetensors"
        _, about = load_tensors(path, "judge")
        card = ModelCard.from_json(about, path.name)
        assert card.architecture == Architecture(1, data.scheme.outputs, 2 * config.width)
        assert card.provenance["config"]["seed"] == config.seed
        network = load_evalnet(path)
        assert network.detects == has_two_heads(data.scheme)
    assert all(0 <= score <= 1 for _, score, _ in scores(folder))
    logged = [
        line for line in read_json_lines(folder / "events.jsonl") if line["event"] == "Judging"
    ]
    assert len(logged) == 2


def test_the_errors_are_those_of_the_best_epochs(tmp_path: Path) -> None:
    config = replace(JUDGED, epochs=4)
    events = list(runs.train("im++", toy_data(Task.BINARY), config, folder=tmp_path / "run"))
    epochs = [e.error for e in events if isinstance(e, Judging) and e.error is not None]
    best = [min(errors) for errors in zip(*epochs, strict=True)]
    written = read_json(tmp_path / "run" / "judge" / "judge.json")["errors"]
    assert written == pytest.approx(best)


def test_a_judge_that_learned_nothing_is_said(tmp_path: Path) -> None:
    config = replace(JUDGED, epochs=1, steps=1, learning_rate=1e-9)
    events = list(runs.train("im++", toy_data(), config, folder=tmp_path / "run"))
    record = read_json(tmp_path / "run" / "judge" / "judge.json")
    assert min(record["errors"]) >= record["constant_error"]
    assert [e for e in events if isinstance(e, Warned) and "their scores mean nothing" in e.message]


def squares(scheme: LabelScheme, count: int = 16) -> Lesson:
    """Bright squares, and labels that cover more or less of them."""
    rng = np.random.default_rng(0)
    image = rng.integers(90, 120, (count, 1, 32, 32), np.uint8)
    label = np.zeros((count, scheme.outputs, 32, 32), bool)
    overlap = np.zeros((count, scheme.outputs), np.float32)
    for n in range(count):
        image[n, :, 8:24, 8:24] = 220
        height = int(rng.integers(0, 17))
        label[n, :, 8 : 8 + height, 8:24] = True
        overlap[n] = height / 16
    outputs = scheme.outputs if has_two_heads(scheme) else 1
    tensors = (image, label, overlap[:, :outputs], np.ones((count, outputs), np.float32))
    return Lesson(*(torch.from_numpy(array) for array in tensors))


@pytest.mark.parametrize("scheme", list(SCHEMES.values()))
def test_it_learns_how_much_of_the_truth_a_label_covers(scheme: LabelScheme) -> None:
    config = TrainConfig(settle_norms=True, cosine=True)
    networks = EvalNets.create(Architecture(1, scheme.outputs, 0.25), scheme, 2, seed=0)
    learner = Learning(networks, config)
    lesson = squares(scheme)
    for _ in range(100):
        learner.prepare_step()
        for member in range(2):
            networks.loss(member, lesson)[0].backward()
        learner.update([0.0, 0.0], 100)
    networks.eval()
    constant = (lesson.overlap - lesson.overlap.median()).abs().mean()
    for member in range(2):
        assert networks.loss(member, lesson)[1] < constant / 2


def test_networks_that_were_lost_before_their_first_epoch_are_no_judges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = EvalNets.loss

    def broken(self: EvalNets, member: int, lesson: Lesson) -> tuple[torch.Tensor, torch.Tensor]:
        value, error = loss(self, member, lesson)
        return (
            (value * torch.nan, error) if member in lost and value.requires_grad else (value, error)
        )

    monkeypatch.setattr(EvalNets, "loss", broken)
    lost = {0}
    list(runs.train("im++", toy_data(), JUDGED, folder=tmp_path / "one"))
    assert read_json(tmp_path / "one" / "judge" / "judge.json")["ranking"] == [1]
    lost = {0, 1}
    with pytest.raises(InputError, match="every network that scores pseudo-labels"):
        list(runs.train("im++", toy_data(), JUDGED, folder=tmp_path / "none"))


def test_first_weights_depend_on_seed_and_number_alone() -> None:
    scheme = SCHEMES[Task.BINARY]
    make = [
        EvalNets.create(Architecture(1, 1, 0.25), scheme, members, seed)
        for members, seed in ((2, 0), (3, 0), (2, 1))
    ]
    first = [networks.networks[1].iou.weight for networks in make]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])
    assert not torch.equal(first[0], make[0].networks[0].iou.weight)


@pytest.mark.parametrize(("length", "side"), [(32, 32), (33, 32), (100, 32), (20, 32), (256, 256)])
def test_windows_cover_an_image_and_are_as_large_as_the_pieces(length: int, side: int) -> None:
    covered = np.zeros((length, 2 * side), int)
    for _, rows, columns in _windows((1, length, 2 * side), (side, side)):
        assert rows.stop - rows.start == min(side, length)
        assert columns.stop - columns.start == side
        covered[rows, columns] += 1
    assert covered.min() >= 1
    assert covered.sum() < 4 * covered.size


class Brightness(EvalNets):
    """Says how bright an image is, of labels that have anything."""

    def forward(self, member: int, image: torch.Tensor, label: torch.Tensor):  # type: ignore[no-untyped-def]
        bright = (image.float().mean((1, 2, 3)) / 255).logit()[:, None].expand(-1, 3)
        there = torch.where(label.any(-1).any(-1), 9.0, -9.0)
        return bright, there


def test_large_images_are_judged_by_the_pieces_with_anything_in_them() -> None:
    scheme = SCHEMES[Task.MULTILABEL]
    judge = EvalNetJudge(Brightness([EvalNet(1, 3, 0.25)]), scheme, (16, 16), blanks=True)
    image = np.zeros((1, 16, 48), np.uint8)
    image[..., :16], image[..., 16:32], image[..., 32:] = 51, 102, 204
    label = PseudoLabel(np.zeros((3, 16, 48), np.uint8), np.zeros((3, 16, 48), bool))
    sample = Sample("s", image)
    assert judge.score(0, sample, label) == 0
    label.target[0, 4, 4] = label.target[1, 4, 20] = 1
    assert judge.score(0, sample, label) == pytest.approx((0.2 + 0.4) / 2)
    label.mask[2, :, :8] = True  # blanked: half of the first piece is black
    assert judge.score(0, sample, label) == pytest.approx((0.1 + 0.4) / 2)
    seeing = replace(judge, blanks=False)
    assert seeing.score(0, sample, label) == pytest.approx((0.2 + 0.4) / 2)


def test_files_that_are_no_evalnet_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    list(runs.train("im++", toy_data(), JUDGED, folder=folder))
    path = folder / "judge" / "network-0.safetensors"
    with pytest.raises(InputError, match="not a judge file"):
        load_evalnet(folder / "generation-0" / "network-0.safetensors")
    with pytest.raises(InputError, match="not a network file"):
        load_network(path)
    damaged = bytearray(path.read_bytes())
    damaged[-3] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="checksum differs"):
        load_evalnet(path)
    assert json.loads((folder / "judge" / "judge.json").read_text())["ranking"]
