"""What the doctor says of a device that computes otherwise than the CPU."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

doctor = import_module("napari_inconsistency_masks.cli.doctor")


def test_a_device_whose_gradients_are_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of batch normalization with channels last are on Apple's GPUs."""
    real, calls = doctor._gradients, []

    def gradients(key: str, image: torch.Tensor) -> torch.Tensor:
        calls.append(key)
        found: torch.Tensor = real(key, image)
        found[-16:-8] *= 4.0 if len(calls) == 2 else 1.0  # the scale of the normalization
        return found

    assert doctor._compare("cpu").startswith("computes right")
    monkeypatch.setattr(doctor, "_gradients", gradients)
    assert doctor._compare("cpu").startswith("computes wrong (gradients differ by ")


def test_its_gradients_do_not_hang_on_last_digits() -> None:
    image = torch.arange(64 * 64).reshape(1, 1, 64, 64).float() % 256
    noisy = image * (1 + 1e-4 * torch.randn(image.shape, generator=torch.manual_seed(0)))
    one, other = (doctor._gradients("cpu", each) for each in (image, noisy))
    assert float((one - other).norm() / one.norm()) < 0.01
