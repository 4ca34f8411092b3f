"""Folders that this program fills: nobody's images lie in them."""

from __future__ import annotations

import re
from pathlib import Path

_SIGNS = (("batch.json", "journal.jsonl"), ("run.json", "events.jsonl"))
"""Files that every folder of results has, and every run that began."""

_VERSION = re.compile(r"v[1-9]\d*")


def is_own_folder(folder: Path) -> bool:
    """Whether a folder holds the results of a batch, a run, or a saved version of labels."""
    if any(all((folder / name).is_file() for name in names) for names in _SIGNS):
        return True
    return bool(_VERSION.fullmatch(folder.name)) and (folder / "manifest.json").is_file()
