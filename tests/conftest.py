"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import torch

# Several torch threads on a busy machine are many times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parents[1]

NO_LINKS = 1314
"""What Windows says to those who may not make links: most people but administrators."""


@pytest.fixture(scope="session", autouse=True)
def _nothing_waits_for_the_disk() -> Iterator[None]:
    """What tests write need not outlive the computer; what a killed process wrote is there anyway.

    ``tests/files`` waits nevertheless, and so do programs that are started.
    """
    waiting = os.fsync

    @wraps(waiting)
    def not_waiting(handle: int) -> None:
        os.fstat(handle)  # refuses what is not open

    os.fsync = not_waiting
    yield
    os.fsync = waiting


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Skip tests that make links where this person may not make any."""
    try:
        return (yield)
    except OSError as error:
        if getattr(error, "winerror", None) == NO_LINKS:
            pytest.skip("needs the right to make links")
        raise


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and golden files; tests that need it are skipped without it."""
    folder = Path(os.environ.get("NAPARI_IM_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "oracle").is_dir():
        pytest.skip(f"needs the folder of real images and golden files, looked for at {folder}")
    return folder


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """The emulated GPU, which the program finds beside the CPU."""
    import torch

    from emulated_gpu import INFO, CpuGenerator
    from napari_inconsistency_masks import devices

    both = [INFO, devices.DeviceInfo("cpu", "CPU")]
    monkeypatch.setattr(devices, "list_devices", lambda: (both, []))
    monkeypatch.setattr(torch, "Generator", CpuGenerator)
    return torch.device(INFO.key)


@pytest.fixture
def small_backbones(monkeypatch: pytest.MonkeyPatch) -> None:
    """ResNet-50 and DINOv2, less deep and less wide."""
    from napari_inconsistency_masks.nets import dinov2, dpt, resnet

    monkeypatch.setattr(resnet, "DEPTHS", (1, 1, 1, 1))
    monkeypatch.setattr(dinov2, "DIMENSION", 48)
    monkeypatch.setattr(dpt, "DIMENSION", 48)
