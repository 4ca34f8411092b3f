"""What generations do when something is off: lost networks, collapse, worse generations."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.config import PseudoLabelConfig, TrainConfig
from napari_inconsistency_masks.data.pseudo import (
    PseudoLabel,
    PseudoLabeled,
    read_pseudo_label,
    write_pseudo_label,
)
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.methods.base import Losses, Step
from napari_inconsistency_masks.methods.supervised import Supervised
from napari_inconsistency_masks.nets.ensemble import Ensemble
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.events import (
    EpochEnd,
    Finished,
    GenerationEnd,
    Labeling,
    StepEnd,
    Warned,
)
from napari_inconsistency_masks.training.records import GenerationRecord
from toy import QUICK, toy_data


def poison(monkeypatch: pytest.MonkeyPatch, members: set[int], step: int) -> None:
    """Make the loss of some members NaN from one step on."""
    original = Supervised.losses
    calls: dict[int, int] = {}

    def losses(self: Supervised, taken: Step) -> Losses:
        made = original(self, taken)
        network = taken.ensemble.networks[0]
        number = next(i for i, known in enumerate(seen) if known is network)
        calls[number] = calls.get(number, 0) + 1
        if number in members and calls[number] >= step:
            return Losses(made.total * math.nan)
        return made

    seen: list[object] = []
    create = Ensemble.create.__func__

    def remember(cls, *args, **kwargs):  # type: ignore[no-untyped-def]
        ensemble = create(cls, *args, **kwargs)
        seen[:] = list(ensemble.networks)
        calls.clear()
        return ensemble

    monkeypatch.setattr(Ensemble, "create", classmethod(remember))
    monkeypatch.setattr(Supervised, "losses", losses)


def test_a_lost_network_is_said_left_alone_and_never_nan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, {1}, step=2)
    config = replace(QUICK, members=3, teachers=2, generations=0)
    events = list(runs.train("labeled", toy_data(), config, folder=tmp_path / "run"))
    (warning,) = [e for e in events if isinstance(e, Warned)]
    assert "step 2: the loss of network 1" in warning.message
    losses = [e.loss[1] for e in events if isinstance(e, StepEnd)]
    assert losses[0] is not None
    assert losses[1:] == [None] * (len(losses) - 1)
    for parameter in load(tmp_path / "run").networks.parameters():
        assert torch.isfinite(parameter).all()


def test_when_all_networks_are_lost_the_run_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, {0, 1}, step=2)
    with pytest.raises(InputError, match="loss of every network is no longer a number"):
        list(runs.train("labeled", toy_data(), QUICK, folder=tmp_path / "run"))


@pytest.mark.parametrize(
    ("bias", "said"), [(-30.0, "find nothing"), (30.0, "agree on every pixel")]
)
def test_networks_that_collapsed_teach_no_other(
    bias: float, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks that all say nothing, or all say everything, have an empty inconsistency mask."""
    forward = Ensemble.forward
    monkeypatch.setattr(Ensemble, "forward", lambda self, image: forward(self, image) * 0 + bias)
    config = replace(QUICK, generations=3)
    events = list(runs.train("im", toy_data(), config, folder=tmp_path / "run"))
    assert [e.message for e in events if isinstance(e, Warned) and said in e.message]
    assert not [e for e in events if isinstance(e, Labeling)]
    assert events[-1] == Finished(0, events[-1].count_error, events[-1].mean_iou)


@pytest.mark.parametrize("refuse", [False, True])
def test_a_worse_generation_is_refused_if_wanted(
    refuse: bool, good_run: Path, tmp_path: Path
) -> None:
    folder, data = tmp_path / "run", toy_data(labeled=16)
    good = plans.read_plan(good_run).config
    bad = replace(good, epochs=1, steps=1, generations=2, refuse_worse=refuse)
    plans.create(folder, "im", data, bad)
    shutil.copytree(good_run / "generation-0", folder / "generation-0")
    ends = [e for e in runs.resume(folder, data) if isinstance(e, GenerationEnd)]
    assert [end.accepted for end in ends] == ([True, False] if refuse else [True, True, True])
    assert read_json(folder / "ensemble.json")["generation"] == (0 if refuse else 2)


@pytest.mark.parametrize(
    ("count_error", "iou", "worse"),
    [
        (1.3, 0.9, True),  # beyond chance: the IoU does not matter
        (0.7, 0.1, False),
        (1.1, 0.6, False),  # within chance: the IoU decides
        (0.9, 0.4, True),
        (1.0, 0.5, False),
    ],
)
def test_count_error_decides_beyond_its_margin_else_the_iou(
    count_error: float, iou: float, worse: bool
) -> None:
    before = GenerationRecord(0, (0,), 1.0, 0.5, 0.1, 0.1, True, margin=0.2)
    now = replace(before, count_error=count_error, mean_iou=iou, margin=9)
    assert now.is_worse_than(before) is worse
    uncounted = replace(before, count_error=None, margin=0)
    assert replace(uncounted, mean_iou=iou).is_worse_than(uncounted) is (iou < 0.5)
    objects = replace(before, counts_decide=False)
    counted = replace(objects, count_error=count_error, mean_iou=iou)
    assert counted.is_worse_than(objects) is (iou < 0.5)


