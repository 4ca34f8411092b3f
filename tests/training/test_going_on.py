"""Going on from the networks of another run: what is copied, judged, kept, weighted and timed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from test_runs import networks, same

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.batches.loader import Loader
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.inference.evaluate import evaluate
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.method_config import SegkcConfig
from napari_inconsistency_masks.plans import choose_generation
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training import budget as budgets
from napari_inconsistency_masks.training.budget import Budget
from napari_inconsistency_masks.training.comparison import read_comparison
from napari_inconsistency_masks.training.events import (
    EpochEnd,
    Finished,
    GenerationEnd,
    Judging,
    Labeling,
    Started,
    StepEnd,
    Warned,
)
from napari_inconsistency_masks.training.parts import Taught, training_parts
from napari_inconsistency_masks.training.start import read_all_seen, read_seen
from toy import QUICK, toy_data, toy_sample

LABELED = replace(QUICK, generations=0)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three networks, of which the best two are its ensemble."""
    folder = tmp_path_factory.mktemp("runs") / "old"
    list(runs.train("labeled", toy_data(), replace(LABELED, members=3), folder=folder))
    return folder


def boxed(number: int) -> Sample:
    """An image that is labeled in its left half only."""
    sample = toy_sample(Task.MULTILABEL, number)
    known = np.zeros(sample.image.shape[1:], bool)
    known[:, :16] = True
    return replace(sample, known=known)


def corrected() -> SegmentationData:
    """The data of the old run with two corrections."""
    data = toy_data()
    return replace(data, labeled=[*data.labeled, boxed(50), boxed(51)])


def settings(old: Path, **changes: object) -> TrainConfig:
    _, config = plans.retraining(old, corrected())
    return replace(config, **{"minutes": None, **changes})


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_old_networks_are_copied_bit_for_bit_and_left_alone(old: Path, tmp_path: Path) -> None:
    before = files(old)
    *_, last = runs.retrain(old, corrected(), settings(old), folder=tmp_path / "new")
    assert isinstance(last, Finished)
    assert files(old) == before
    listed = read_json(old / "ensemble.json")["networks"]
    copies = sorted((tmp_path / "new" / "generation-0").glob("network-*.safetensors"))
    assert [copy.read_bytes() for copy in copies] == [(old / n).read_bytes() for n in listed]
    plan = plans.read_plan(tmp_path / "new")
    assert plan.start is not None
    assert (plan.start.run, plan.start.generation) == (str(old), 0)
    assert len(plan.start.networks) == plan.config.members == plan.config.teachers == 2


