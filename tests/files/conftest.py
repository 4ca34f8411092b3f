"""Files are forced to disk for real, where that is what is tested."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _all_waits_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", os.fsync.__wrapped__)  # type: ignore[attr-defined]
