"""Fixtures of the tests of commands."""

from __future__ import annotations

import pytest

from napari_inconsistency_masks.batch import model


@pytest.fixture(autouse=True)
def _speed_is_measured_on_few_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_PROBE", 64)