def test_ranking_is_by_validation_count_error_then_iou(tmp_path: Path) -> None:
    config = replace(QUICK, members=4, teachers=2, generations=0)
    events = list(runs.train("labeled", toy_data(), config, folder=tmp_path / "run"))
    epochs = [e for e in events if isinstance(e, EpochEnd)]
    best = [max(epochs, key=lambda e, m=m: e.score[m]) for m in range(4)]
    quality = [(-best[m].count_error[m], best[m].mean_iou[m]) for m in range(4)]
    (end,) = [e for e in events if isinstance(e, GenerationEnd)]
    assert list(end.ranking) == sorted(range(4), key=lambda m: quality[m], reverse=True)
    listed = read_json(tmp_path / "run" / "ensemble.json")["networks"]
    assert listed == [f"generation-0/network-{m}.safetensors" for m in end.ranking[:2]]


def test_warm_start_begins_with_the_networks_before(tmp_path: Path) -> None:
    config = replace(QUICK, warm_start=True, learning_rate=1e-9, weight_decay=0, epochs=1, steps=1)
    list(runs.train("im", toy_data(), config, folder=tmp_path / "run"))
    before, after = (load(tmp_path / "run" / f"generation-{g}").networks for g in (0, 1))
    ranking = read_json(tmp_path / "run" / "generation-0" / "generation.json")["ranking"]
    for place, member in enumerate(ranking):
        old, new = before.networks[member].head.weight, after.networks[place].head.weight
        torch.testing.assert_close(new, old, rtol=0, atol=1e-6)


MULTILABEL = LabelScheme(Task.MULTILABEL, ("alive", "dead"))
MULTICLASS = LabelScheme(Task.MULTICLASS, ("a", "b", "c"))
IMAGE = Sample("s", np.full((1, 4, 5), 9, np.uint8))


@pytest.mark.parametrize(
    ("scheme", "target", "masks"),
    [
        (MULTILABEL, (2, 4, 5), 2),
        (MULTICLASS, (4, 5), 1),
        (LabelScheme(Task.BINARY, ("a",)), (1, 4, 5), 1),
    ],
)
def test_pseudo_labels_survive_their_file(
    scheme: LabelScheme, target: tuple[int, ...], masks: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    highest = len(scheme.classes) + 1 if scheme.exclusive else 2
    label = PseudoLabel(
        rng.integers(0, highest, target, dtype=np.uint8), rng.random((masks, 4, 5)) > 0.5
    )
    write_pseudo_label(tmp_path / "p.tif", label, scheme)
    again = read_pseudo_label(tmp_path / "p.tif", scheme)
    np.testing.assert_array_equal(again.target, label.target)
    np.testing.assert_array_equal(again.mask, label.mask)
    (sample,) = PseudoLabeled([IMAGE], [(0, tmp_path / "p.tif")], scheme, PseudoLabelConfig())
    np.testing.assert_array_equal(sample.labeled, label.target)
    np.testing.assert_array_equal(sample.blank, label.mask.any(0))


MASK = np.zeros((2, 4, 5), bool)
MASK[0, 0, 0] = MASK[1, 1, 1] = True
EITHER = MASK.any(0)


@pytest.mark.parametrize(
    ("ignore", "known"), [("nothing", None), ("pixels", ~EITHER), ("classes", ~MASK)]
)
@pytest.mark.parametrize("blank", [False, True])
def test_what_a_pseudo_label_teaches(ignore: str, known: object, blank: bool) -> None:
    label = PseudoLabel(np.ones((2, 4, 5), np.uint8), MASK)
    config = PseudoLabelConfig(ignore=ignore, blank_image=blank)
    sample = label.teach(IMAGE, config)
    np.testing.assert_array_equal(sample.image, IMAGE.image)
    if known is None:
        assert sample.known is None
    else:
        np.testing.assert_array_equal(sample.known, known)
    if blank:
        np.testing.assert_array_equal(sample.blank, EITHER)
    else:
        assert sample.blank is None


@pytest.mark.parametrize(
    ("ignore", "known"), [("nothing", True), ("pixels", ~EITHER), ("classes", ~MASK)]
)
def test_a_pseudo_label_never_contradicts_labels_of_its_image(ignore: str, known: object) -> None:
    rest = np.random.default_rng(0).random((4, 5)) > 0.5
    config = PseudoLabelConfig(ignore=ignore)
    label = PseudoLabel(np.ones((2, 4, 5), np.uint8), MASK)
    sample = label.teach(replace(IMAGE, known=rest), config)
    np.testing.assert_array_equal(sample.known, rest & known)


def test_the_paper_preset_is_the_paper() -> None:
    from napari_inconsistency_masks.recipes import PRESETS

    assert PRESETS["paper"] == TrainConfig()
