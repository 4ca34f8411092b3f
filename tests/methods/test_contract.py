"""What holds for every method, on every label kind."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from method_steps import Bench, make_bench
from napari_inconsistency_masks import runs
from napari_inconsistency_masks.checkpoint import load_network
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.method_config import METHOD_GROUPS
from napari_inconsistency_masks.methods import METHODS
from napari_inconsistency_masks.methods.supervised import Supervised
from napari_inconsistency_masks.recipes import RECIPES
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import Finished
from napari_inconsistency_masks.training.fit import train_step
from napari_inconsistency_masks.training.records import Records
from toy import QUICK, SCHEMES, toy_data

TASKS = list(Task)
every = pytest.mark.parametrize("name", METHODS)
on_all = pytest.mark.parametrize("task", TASKS)


@every
@on_all
def test_losses_are_finite_numbers_per_member_that_all_weights_learn_from(
    name: str, task: Task
) -> None:
    bench = make_bench(name, task)
    losses = bench.method.losses(bench.step())
    for value in (losses.total, *losses.parts.values()):
        assert value.shape == (2,)
        assert torch.isfinite(value).all()
    losses.total.sum().backward()
    for module in (*bench.learner.ensemble.networks, *bench.learner.beside):
        for parameter in module.parameters():
            if parameter.requires_grad:  # teachers follow
                assert parameter.grad is not None
                assert torch.isfinite(parameter.grad).all()
    for network in bench.learner.ensemble.networks:
        assert network.head.weight.grad.any()
        assert network.stem[0].weight.grad.any()
    for module in bench.learner.beside:
        if hasattr(module, "network"):  # as narrow as here, all its features may be 0
            assert module.network.head.bias.grad.any()


@every
@pytest.mark.parametrize("network", ["resnet50", "dinov2"])
def test_every_network_learns_by_every_method(
    name: str, network: str, small_backbones: None
) -> None:
    config = replace(QUICK, batch=3, network=network, width=0.25, patch=32)
    bench = make_bench(name, Task.MULTILABEL, config)
    head = bench.learner.ensemble.networks[0].head.weight
    before = head.detach().clone()
    losses = train_step(bench.learner, bench.batches, bench.method, 4)
    assert all(loss is not None for loss in losses)
    assert not torch.equal(head, before)


@every
@on_all
def test_an_unlabeled_image_without_a_valid_pixel_is_left_out(name: str, task: Task) -> None:
    bench = make_bench(name, task)
    step = bench.step()
    if bench.method.views is None:
        return
    step.unlabeled.valid[:, 0] = False
    losses = bench.method.losses(step)
    losses.total.sum().backward()
    assert torch.isfinite(losses.total).all()
    for parameter in bench.learner.ensemble.parameters():
        assert torch.isfinite(parameter.grad).all()


@every
def test_a_step_that_is_repeated_after_memory_ran_out_has_the_same_gradients(name: str) -> None:
    """The first attempt got as far as to leave gradients everywhere."""
    undisturbed, repeated = make_bench(name, Task.BINARY), make_bench(name, Task.BINARY)
    for module in (*repeated.learner.ensemble.networks, *repeated.learner.beside):
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.ones_like(parameter)
    for bench in (undisturbed, repeated):
        train_step(bench.learner, bench.batches, bench.method, 4)
    expected, _ = undisturbed.learner.state()
    found, _ = repeated.learner.state()
    for key, value in expected.items():
        assert torch.equal(value, found[key]), key


@every
@on_all
def test_members_learn_the_same_alone_as_together(name: str, task: Task) -> None:
    together, alone = make_bench(name, task), make_bench(name, task)
    both = together.method.losses(together.step(5))
    both.total.sum().backward()
    for member in range(2):
        one = alone.method.losses(alone.step(5, members=(member,)))
        torch.testing.assert_close(one.total[0], both.total[member])
        one.total.sum().backward()
        mine, other = (b.learner.ensemble.networks[member] for b in (alone, together))
        for a, b in zip(mine.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-5)


@every
@on_all
def test_twenty_steps_lower_the_loss(name: str, task: Task) -> None:
    """The loss of the labels; that of guessed labels may grow as more are trusted."""
    bench = make_bench(name, task, replace(QUICK, batch=4, learning_rate=0.01))
    supervised = Supervised(choose_loss("auto", bench.scheme, 3.0))

    def loss() -> float:
        with torch.no_grad():
            values = [supervised.losses(bench.step(number)).total for number in range(3)]
        return float(torch.stack(values).mean())

    before = loss()
    for _ in range(20):
        train_step(bench.learner, bench.batches, bench.method, 20)
    assert loss() < 0.98 * before


def train_some(bench: Bench, steps: int) -> None:
    for _ in range(steps):
        train_step(bench.learner, bench.batches, bench.method, 8)


@every
@on_all
def test_what_is_saved_goes_on_bit_for_bit(name: str, task: Task, tmp_path: Path) -> None:
    straight, first, second = (make_bench(name, task) for _ in range(3))
    for bench, steps in ((straight, 2), (first, 2)):
        bench.learner.end_epoch((0.0, 0.0))  # teachers differ from students in later epochs
        train_some(bench, steps)
    train_some(straight, 2)
    records = Records(tmp_path)
    records.save_state(0, first.learner)
    assert records.load_state(0, second.learner)
    train_some(second, 2)
    expected, _ = straight.learner.state()
    found, _ = second.learner.state()
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        assert torch.equal(value, found[key]), key


@every
def test_a_stopped_run_ends_with_the_weights_of_one_that_was_not(name: str, tmp_path: Path) -> None:
    recipe = next(recipe for recipe in RECIPES.values() if recipe.method == name)
    config = replace(QUICK, generations=0, batch=3)
    data = toy_data(Task.MULTILABEL)
    for folder, stop in (("straight", None), ("stopped", 6)):
        list(islice(runs.train(recipe, data, config, folder=tmp_path / folder), stop))
    *_, last = runs.resume(tmp_path / "stopped", data)
    assert isinstance(last, Finished)
    straight, stopped = (
        load_network(tmp_path / folder / "generation-0" / "network-1.safetensors")[0].state_dict()
        for folder in ("straight", "stopped")
    )
    for key, value in straight.items():
        assert torch.equal(value, stopped[key]), key


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_recipes_say_whether_their_method_needs_unlabeled_images(recipe) -> None:
    scheme = SCHEMES[Task.BINARY]
    method = METHODS[recipe.method](choose_loss("auto", scheme), scheme, TrainConfig())
    assert recipe.unlabeled == (method.views is not None)


def test_every_method_has_a_recipe_and_one_with_masks() -> None:
    for name in METHODS:
        if name != "supervised":
            alone, masked = RECIPES[name], RECIPES[f"{name}+im"]
            assert (alone.method, alone.pseudo_labels) == (name, None)
            assert masked.method == name
            assert masked.pseudo_labels == RECIPES["im"].pseudo_labels


@pytest.mark.parametrize(
    ("students", "expected"),
    [("supervised", ["fixmatch", "supervised"]), ("method", ["fixmatch", "fixmatch"])],
)
def test_students_learn_supervised_or_by_the_method_again(
    students: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for name in ("fixmatch", "supervised"):

        def make(*args, name=name, original=METHODS[name]):  # type: ignore[no-untyped-def]
            made.append(name)
            return original(*args)

        monkeypatch.setitem(METHODS, name, make)
    config = replace(QUICK, students=students, epochs=1, steps=1, batch=3)
    list(runs.train("fixmatch+im", toy_data(), config, folder=tmp_path / "run"))
    assert [made[0], made[-1]] == expected
    assert set(made) == set(expected)


def test_a_lost_network_takes_its_teacher_back_as_well() -> None:
    bench = make_bench("unimatch-v2", Task.BINARY)
    learner = bench.learner
    learner.end_epoch((0.0, 0.0))
    train_some(bench, 2)
    for module in (learner.ensemble.networks[1], learner.beside[1]):
        for parameter in module.parameters():
            parameter.data.fill_(torch.nan)
    train_some(bench, 1)
    assert learner.lost == [False, True]
    for parameter in (*learner.ensemble.parameters(), *learner.judged.parameters()):
        assert torch.isfinite(parameter).all()
    train_some(bench, 1)
    assert learner.lost == [False, True]


@pytest.mark.parametrize("group", METHOD_GROUPS)
def test_settings_of_a_method_survive_json(group: str) -> None:
    changed = replace(getattr(TrainConfig(), group))
    for field in type(changed).__dataclass_fields__:
        value = getattr(changed, field)
        if isinstance(value, float):
            changed = replace(changed, **{field: value * 0.75})
    config = replace(TrainConfig(), **{group: changed})
    assert config != TrainConfig()
    assert TrainConfig.from_json(config.to_json()) == config
