from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from napari.settings import get_plugin_settings
from npe2 import PluginManifest
from stand_ins import FakeChild

from napari_inconsistency_masks.recipes import PRESETS
from napari_inconsistency_masks.widgets.preferences import PLUGIN, Preferences, preferences
from napari_inconsistency_masks.widgets.session.session import Session


@pytest.fixture
def page(plugin_settings: Any, npe2pm: Any) -> Any:
    """The plugin's page of napari's preferences; it is kept in a temporary folder."""
    npe2pm.register(PluginManifest.from_distribution(PLUGIN))
    return get_plugin_settings(PLUGIN).general


def test_without_the_plugin_there_are_defaults(plugin_settings: Any, runs_folder: Path) -> None:
    assert preferences() == Preferences(runs_folder, "auto", "standard", False)


def test_defaults(page: Any, runs_folder: Path) -> None:
    assert preferences() == Preferences(runs_folder, "auto", "standard", False)


def test_every_preset_can_be_preferred(page: Any) -> None:
    for preset in PRESETS:
        page.preset = preset
        assert preferences().preset == preset


def test_what_a_person_prefers_is_where_a_session_begins(
    page: Any, tmp_path: Path, viewer: ViewerModel, children: list[FakeChild]
) -> None:
    page.runs_folder = str(tmp_path / "elsewhere")
    page.device = "cuda:1"
    page.preset = "quick"
    page.show_votes = True
    session = Session(viewer)
    assert session.setup.folder == tmp_path / "elsewhere"
    assert session.devices.chosen == "cuda:1"
    assert (session.setup.preset, session.setup.config) == ("quick", PRESETS["quick"])
    assert session.results.spare.show_votes
    session._guard.close()


def test_a_folder_in_the_home_folder(
    page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    page.runs_folder = "~/runs"
    assert preferences().runs_folder == tmp_path / "runs"
