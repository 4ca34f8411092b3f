"""Which files are the networks of a run. Imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from ..errors import InputError
from ..files.json_files import read_json

ENSEMBLE = "ensemble.json"
GENERATION = "generation.json"
STATE = "state.safetensors"
"""A generation in progress: no networks yet."""

T = TypeVar("T")


def network_files(path: Path) -> list[Path]:
    """The networks of a run folder or another folder of networks, or the one file that is given.

    Files whose names begin with a dot are half written, and no networks; nor is `STATE`. Of a
    generation's folder, networks that are not in its ranking learned nothing, and are left out.

    Raises
    ------
    InputError
        If there are none, or the list of them is damaged or names files elsewhere.
    """
    if path.is_file():
        return [path]
    listing = path / ENSEMBLE
    if listing.is_file():
        names = _listed(listing, "networks", str)
        return [path / _inside(name, listing) for name in names]
    files = sorted(
        file
        for file in path.glob("*.safetensors")
        if not file.name.startswith(".") and file.name != STATE
    )
    record = path / GENERATION
    if record.is_file():
        ranking = _listed(record, "ranking", int)
        ranked = {f"network-{member}.safetensors" for member in ranking}
        files = [file for file in files if file.name in ranked]
    if not files:
        raise InputError(
            f"{path}: no trained networks here; give the folder of a run of which at least one "
            f"generation is complete."
        )
    return files


def _listed(file: Path, key: str, kind: type[T]) -> list[T]:
    """The list at a key of a JSON file, all of one type."""
    values = read_json(file)
    listed = values.get(key) if isinstance(values, dict) else None
    if not isinstance(listed, list) or not all(isinstance(item, kind) for item in listed):
        raise InputError(
            f"{file}: this file is damaged, it does not list its networks ({key!r}); take it from "
            f"a copy of the run, or give the file of one network."
        )
    if not listed:
        raise InputError(f"{file}: it lists no networks ({key!r} is empty); give another folder.")
    return listed


def _inside(name: str, listing: Path) -> Path:
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise InputError(f"{listing}: {name!r} is outside of the run folder.")
    return relative
