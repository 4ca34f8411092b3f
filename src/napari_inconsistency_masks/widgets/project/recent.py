"""Projects that were open last."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import platformdirs

from ...errors import InputError
from ...files.atomic import write_json
from ...files.json_files import read_json
from ...projects.layout import PROJECT_FILE
from ..preferences import PLUGIN

MOST = 8


def recent_file() -> Path:
    """Where they are listed."""
    return Path(platformdirs.user_state_dir(PLUGIN, appauthor=False)) / "projects.json"


def recent_projects() -> list[Path]:
    """Folders that still hold a project, the one used last first."""
    listed: object = None
    with suppress(InputError):
        listed = read_json(recent_file())
    items = listed if isinstance(listed, list) else []
    paths = [Path(item) for item in items if isinstance(item, str)]
    return [path for path in paths if (path / PROJECT_FILE).is_file()]


def remember(folder: Path) -> None:
    """List a folder first; a list that cannot be written is done without."""
    folders = [folder, *(other for other in recent_projects() if other != folder)]
    with suppress(OSError, InputError):
        recent_file().parent.mkdir(parents=True, exist_ok=True)
        write_json(recent_file(), [str(path) for path in folders[:MOST]])
