"""What a person set for this plugin in napari's preferences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs
from napari.settings import get_plugin_settings

PLUGIN = "napari-inconsistency-masks"


@dataclass(frozen=True)
class Preferences:
    """The plugin's page of the preferences.

    Attributes
    ----------
    runs_folder
        Where new runs are made.
    device
        Where to compute: auto, cpu, mps, cuda or cuda:1.
    preset
        Settings that a new training begins with.
    show_votes
        Whether predictions come with the vote map.
    """

    runs_folder: Path
    device: str = "auto"
    preset: str = "standard"
    show_votes: bool = False


def preferences() -> Preferences:
    """The preferences as they are now, or their defaults if napari does not know the plugin."""
    try:
        page = get_plugin_settings(PLUGIN).general
    except KeyError:  # run from source, without the plugin being installed
        return Preferences(default_runs_folder())
    folder = Path(page.runs_folder).expanduser() if page.runs_folder else default_runs_folder()
    return Preferences(folder, page.device, page.preset, page.show_votes)


def default_runs_folder() -> Path:
    """A folder among the person's documents."""
    return Path(platformdirs.user_documents_dir()) / PLUGIN
