"""Networks of another run that a run goes on from: copied into its folder. Imports no torch.

::

    generation-0/network-0.safetensors ...   copies, bit for bit
    generation-0/images.json                 what they have seen, if their run recorded it
    images.json                              what the networks of this run have seen
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from ..data.held_out import hold_out
from ..data.sample import SegmentationData
from ..data.seen import Seen
from ..data.sources import Joined
from ..errors import InputError
from ..files.atomic import write_bytes, write_json
from ..files.folders import make_folder
from ..files.guard import read_bytes
from ..files.json_files import iterate_json_lines, read_json
from ..inference.listing import ENSEMBLE, network_files
from .recipe import Recipe
from .results import PSEUDO_LABELS, generation_folder

IMAGES = "images.json"
MOST_BYTES = 2**31

LEARNED = (
    "The old networks learned from {} of the {} images on which old and new networks are compared: "
    "the comparison says less than it seems to."
)
UNKNOWN = (
    "It is not known which images the old networks learned from. If they learned from those on "
    "which old and new networks are compared, they look better there than they are."
)

CHANGED = (
    "Images under the same names, or their labels, that changed since this run was last trained: "
    "{}. What it learned before, and its scores so far, are of what was there then."
)


@dataclass(frozen=True)
class Start:
    """Where the networks of generation 0 come from.

    Attributes
    ----------
    run
        Folder of the other run, as it was called then. Nothing is read there any more.
    generation
        Of the other run, or None for networks without a run.
    networks
        SHA-256 of each file, by its name in generation 0.
    """

    run: str
    generation: int | None
    networks: Mapping[str, str]


def copy_start(old: Path, folder: Path) -> Start:
    """Copy the ensemble of another run to generation 0 of a run folder.

    Raises
    ------
    InputError
        If there is no ensemble, or a file cannot be read or written.
    """
    into = generation_folder(folder, 0)
    make_folder(into)
    for half in into.glob("network-*.safetensors"):  # of an attempt that was killed
        half.unlink()
    hashes = {}
    for member, path in enumerate(network_files(old)):
        content = read_bytes(path, MOST_BYTES)
        name = f"network-{member}.safetensors"
        write_bytes(into / name, content)
        hashes[name] = hashlib.sha256(content).hexdigest()
    seen = read_all_seen(old)
    if seen is not None:
        write_json(into / IMAGES, seen.to_json())
    listing = old / ENSEMBLE
    generation = read_json(listing)["generation"] if listing.is_file() else None
    return Start(str(old), generation, hashes)


@dataclass(frozen=True)
class Shape:
    """What the card of a network says of how it is built.

    Attributes
    ----------
    network
        Its kind, as in `TrainConfig`.
    width
        The paper's alpha.
    """

    network: str
    width: float

    @classmethod
    def read(cls, path: Path) -> Shape:
        """Read it from a file of weights; `InputError` if it cannot be read."""
        try:
            with safe_open(path, framework="numpy") as file:
                about: Any = json.loads((file.metadata() or {})["about"])
            built = about["architecture"]
            return cls(str(built.get("network", "unet")), float(built["width"]))
        except (OSError, SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path.name}: these weights cannot be read ({error!r}).") from None


def refuse_other_network(run: Path, network: str) -> None:
    """Refuse to let networks of the kind ``network`` begin as those of a run of another kind.

    Raises
    ------
    InputError
        If one of them is of another kind, or cannot be read.
    """
    for path in network_files(run):
        found = Shape.read(path).network
        if found != network:
            raise InputError(
                f"{run}: the networks to go on from are of the kind {found!r}, and the settings "
                f"say {network!r}; choose {found!r}, or train new networks."
            )


def read_seen(folder: Path) -> Seen | None:
    """What the networks of a run (or of its generation 0) have seen, or None if nobody knows.

    Without images of which they learned pseudo-labels; see `read_all_seen`.
    """
    path = folder / IMAGES
    if not path.is_file():
        return None
    try:
        return Seen.from_json(read_json(path))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: the record of the images is damaged ({error!r}).") from None


def read_all_seen(folder: Path) -> Seen | None:
    """What the networks of a run have seen, images with pseudo-labels included.

    Older versions did not note which these were.
    """
    seen = read_seen(folder)
    if seen is None:
        return None
    lists = folder.glob(f"generation-*/{PSEUDO_LABELS}")
    lines = chain.from_iterable(map(iterate_json_lines, lists))
    taught = {str(line["image"]) for line in lines if line.get("kept") and line.get("image")}
    return replace(seen, unlabeled=seen.unlabeled | taught)


def read_seen_by_result(folder: Path) -> Seen | None:
    """What the networks that are the result of a run have seen, or None if nobody knows.

    Those that it went on from have not seen what it learned from itself.
    """
    listing, given = folder / ENSEMBLE, generation_folder(folder, 0)
    first = listing.is_file() and read_json(listing)["generation"] == 0
    return read_all_seen(given if first and (given / IMAGES).is_file() else folder)


@dataclass(frozen=True)
class FairTrial:
    """Data that new networks and those before them can be compared on.

    Attributes
    ----------
    data
        With images set aside that the networks before did not learn from, if there are such.
    before
        What those networks have seen, or None if nobody knows, or there are none.
    learned_from
        How many of the validation images they learned from, or None if nobody knows.
    notes
        What a person should know about the comparison.
    from_unknown
        Whether there are networks before of which nobody knows what they have seen.
    """

    data: SegmentationData
    before: Seen | None = None
    learned_from: int | None = None
    notes: tuple[str, ...] = ()
    from_unknown: bool = False

    @classmethod
    def of(cls, folder: Path, data: SegmentationData) -> FairTrial:
        """For a run that goes on from the networks in its generation 0."""
        before = read_seen(generation_folder(folder, 0))
        if before is not None:
            data = hold_out(data, before)
        if before is None or not before.complete:
            return cls(data, before, None, (UNKNOWN,), from_unknown=True)
        learned = before.learned_among(data.validation)
        note = LEARNED.format(learned, len(data.validation))
        return cls(data, before, learned, (note,) if learned else ())

    def record(self, folder: Path, recipe: Recipe) -> tuple[str, ...]:
        """Write down what the networks of a run see, with all that was seen before.

        Images that get pseudo-labels are noted when they get them: to read them all before
        anything is learned would take long.

        Returns
        -------
        tuple of str
            What a person should know if it is not what the run saw in the session before.
        """
        data = self.data
        learned = Joined([data.labeled, data.hidden]) if recipe.data == "full" else data.labeled
        unlabeled = data.unlabeled if recipe.unlabeled else ()
        earlier, now = read_seen(folder), Seen.of(learned, data.validation, unlabeled)
        before = earlier or self.before or Seen(complete=not self.from_unknown)
        seen = before.and_then(now)
        values = {**seen.to_json(), "validation_learned_before": self.learned_from}
        write_json(folder / IMAGES, values)
        changed = 0 if earlier is None else now.changed_since(earlier)
        return (CHANGED.format(changed),) if changed else ()


def learned_before(folder: Path) -> int | None:
    """How many validation images the networks that a run went on from had learned from."""
    path = folder / IMAGES
    found = read_json(path).get("validation_learned_before") if path.is_file() else None
    return None if found is None else int(found)
