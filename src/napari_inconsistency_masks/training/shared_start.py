"""Networks of generation 0 that another run has made already. Imports no torch.

In a comparison many recipes begin with the same networks: same seed, labels, settings and method.
::

    generation-0/network-0.safetensors ...   copies, bit for bit
    generation-0/effort.json                 the time and memory they took
    generation-0/shared.json                 whose they are, and how they learned
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import InputError
from ..files.atomic import write_bytes, write_json
from ..files.guard import read_bytes
from ..files.json_files import read_json
from ..files.patience import patiently
from .events import EpochEnd, Event
from .log import read_events
from .results import EFFORT, generation_folder, read_record

SHARED = "shared.json"
MOST_BYTES = 2**31
HALF = ".shared-"
"""How the name of a folder begins in which networks are being copied."""


@dataclass(frozen=True)
class SharedStart:
    """Where the networks of generation 0 come from.

    Attributes
    ----------
    run
        Name of the other run's folder.
    epochs
        What that run told of their epochs.
    left_out
        Networks that were lost there before they learned anything.
    """

    run: str
    epochs: tuple[Event, ...]
    left_out: tuple[int, ...] = ()


def share_start(old: Path, new: Path) -> bool:
    """Copy generation 0 of a run to another that has not begun; False if there is none yet.

    The caller knows that the two would learn the same. The other run scores the networks anew,
    since what it makes of the scores depends on its recipe.
    """
    record, into = read_record(old, 0), generation_folder(new, 0)
    if record is None or into.exists():
        return False
    with TemporaryDirectory(dir=new, prefix=HALF, ignore_cleanup_errors=True) as made:
        half = Path(made) / into.name
        half.mkdir()
        for path in sorted(generation_folder(old, 0).glob("network-*.safetensors")):
            write_bytes(half / path.name, read_bytes(path, MOST_BYTES))
        spent = {"seconds": record.seconds, "peak_memory": record.peak_memory}
        write_json(half / EFFORT, spent)
        count = len(list(half.glob("network-*.safetensors")))
        left_out = sorted({*range(count)}.difference(record.ranking))
        shared = {"run": old.name, "epochs": _epochs(old), "left_out": left_out}
        write_json(half / SHARED, shared)
        patiently(lambda: half.rename(into))
    return True


def read_shared_start(folder: Path) -> SharedStart | None:
    """Whose networks generation 0 of a run folder has, or None if it learns its own.

    Raises
    ------
    InputError
        If the file that says so is damaged.
    """
    path = generation_folder(folder, 0) / SHARED
    if not path.is_file():
        return None
    values = read_json(path)
    try:
        epochs = tuple(map(Event.from_json, values["epochs"]))
        return SharedStart(values["run"], epochs, tuple(values.get("left_out", ())))
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path}: this file is damaged ({error!r}); remove the folder {path.parent.name}, and "
            f"its networks are trained anew."
        ) from None


def _epochs(folder: Path) -> list[dict[str, Any]]:
    """The epochs of generation 0; of one that was repeated after a crash, the last."""
    told = read_events(folder)
    epochs = {e.epoch: e for e in told if isinstance(e, EpochEnd) and e.generation == 0}
    return [epochs[number].to_json() for number in sorted(epochs)]
