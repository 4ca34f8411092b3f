"""A virtual display is made only where there may be no screen."""

from __future__ import annotations

import os

import pytest

from napari_inconsistency_masks.cli import display


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macs_need_no_virtual_display(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    before = os.environ.get("DISPLAY")
    monkeypatch.setattr(display.sys, "platform", platform)
    monkeypatch.setattr(display.shutil, "which", lambda name: None)
    assert display.has_display()
    with display.virtual_display():
        assert os.environ.get("DISPLAY") == before
