"""Which files are the networks of a run. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..files.json_files import read_json

ENSEMBLE = "ensemble.json"
GENERATION = "generation.json"


def network_files(path: Path) -> list[Path]:
    """The networks of a run folder or another folder of networks, or the one file that is given.

    Files whose names begin with a dot are half written, and no networks. Of a generation's folder,
    networks that are not in its ranking learned nothing, and are left out.

    Raises
    ------
    InputError
        If there are none, or the list of them names files elsewhere.
    """
    if path.is_file():
        return [path]
    listing = path / ENSEMBLE
    if listing.is_file():
        names = read_json(listing)["networks"]
        return [path / _inside(str(name), listing) for name in names]
    files = sorted(file for file in path.glob("*.safetensors") if not file.name.startswith("."))
    record = path / GENERATION
    if record.is_file():
        ranked = {f"network-{member}.safetensors" for member in read_json(record)["ranking"]}
        files = [file for file in files if file.name in ranked]
    if not files:
        raise InputError(
            f"{path}: no trained networks here; give the folder of a run of which at least one "
            f"generation is complete."
        )
    return files


def _inside(name: str, listing: Path) -> Path:
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise InputError(f"{listing}: {name!r} is outside of the run folder.")
    return relative
