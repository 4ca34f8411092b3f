"""The member axis: independence, seeds, shared networks."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.nets.unet import UNet

SMALL = Architecture(channels=1, outputs=2, width=0.25)


def same_weights(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


def test_each_member_sees_its_own_images() -> None:
    ensemble = Ensemble.create(SMALL, 3, seed=0).eval()
    image = torch.rand(3, 2, 1, 16, 32) * 255
    logits = ensemble(image)
    assert logits.shape == (3, 2, 2, 16, 32)
    for member in range(3):
        torch.testing.assert_close(logits[member], ensemble.networks[member](image[member]))


def test_one_image_is_seen_by_all_members() -> None:
    ensemble = Ensemble.create(SMALL, 2, seed=0).eval()
    image = torch.rand(1, 2, 1, 16, 16) * 255
    torch.testing.assert_close(ensemble(image), ensemble(image.repeat(2, 1, 1, 1, 1)))


def test_a_gradient_reaches_only_its_member() -> None:
    ensemble = Ensemble.create(SMALL, 2, seed=0)
    ensemble(torch.rand(1, 2, 1, 16, 16))[1].sum().backward()
    assert all(p.grad is None or not p.grad.any() for p in ensemble.networks[0].parameters())
    assert any(p.grad is not None and p.grad.any() for p in ensemble.networks[1].parameters())


def test_weights_depend_on_seed_generation_and_number_alone() -> None:
    torch.manual_seed(5)
    first = Ensemble.create(SMALL, 2, seed=3, generation=1)
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(1), after), "making networks must not use the global generator"
    again = Ensemble.create(SMALL, 3, seed=3, generation=1)
    assert same_weights(first.networks[1], again.networks[1])
    assert not same_weights(first.networks[0], first.networks[1])
    for seed, generation in ((4, 1), (3, 2)):
        other = Ensemble.create(SMALL, 1, seed=seed, generation=generation)
        assert not same_weights(first.networks[0], other.networks[0])


def test_selected_members_are_shared_not_copied() -> None:
    ensemble = Ensemble.create(SMALL, 3, seed=0)
    chosen = ensemble.select([2, 0])
    assert [chosen.networks[0], chosen.networks[1]] == [ensemble.networks[2], ensemble.networks[0]]


@pytest.fixture
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_members_learn_alone_and_at_once_on_a_cpu(four_threads: None) -> None:
    ensemble = Ensemble.create(SMALL, 4, seed=0)
    meeting = threading.Barrier(3, timeout=60)

    def learn(members: list[int], part: Ensemble) -> tuple[int, bool, int]:
        meeting.wait()  # breaks unless all three are here at the same time
        (member,) = members
        return member, part.networks[0] is ensemble.networks[member], torch.get_num_threads()

    assert ensemble.train_parts([0, 2, 3], learn, pixels=256) == [
        (0, True, 1), (2, True, 1), (3, True, 1)
    ]  # fmt: skip
    assert torch.get_num_threads() == 4


def test_members_learn_one_by_one_if_memory_is_short(four_threads: None) -> None:
    """With as many threads as if there were enough: the numbers depend on that."""
    ensemble = Ensemble.create(SMALL, 2, seed=0)
    together = threading.Lock()

    def learn(members: list[int], _: Ensemble) -> int:
        assert together.acquire(blocking=False)
        try:
            return torch.get_num_threads()
        finally:
            together.release()

    assert ensemble.train_parts([0, 1], learn, pixels=2**50) == [2, 2]
    assert torch.get_num_threads() == 4


def test_an_error_of_one_member_comes_through(four_threads: None) -> None:
    def learn(members: list[int], _: Ensemble) -> None:
        if members == [1]:
            raise RuntimeError("member 1")

    with pytest.raises(RuntimeError, match="member 1"):
        Ensemble.create(SMALL, 2, seed=0).train_parts([0, 1], learn, pixels=256)


@pytest.mark.parametrize(
    "lack",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 5.56 GB, max allowed: 6.80 GB)"),
    ],
    ids=["NVIDIA", "Apple"],
)
def test_together_first_and_alone_once_memory_ran_out(lack: RuntimeError) -> None:
    ensemble = Ensemble.create(SMALL, 3, seed=0).eval()
    ensemble.together = True  # as on a GPU
    image = torch.rand(1, 2, 1, 16, 16)
    calls = []

    def learn(members: list[int], part: Ensemble) -> int:
        calls.append(members)
        part(image).sum().backward()
        if len(members) > 1:
            raise lack
        return len(members)

    def gradients() -> list[torch.Tensor]:
        return [p.grad.clone() for p in ensemble.parameters() if p.grad is not None]

    assert ensemble.train_parts([0, 1, 2], learn, pixels=256) == [1, 1, 1]
    assert calls == [[0, 1, 2], [0], [1], [2]]
    after_failure = gradients()
    ensemble.zero_grad(set_to_none=True)
    calls.clear()
    ensemble.train_parts([0, 1, 2], learn, pixels=256)
    assert calls == [[0], [1], [2]]
    torch.testing.assert_close(after_failure, gradients())  # not twice what one step gives


@torch.no_grad()
def test_bfloat16_changes_the_result_little_and_keeps_float32_weights() -> None:
    ensemble = Ensemble.create(SMALL, 1, seed=0).eval()
    image = torch.rand(1, 1, 1, 64, 64) * 255
    exact = ensemble(image)
    ensemble.place("cpu", torch.bfloat16)
    fast = ensemble(image)
    assert fast.dtype == torch.float32
    assert {p.dtype for p in ensemble.parameters()} == {torch.float32}
    assert not torch.equal(fast, exact)
    assert float((fast - exact).abs().mean()) < 0.05 * float(exact.std())


def test_networks_of_different_shape_are_refused() -> None:
    with pytest.raises(InputError, match="cannot form an ensemble"):
        Ensemble([UNet(1, 2, 0.25), UNet(1, 3, 0.25)])
    with pytest.raises(InputError, match="at least one"):
        Ensemble([])
