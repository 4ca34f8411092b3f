"""What napari is told about the plugin, and that the window needs no torch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from npe2 import PluginManager, PluginManifest
from stand_ins import FakeChild

from napari_inconsistency_masks.recipes import PRESETS
from napari_inconsistency_masks.widgets.preferences import PLUGIN, Preferences
from napari_inconsistency_masks.widgets.session.session import session_of

WIDGETS = {
    "Inconsistency Masks": "Dock",
    "1 Data": "DataSection",
    "2 Train": "TrainSection",
    "3 Look": "LookSection",
    "4 Correct next": "CorrectSection",
    "5 Count": "CountSection",
    "6 Batch": "BatchSection",
    "Compare runs": "CompareRuns",
}


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_distribution(PLUGIN)


def test_the_manifest_is_valid_and_named(manifest: PluginManifest) -> None:
    assert manifest.display_name == "Inconsistency Masks"
    manifest.validate_imports()


def test_every_command_is_used_and_every_use_is_a_command(manifest: PluginManifest) -> None:
    contributions = manifest.contributions
    commands = {command.id for command in contributions.commands}
    used = [item.command for item in (*contributions.widgets, *contributions.sample_data)]
    assert commands == set(used)
    assert len(used) == len(set(used))
    in_menus = {item.command for items in contributions.menus.values() for item in items}
    assert in_menus <= commands


@pytest.fixture
def installed(npe2pm: Any, manifest: PluginManifest, window: Any) -> Any:
    """A window that knows the plugin."""
    npe2pm.register(manifest)
    return window


def test_every_widget_opens_as_a_dock(
    installed: Any, children: list[FakeChild], qtbot: Any
) -> None:
    for name, kind in WIDGETS.items():
        dock, widget = installed.window.add_plugin_dock_widget(PLUGIN, name)
        assert type(widget).__name__ == kind
        assert dock.windowTitle().startswith(name)
        assert widget.session is session_of(installed)
    session_of(installed)._guard.close()


@pytest.mark.parametrize(
    ("sample", "names"),
    [
        ("synthetic-cells", ["synthetic cells", "alive", "dead", "position"]),
        ("synthetic-time-lapse", ["synthetic time-lapse", "alive", "dead", "position"]),
    ],
)
def test_samples_open(installed: Any, sample: str, names: list[str]) -> None:
    installed.open_sample(PLUGIN, sample)
    assert [layer.name for layer in installed.layers] == names


def test_settings_of_the_manifest_are_those_that_are_read(manifest: PluginManifest) -> None:
    (page,) = manifest.contributions.configurations.values()
    assert list(page.properties) == [field.name for field in fields(Preferences)]
    assert page.properties["preset"].enum == list(PRESETS)


CLICK_THROUGH = """
import sys
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtWidgets import QApplication
import napari_inconsistency_masks.widgets.work.devices as devices
import napari_inconsistency_masks.widgets.dock as dock
from napari_inconsistency_masks.widgets.samples import synthetic_image, synthetic_timelapse

devices.our_command = lambda *_: (sys.executable, "-c", "")
app = QApplication([])
viewer = ViewerModel()
panel = dock.Dock(viewer)
panel.show()
for section in dock.SECTIONS.values():
    section(viewer).show()
for sample in (synthetic_image, synthetic_timelapse):
    for layer in sample():
        viewer.add_layer(Layer.create(*layer))
for number in (1, 2, 3, 4):
    panel.accordion.open(number)
    app.processEvents()
session = panel.session
session.setup.choose_preset("quick")
session.setup.choose_recipe("labeled-aug")
panel.sections["train"].setup.disclosure.line.click()
session.layer_data.choose_image(viewer.layers["synthetic time-lapse"])
while session.next.problem() is not None:
    assert session.next.problem() == "The labeled frames are being counted."
    app.processEvents()
session.next.request()
panel.footer.log.click()
app.processEvents()
session._guard.close()
assert "torch" not in sys.modules, "torch was imported"
print("clicked through")
"""


def test_clicking_through_all_sections_does_not_import_torch(tmp_path: Path) -> None:
    program = [sys.executable, "-W", "ignore", "-c", CLICK_THROUGH]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "clicked through"


def test_npe2_finds_the_plugin_by_itself() -> None:
    manager = PluginManager()
    manager.discover(include_npe1=False)
    assert PLUGIN in manager
