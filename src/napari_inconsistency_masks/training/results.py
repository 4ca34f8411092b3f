"""The outcome of generations, and which one is the result. Imports no torch.

::

    generation-1/generation.json   ranking and scores (`GenerationRecord`)
    generation-1/scores.json       the same in detail (`GenerationScores`)
    generation-1/checked-counts.csv   counts of the validation images, see `checked_counts`
    ensemble.json                  the networks of the result
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.atomic import write_json
from ..files.json_files import read_json
from ..inference.listing import ENSEMBLE
from ..metrics.scores import CountRow

EFFORT = "effort.json"
"""Time and memory of the generation in progress so far, in its folder."""

PSEUDO_LABELS = "pseudo-labels.jsonl"
"""What is noted of the images it learns from, in its folder."""


@dataclass(frozen=True)
class GenerationRecord:
    """The outcome of one generation.

    Attributes
    ----------
    generation
        Its number; 0 learned from real labels only, or was given.
    ranking
        Members, best first.
    count_error
        Wrong counts per validation image of the ensemble of the teachers: the MCCE, or without a
        position class those of objects. None if nothing could be counted, and in records of older
        versions without positions.
    mean_iou, inconsistent, found
        Of the same ensemble and images: IoU, and the shares of the area that are inconsistent
        and that are any class.
    accepted
        False if it was refused for being worse than the one before.
    margin
        Standard error of the count error.
    width
        Of its networks.
    seconds
        Spent on it, in all sessions: learning, checks, pseudo-labels and their judge.
    peak_memory
        Bytes: of the graphics memory, the most that was in use in this generation; on a CPU, the
        most that the process had needed until its end. None if the system does not tell.
    collapse
        Why its best networks have nothing to teach; empty if they have.
    notes
        What is wrong with single ones of them, or with classes.
    confident
        By class, the share of the area of unlabeled images of which they are sure together; see
        `confidence.confident_foreground`. None where the recipe learns from no unlabeled images.
    smallest_mark
        Pixels of the smallest mark that its networks count, see `CountRule`. None, also in
        records of older versions: small marks do not count, as in the paper.
    mark_threshold
        Probability above which a pixel belongs to a mark, see `CountRule`. None in records of
        older versions, for which it is one half.
    smallest_objects
        Without a position class: pixels of the smallest object of each class that is counted, see
        `CountRule`. Empty, also in records of older versions: all are.
    waists
        Without a position class: how deep a waist parts an object of each class, see `CountRule`.
        Empty, also in records of older versions: none is parted.
    counts_decide
        Whether the count error says which generation is better. Of objects the IoU does, as in the
        paper: their number depends on specks.
    """

    generation: int
    ranking: tuple[int, ...]
    count_error: float | None
    mean_iou: float
    inconsistent: float
    found: float
    accepted: bool
    margin: float = 0.0
    width: float = 1.0
    seconds: float = 0.0
    peak_memory: int | None = None
    collapse: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    confident: Mapping[str, float] | None = None
    smallest_mark: int | None = None
    mark_threshold: float | None = None
    smallest_objects: tuple[int, ...] = ()
    waists: tuple[float, ...] = ()
    counts_decide: bool = True

    def is_worse_than(self, other: GenerationRecord) -> bool:
        """Compare the count errors; where they differ by no more than chance, the IoU."""
        if self.differs_by_chance(other):
            return self.mean_iou < other.mean_iou
        return (self.count_error or 0.0) > (other.count_error or 0.0)

    def differs_by_chance(self, other: GenerationRecord) -> bool:
        """Whether the count errors differ by no more than chance, or decide nothing."""
        if not self.counts_decide:
            return True
        difference = (self.count_error or 0.0) - (other.count_error or 0.0)
        return abs(difference) <= other.margin


@dataclass(frozen=True)
class GenerationScores:
    """Scores of the ensemble of one generation on the validation images, in detail.

    Attributes
    ----------
    images
        Number of images.
    iou
        Per class; None for one that neither occurs nor is predicted.
    recall, precision
        Per state of cells (or class of objects); None where there are none.
    wrong
        Wrong counts per image; None in those of older versions without positions.
    """

    images: int
    iou: Mapping[str, float | None]
    recall: Mapping[str, float | None]
    precision: Mapping[str, float | None]
    wrong: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of one generation.

    Attributes
    ----------
    record, scores
        Its record, and the scores in detail.
    counts
        Of the ensemble, per validation image and class, as the program shows them; empty if the
        networks learned from these images.
    files
        By name of a validation image, which file it is a frame of.
    """

    record: GenerationRecord
    scores: GenerationScores
    counts: tuple[CountRow, ...]
    files: Mapping[str, str]


def generation_folder(folder: Path, generation: int) -> Path:
    """Where the networks and results of a generation are."""
    return folder / f"generation-{generation}"


def read_record(folder: Path, generation: int) -> GenerationRecord | None:
    """Read the outcome of a generation, or None if it is not complete."""
    path = generation_folder(folder, generation) / "generation.json"
    values = _read(path)
    if values is None:
        return None
    try:
        names = ("collapse", "notes", "smallest_objects", "waists")
        lists = {name: tuple(values.get(name, ())) for name in names}
        return GenerationRecord(**{**values, **lists, "ranking": tuple(values["ranking"])})
    except (KeyError, TypeError) as error:
        raise _damaged(path, error) from None


def read_scores(folder: Path, generation: int) -> GenerationScores | None:
    """Read the scores in detail, or None if there are none."""
    path = generation_folder(folder, generation) / "scores.json"
    values = _read(path)
    try:
        return None if values is None else GenerationScores(**values)
    except TypeError as error:
        raise _damaged(path, error) from None


def result_generation(folder: Path) -> int | None:
    """The generation whose networks are the result of a run, or None if there is none yet."""
    values = _read(folder / ENSEMBLE)
    return None if values is None else int(values["generation"])


def complete_generations(folder: Path) -> list[int]:
    """Numbers of the generations of a run that are complete."""
    paths = folder.glob("generation-*/generation.json")
    numbers = [path.parent.name.removeprefix("generation-") for path in paths]
    return sorted(int(number) for number in numbers if number.isdecimal())


def write_result(
    folder: Path, generation: int, members: tuple[int, ...], *, chosen: bool = False
) -> None:
    """Name the networks that make the run's ensemble; `chosen` if a person did."""
    values = _result(generation, members)
    write_json(folder / ENSEMBLE, {**values, **({"chosen": True} if chosen else {})})


def restore_result(folder: Path, generation: int, members: tuple[int, ...]) -> None:
    """Name these networks unless they are named already, or a person chose others."""
    values = _result(generation, members)
    if not is_chosen(folder) and _read(folder / ENSEMBLE) != values:
        write_json(folder / ENSEMBLE, values)


def _result(generation: int, members: tuple[int, ...]) -> dict[str, Any]:
    names = [f"generation-{generation}/network-{member}.safetensors" for member in members]
    return {"generation": generation, "networks": names}


def is_chosen(folder: Path) -> bool:
    """Whether a person chose which generation is the result."""
    values = _read(folder / ENSEMBLE)
    return bool(values and values.get("chosen"))


def _read(path: Path) -> Any:
    return read_json(path) if path.is_file() else None


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: the record of a generation is damaged ({error!r}).")
