"""Predicting image files and stacks, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.pixels import to_channels
from ..errors import InputError
from ..files.header import ImageHeader
from ..files.images import open_stack
from ..inconsistency import CellCounts, Consensus, count_cells, find_consensus
from ..task import LabelScheme
from .image import predict_channels
from .trained import TrainedEnsemble


@dataclass(frozen=True)
class FrameResult:
    """What the ensemble says about one frame of an image file.

    Attributes
    ----------
    path, frame
        The file, and the frame's place in its stack such as ``t=3``; empty for a single image.
    index
        Number of the frame, from 0.
    header
        Of the file.
    consensus, counts
        What was found.
    notes
        What a person should know, one sentence each.
    """

    path: Path
    frame: str
    index: int
    header: ImageHeader
    consensus: Consensus
    counts: CellCounts
    notes: tuple[str, ...]


def predict_file(ensemble: TrainedEnsemble, path: Path) -> Iterator[FrameResult]:
    """Predict each frame of an image file; only one is in memory at a time.

    Raises
    ------
    InputError
        If the file cannot be read or does not fit the networks; the message names it.
    """
    with closing(open_stack(path)) as stack:
        for index in range(len(stack)):
            image = to_channels(stack[index], stack.header.frame_axes)
            try:
                prediction, notes = predict_channels(ensemble, image)
            except InputError as error:
                raise InputError(f"{path.name}: {error}") from None
            consensus = find_consensus(prediction)
            yield FrameResult(
                path=path,
                frame=stack.header.frame_label(index) if len(stack) > 1 else "",
                index=index,
                header=stack.header,
                consensus=consensus,
                counts=count_cells(consensus),
                notes=(*stack.header.notes, *notes),
            )


def counted_names(scheme: LabelScheme) -> tuple[str, ...]:
    """Return what is counted: the states of cells, or the classes if there are no positions."""
    if scheme.position is None:
        return scheme.classes
    return scheme.states or scheme.classes


def count_columns(names: Sequence[str]) -> list[str]:
    """Columns of a table of counts for some states or classes."""
    counted = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
    return ["image", "frame", *counted, "unclear", "inconsistent", "status"]


def count_row(result: FrameResult) -> Mapping[str, Any]:
    """Return the row of one frame: counts with their range, and the inconsistent share."""
    row: dict[str, Any] = {"image": result.path.name, "frame": result.frame}
    for name in result.counts:
        row[name] = result.counts[name]
        row[f"{name}_low"] = result.counts.low[name]
        row[f"{name}_high"] = result.counts.high[name]
    row["unclear"] = result.counts.unclear
    row["inconsistent"] = round(result.consensus.area, 6)
    row["status"] = " ".join(["done", *(f"({note})" for note in result.notes)])
    return row


def failed_row(path: Path, reason: str, names: Sequence[str]) -> Mapping[str, Any]:
    """Return the row of a file that could not be counted: no number, but the reason."""
    nothing = dict.fromkeys(count_columns(names))
    return {**nothing, "image": path.name, "status": f"failed: {reason}"}
