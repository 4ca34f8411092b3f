"""How many processor cores torch uses in a program of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from napari_inconsistency_masks import devices


@pytest.fixture(autouse=True)
def _threads_of_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("cores", "used"), [(1, 1), (2, 2), (3, 2), (8, 7)])
def test_one_of_several_cores_is_left_for_the_rest(
    cores: int, used: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(devices, "usable_cores", lambda: cores)
    assert devices.use_threads() == used == torch.get_num_threads()


def test_what_the_environment_says_stays_unless_a_number_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    torch.set_num_threads(5)  # as torch does when it is imported
    assert devices.use_threads() == torch.get_num_threads() == 5
    assert devices.use_threads(3) == torch.get_num_threads() == 3