def test_nothing_is_left_of_networks_that_were_copied_before_a_kill(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder is no run before all is there; another attempt may begin with other networks."""
    single = tmp_path / "single"
    single.mkdir()
    (single / "n.safetensors").write_bytes(
        (old / "generation-0/network-0.safetensors").read_bytes()
    )

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plans, "write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        plans.create(tmp_path / "new", "labeled", corrected(), settings(old), start_from=old)
    monkeypatch.undo()
    plans.create(tmp_path / "new", "labeled", corrected(), settings(single), start_from=single)
    assert [path.name for path in (tmp_path / "new").rglob("*.safetensors")] == [
        "network-0.safetensors"
    ]


def test_networks_without_a_run_are_not_overwritten(old: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(old, tmp_path / "alone"))
    (alone / "run.json").unlink()
    before = files(alone)
    with pytest.raises(InputError, match="there are networks in this folder already"):
        plans.create(alone, "labeled", corrected(), settings(old))
    assert files(alone) == before


def test_both_are_scored_on_the_same_images(old: Path, tmp_path: Path) -> None:
    """The comparison holds what scoring both from scratch gives."""
    folder = tmp_path / "new"
    list(runs.retrain(old, corrected(), settings(old), folder=folder))
    comparison = read_comparison(folder)
    assert comparison is not None
    assert comparison.learned_from == 0
    validation = toy_data().validation
    wrong = []
    for path, side in ((old, comparison.old), (folder / "generation-1", comparison.new)):
        scores = evaluate(load(path, precision="float32"), validation)
        assert side.record.count_error == pytest.approx(scores.mcce)
        assert side.record.mean_iou == pytest.approx(scores.mean_iou)
        assert side.scores.iou == pytest.approx(scores.iou)
        assert {n: c.recall for n, c in scores.counts.items()} == side.scores.recall
        wrong.append([abs(row.predicted - row.true) for row in scores.rows])
    changes = (np.subtract(*wrong[::-1])).reshape(3, 2).sum(axis=1)  # two states per image
    assert comparison.difference == pytest.approx(changes.mean())
    assert comparison.margin == pytest.approx(changes.std(ddof=1) / np.sqrt(3))


def test_the_new_networks_begin_as_the_old_ones(old: Path, tmp_path: Path) -> None:
    still = settings(old, learning_rate=1e-9, weight_decay=0, epochs=1, steps=1, members=3)
    list(runs.retrain(old, corrected(), still, folder=tmp_path / "new"))
    made, first = networks(tmp_path / "new"), networks(old)
    for member, name in enumerate([*read_json(old / "ensemble.json")["networks"] * 2][:3]):
        weights = made[f"generation-1/network-{member}.safetensors"]
        assert np.allclose(weights["head.weight"], first[name]["head.weight"], atol=1e-6)


@pytest.mark.parametrize(
    ("recipe", "changed", "by_number"),
    [
        ("fpl", {}, {0: 1, 1: 0, 2: 1}),
        ("segkc", {"segkc": SegkcConfig(narrow=1)}, {0: 1, 1: 0, 2: 1}),
        ("segkc", {}, {}),
    ],
)
def test_second_networks_begin_as_others_of_the_old_ones(
    recipe: str, changed: dict[str, object], by_number: dict[int, int], old: Path, tmp_path: Path
) -> None:
    """Member 0 begins as the best, its partner as the second best, if that is as wide."""
    still = settings(
        old, learning_rate=1e-9, weight_decay=0, epochs=2, steps=1, members=3, **changed
    )
    folder = tmp_path / "new"
    events = runs.retrain(old, corrected(), still, folder=folder, recipe=recipe)
    next(event for event in events if isinstance(event, EpochEnd))
    next(events)  # asking for more, the state is saved
    events.close()  # type: ignore[attr-defined]
    state, first = load_file(folder / "state.safetensors"), networks(old)
    listed = [first[name] for name in read_json(old / "ensemble.json")["networks"]]
    for member in range(3):
        mine = state[f"{member}/now/head.weight"]
        assert np.allclose(mine, listed[member % 2]["head.weight"], atol=1e-6)
        partner = state[f"{member}/beside/network.head.weight"]
        like = [n for n in range(2) if np.shape(partner) == np.shape(listed[n]["head.weight"])]
        like = [n for n in like if np.allclose(partner, listed[n]["head.weight"], atol=1e-6)]
        assert like == ([by_number[member]] if by_number else [])


def test_worse_networks_are_refused_and_a_choice_stays(
    old: Path, good_run: Path, tmp_path: Path
) -> None:
    folder, data = tmp_path / "new", corrected()
    ruin = settings(old, learning_rate=1.0, epochs=1, steps=3)
    *_, last = runs.retrain(good_run, data, ruin, folder=folder)
    assert isinstance(last, Finished)
    assert last.generation == 0
    assert same(ensemble(folder), ensemble(good_run))
    choose_generation(folder, 1)
    assert "generation-1" in read_json(folder / "ensemble.json")["networks"][0]
    *_, last = runs.resume(folder, data)
    assert last.generation == 1, "going on with a finished run leaves what a person chose"
    choose_generation(folder, 0)
    assert same(ensemble(folder), ensemble(good_run))
    with pytest.raises(InputError, match="generation 2 is not complete; there are: 0, 1"):
        choose_generation(folder, 2)


def ensemble(folder: Path) -> dict[str, dict[str, object]]:
    """Weights of the networks that are the result of a run, by their place."""
    loaded = load(folder).networks.networks
    return {str(number): network.state_dict() for number, network in enumerate(loaded)}


def test_a_choice_is_refused_while_a_process_works_on_the_run(old: Path, tmp_path: Path) -> None:
    events = runs.retrain(old, corrected(), settings(old), folder=tmp_path / "new")
    list(islice(events, 2))
    with pytest.raises(InputError, match="another process is working"):
        choose_generation(tmp_path / "new", 0)
    events.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("stop", [1, 2, 4, 6])
def test_stopped_anywhere_the_result_is_the_old_networks_or_none(
    stop: int, old: Path, tmp_path: Path
) -> None:
    """And going on gives, bit for bit, what a run that was never stopped gives."""
    folder, data = tmp_path / "stopped", corrected()
    events = runs.retrain(old, data, settings(old), folder=folder)
    assert not any(isinstance(event, Finished) for event in islice(events, stop))
    events.close()  # type: ignore[attr-defined]
    if (folder / "ensemble.json").exists():
        assert same(ensemble(folder), ensemble(old))
    list(runs.resume(folder, data))
    list(runs.retrain(old, data, settings(old), folder=tmp_path / "whole"))
    assert same(networks(folder), networks(tmp_path / "whole"))


def test_a_failure_leaves_the_old_networks(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the processor is on fire")

    monkeypatch.setattr("napari_inconsistency_masks.training.fit.train_step", broken)
    with pytest.raises(RuntimeError, match="on fire"):
        list(runs.retrain(old, corrected(), settings(old), folder=tmp_path / "new"))
    assert same(ensemble(tmp_path / "new"), ensemble(old))


# --- what may be gone on from ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "channels", "said"),
    [(Task.BINARY, 1, "other classes"), (Task.MULTILABEL, 3, "other image channels")],
)
def test_networks_for_other_data_are_refused(
    task: Task, channels: int, said: str, old: Path, tmp_path: Path
) -> None:
    data = toy_data(task)
    colored = [replace(each, image=each.image.repeat(channels, 0)) for each in data.labeled]
    data = replace(data, channels=channels, labeled=colored, validation=colored)
    with pytest.raises(InputError, match=said):
        list(runs.retrain(old, data, folder=tmp_path / "new"))


def test_networks_without_a_run_can_be_gone_on_from(old: Path, tmp_path: Path) -> None:
    """Which images they learned from is not known, and said."""
    config = settings(old, epochs=1, steps=1)
    alone = tmp_path / "alone"
    alone.mkdir()
    content = (old / "generation-0" / "network-0.safetensors").read_bytes()
    (alone / "network.safetensors").write_bytes(content)
    recipe, settings_of_it = plans.retraining(alone, corrected())
    assert (recipe.key, settings_of_it.members, settings_of_it.width) == ("im", 1, 0.25)
    config = replace(config, members=1, teachers=1)
    first = list(runs.retrain(alone, corrected(), config, folder=tmp_path / "1", recipe="labeled"))
    second = list(runs.retrain(tmp_path / "1", corrected(), config, folder=tmp_path / "2"))
    for events, folder in ((first, "1"), (second, "2")):
        notes = [event.message for event in events if isinstance(event, Warned)]
        assert [note for note in notes if "not known which images the old networks" in note]
        comparison = read_comparison(tmp_path / folder)
        assert comparison is not None
        assert comparison.learned_from is None


def test_what_was_learned_with_pseudo_labels_is_never_forgotten(old: Path, tmp_path: Path) -> None:
    first = Path(shutil.copytree(old, tmp_path / "first"))
    lines = [
        {"index": 0, "name": "a", "kept": True, "image": "print-a"},
        {"index": 1, "name": "b", "kept": False, "image": "print-b"},
        {"index": 2, "name": "c", "kept": True},  # by an older version
    ]
    (first / "generation-1").mkdir()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (first / "generation-1" / "pseudo-labels.jsonl").write_text(text)
    seen = read_all_seen(first)
    assert seen is not None
    assert seen.unlabeled == {"print-a"}
    plans.create(tmp_path / "new", "labeled", corrected(), settings(old), start_from=first)
    assert read_seen(tmp_path / "new" / "generation-0") == seen


@pytest.mark.parametrize(
    ("before", "then"),
    [("labeled", "labeled"), ("im", "labeled-aug"), ("fixmatch", "labeled-aug")],
)
def test_without_unlabeled_images_only_labels_are_learned_from(
    old: Path, tmp_path: Path, before: str, then: str
) -> None:
    folder = shutil.copytree(old, tmp_path / "old")
    values = json.loads((folder / "run.json").read_text())
    values["recipe"] = asdict(plans.find_recipe(before))
    (folder / "run.json").write_text(json.dumps(values))
    assert plans.retraining(folder, corrected())[0].key == before
    assert plans.retraining(folder, replace(corrected(), unlabeled=[]))[0].key == then


# --- time -----------------------------------------------------------------------------------------


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    original = Budget.__init__

    def init(self: Budget, minutes: float | None = None, folder: Path | None = None) -> None:
        original(self, minutes, folder, made)

    monkeypatch.setattr(budgets.Budget, "__init__", init)
    return made


def spend(events: Iterator[object], clock: Clock, seconds: float) -> list[object]:
    """Take events, each step of which lasts so long."""
    taken = []
    for event in events:
        clock.now += seconds if isinstance(event, StepEnd) else 0
        taken.append(event)
    return taken


def test_training_ends_in_time_and_is_completed(old: Path, tmp_path: Path, clock: Clock) -> None:
    config = settings(old, minutes=1.0, epochs=100, steps=4)
    run = runs.retrain(old, corrected(), config, folder=tmp_path / "new")
    events = spend(run, clock, 10)
    assert sum(isinstance(event, StepEnd) for event in events) == 6
    assert sum(isinstance(event, EpochEnd) for event in events) == 2, "the last is a short one"
    assert [e.generation for e in events if isinstance(e, GenerationEnd)] == [0, 1]
    assert isinstance(events[-1], Finished)


def test_a_run_that_goes_on_has_what_is_left(old: Path, tmp_path: Path, clock: Clock) -> None:
    config = settings(old, minutes=1.0, epochs=100, steps=2)
    run = runs.retrain(old, corrected(), config, folder=tmp_path / "new")
    taken = spend(islice(run, 6), clock, 10)  # Started, generation 0, 2 steps, epoch, 1 step
    run.close()  # type: ignore[attr-defined]
    assert sum(isinstance(event, StepEnd) for event in taken) == 3
    clock.now += 10_000  # overnight
    rest = spend(runs.resume(tmp_path / "new", corrected()), clock, 10)
    started = rest[0]
    assert isinstance(started, Started)
    assert (started.used, started.minutes, started.resumed) == (30, 1.0, True)
    assert sum(isinstance(event, StepEnd) for event in rest) == 3
    assert isinstance(rest[-1], Finished)


@pytest.mark.parametrize(("recipe", "learns"), [("labeled", StepEnd), ("im++", Judging)])
def test_what_was_learned_amid_an_epoch_counts_if_the_time_is_over_then(
    old: Path, tmp_path: Path, clock: Clock, recipe: str, learns: type
) -> None:
    config = settings(old, minutes=1.0, epochs=100, steps=4)
    run = runs.retrain(old, corrected(), config, folder=tmp_path / "new", recipe=recipe)
    assert any(isinstance(event, learns) for event in run)  # stops at the first
    clock.now += 60
    run.close()  # type: ignore[attr-defined]
    rest = list(runs.resume(tmp_path / "new", corrected()))
    ends = [e for e in rest if isinstance(e, EpochEnd) or (isinstance(e, Judging) and e.error)]
    assert isinstance(ends[0], EpochEnd if learns is StepEnd else Judging)
    assert isinstance(rest[-1], Finished)


def test_there_is_at_least_one_step(old: Path, tmp_path: Path, clock: Clock) -> None:
    config = settings(old, minutes=1.0, epochs=100, steps=4)
    events = spend(runs.retrain(old, corrected(), config, folder=tmp_path / "new"), clock, 10_000)
    assert sum(isinstance(event, StepEnd) for event in events) == 1
    assert isinstance(events[-1], Finished)


def test_labeling_leaves_time_to_learn(old: Path, tmp_path: Path, clock: Clock) -> None:
    config = settings(old, minutes=1.0, epochs=100, steps=4)
    taken: list[object] = []
    for event in runs.retrain(old, corrected(), config, folder=tmp_path / "new", recipe="im"):
        clock.now += 10 if isinstance(event, Labeling | StepEnd) else 0
        taken.append(event)
    notes = [event.message for event in taken if isinstance(event, Warned)]
    assert [note for note in notes if "time to label 2 of the 6 unlabeled images" in note]
    assert sum(isinstance(event, StepEnd) for event in taken) == 4


def test_learning_to_judge_leaves_time_to_learn(old: Path, tmp_path: Path, clock: Clock) -> None:
    config = settings(old, minutes=1.0, epochs=100, steps=4)
    taken: list[object] = []
    for event in runs.retrain(old, corrected(), config, folder=tmp_path / "new", recipe="im++"):
        clock.now += 10 if isinstance(event, Judging | StepEnd) else 0
        taken.append(event)
    steps = [event for event in taken if isinstance(event, Judging) and event.error is None]
    assert len(steps) == 2, "a third of the time, as labels get"
    assert sum(isinstance(event, StepEnd) for event in taken) >= 3
    assert isinstance(taken[-1], Finished)


def test_going_on_labels_nothing_more_when_its_time_is_over(
    old: Path, tmp_path: Path, clock: Clock
) -> None:
    folder, config = tmp_path / "new", settings(old, minutes=1.0, epochs=100, steps=4)
    events = runs.retrain(old, corrected(), config, folder=folder, recipe="im")
    for event in events:
        clock.now += 10 if isinstance(event, Labeling) else 0
        if isinstance(event, StepEnd):
            break
    events.close()  # type: ignore[attr-defined]
    again = runs.resume(folder, corrected())
    first = next(e for e in again if isinstance(e, Labeling | StepEnd))
    assert isinstance(first, StepEnd)
    again.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("seconds", [0.5, 7.0])
def test_schedules_get_to_their_end_however_fast_the_steps_are(seconds: float) -> None:
    clock = Clock()
    phase = Budget(1.0, None, clock).phase("all", 2)  # half of a minute
    expected = []
    for step in range(10_000):
        if phase.over:
            break
        expected.append(phase.expected_steps(step, 10_000))
        clock.now += seconds
    assert expected[0] == 10_000
    assert abs(expected[-1] - step) <= 1
    assert Budget(None, None, clock).phase("all", 1).expected_steps(5, 10) == 10


# --- corrections count more -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "labeled_share", "pseudo", "expected"),
    [
        (0.5, None, False, 8),
        (0.375, None, False, 6),
        (0.5, 0.5, True, 4),
        (None, None, False, None),
        (0.05, None, False, 16 / 3),  # two of six labeled images: never less than that
    ],
)
def test_corrections_have_their_share_of_each_batch(
    share: float | None, labeled_share: float | None, pseudo: bool, expected: float | None
) -> None:
    data = corrected()
    # the gray value of an image says which it is
    marked = [
        replace(sample, image=np.full_like(sample.image, 100 if sample.known is None else 200))
        for sample in data.labeled
    ]
    unlabeled = [replace(s, image=np.full_like(s.image, 50)) for s in data.hidden]
    taught = Taught(unlabeled, strength=None, times=(0,) * len(unlabeled), originals=True)
    config = replace(QUICK, batch=16, correction_share=share, labeled_share=labeled_share)
    parts = training_parts(
        replace(data, labeled=marked),
        config,
        full=False,
        augmented=False,
        pseudo=taught if pseudo else None,
        corrected=(4, 5) if share else (),
    )
    loader = Loader(parts, batch=16, patch=32)
    drawn = [loader.batch([0], step).image[0, :, 0, 0, 0].tolist() for step in range(12)]
    assert {len(values) for values in drawn} == {16}
    counts = [values.count(200) for values in drawn]
    if expected is None:
        assert 2 <= np.mean(counts) <= 9
        assert len(set(counts)) > 1, "as they come"
    else:
        assert set(counts) == {round(expected)}
    if pseudo:
        assert {values.count(50) for values in drawn} == {8}


def test_pieces_of_corrections_hold_the_label_box() -> None:
    sample = toy_sample(Task.MULTILABEL, 3, size=96)
    known = np.zeros((96, 96), bool)
    known[70:78, 12:20] = True
    data = replace(
        toy_data(), labeled=[toy_sample(Task.MULTILABEL, 1, 96), replace(sample, known=known)]
    )
    config = replace(QUICK, correction_share=0.5)
    parts = training_parts(data, config, full=False, augmented=False, corrected=(1,))
    loader = Loader(parts, batch=8, patch=32, free_rotation=False)
    for step in range(5):
        known_pixels = loader.batch([0], step).known[0].sum((1, 2, 3)).tolist()
        assert sorted(known_pixels) == [64] * 4 + [32 * 32] * 4
