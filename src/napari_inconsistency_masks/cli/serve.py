"""``napari-im serve``: predict arrays for another program, such as the window.

The other program writes one JSON object per line to standard input and reads one per line from
standard output; arrays are ``.npy`` files. torch, the networks and GPU memory live in this process
alone, so a failure here never takes the other program along. The process ends when its standard
input is closed.

Requests::

    {"id": 1, "do": "describe", "run": FOLDER, "device": "auto"}
    {"id": 2, "do": "predict", "run": FOLDER, "image": FILE.npy, "out": FOLDER, "device": "auto"}
    {"id": 2, "do": "cancel"}

``image`` is ``(N, C, Y, X)``. A request with ``networks``, a checksum, is for these networks as
long as they are in memory, whatever the run has learned since; else it is for those of now.
Answers carry the id and an ``answer``: ``ready`` (device, members, channels, scheme; ``ratios``:
what is known of its counts; ``networks``: a checksum of them), ``frame`` (index, counts), ``done``,
``canceled`` or ``failed`` (message). When the first frame is announced, ``out`` holds uint8 arrays
of all frames, filled frame by frame: ``classes.npy`` ``(N, K, Y, X)``, ``inconsistency.npy``
``(N, K, Y, X)``, ``votes.npy`` ``(N, Y, X)``, the number of outvoted members, and ``members.npy``
``(N, E, K, Y, X)``, what each member says.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .standard_input import input_lines

if TYPE_CHECKING:
    from ..inconsistency import CellCounts
    from ..inference.trained import TrainedEnsemble

Answer = dict[str, Any]


def serve() -> None:
    """Answer requests from standard input until it is closed."""
    from ..devices import use_threads

    use_threads()

    def say(answer: Answer) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    serve_stream(input_lines(), say)


def serve_stream(requests: Iterable[bytes], say: Callable[[Answer], None]) -> None:
    """Answer requests, a line each, one after the other; a cancel overtakes the others."""
    inbox = _Inbox()
    threading.Thread(target=inbox.read, args=(requests,), daemon=True).start()
    predictor = _Predictor()
    while (request := inbox.waiting.get()) is not None:
        number = request.get("id")
        try:
            for answer in predictor.answer(request):
                if number in inbox.canceled:
                    say({"id": number, "answer": "canceled"})
                    break
                say({"id": number, **answer})
        except Exception as error:
            message = str(error) if isinstance(error, InputError) else f"unexpected: {error!r}"
            say({"id": number, "answer": "failed", "message": message})


@dataclass
class _Inbox:
    """Requests that wait, and the ids of those that are no longer wanted."""

    waiting: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)
    canceled: set[Any] = field(default_factory=set)

    def read(self, requests: Iterable[bytes]) -> None:
        for line in requests:
            request = json.loads(line)
            if request.get("do") == "cancel":
                self.canceled.add(request["id"])
            else:
                self.waiting.put(request)
        self.waiting.put(None)


@dataclass(frozen=True)
class _Loaded:
    """An ensemble in memory, and when the list of its networks was written."""

    run: Path
    device: str
    changed: int | None
    ensemble: TrainedEnsemble
    networks: str
    ratios: dict[str, Any]


class _Predictor:
    """Keeps the ensemble it used last."""

    def __init__(self) -> None:
        self._loaded: _Loaded | None = None

    def answer(self, request: dict[str, Any]) -> Iterator[Answer]:
        if request.get("do") not in ("describe", "predict"):
            raise InputError(
                f"request {request.get('do')!r}: only 'describe', 'predict' and 'cancel' are known."
            )
        run, device = Path(request["run"]), str(request.get("device", "auto"))
        loaded = self._load(run, device, request.get("networks"))
        ensemble = loaded.ensemble
        yield {
            "answer": "ready",
            "device": str(ensemble.networks.device),
            "members": len(ensemble.networks),
            "channels": ensemble.channels,
            "scheme": asdict(ensemble.card.scheme),
            "ratios": loaded.ratios,
            "networks": loaded.networks,
        }
        if request["do"] == "predict":
            images = np.load(request["image"], mmap_mode="r", allow_pickle=False)
            yield from _predict(ensemble, images, Path(request["out"]))
        yield {"answer": "done"}

    def _load(self, run: Path, device: str, wanted: str | None) -> _Loaded:
        """The networks with a checksum, if they are in memory, or those that a run has now."""
        from ..batch.model import checksum
        from ..inference.listing import ENSEMBLE
        from ..inference.trained import load

        listing, loaded = run / ENSEMBLE, self._loaded
        changed = listing.stat().st_mtime_ns if listing.is_file() else None
        if (
            loaded is not None
            and (loaded.run, loaded.device) == (run, device)
            and (loaded.networks == wanted or loaded.changed == changed)
        ):
            return loaded
        self._loaded = loaded = None  # frees its memory first
        ensemble = load(run, device=device)
        self._loaded = _Loaded(
            run, device, changed, ensemble, checksum(ensemble.files), _ratios(run)
        )
        return self._loaded


def _predict(ensemble: TrainedEnsemble, images: npt.NDArray[Any], folder: Path) -> Iterator[Answer]:
    from ..inconsistency import count_cells, disagreement, find_consensus
    from ..inference.image import predict_channels

    frames, _, height, width = images.shape
    outputs = ensemble.card.scheme.outputs

    def array(name: str, *shape: int) -> npt.NDArray[np.uint8]:
        return np.lib.format.open_memmap(folder / name, "w+", np.uint8, shape)

    classes = array("classes.npy", frames, outputs, height, width)
    masks = array("inconsistency.npy", frames, outputs, height, width)
    votes = array("votes.npy", frames, height, width)
    members = array("members.npy", frames, len(ensemble.networks), outputs, height, width)
    for index in range(frames):
        prediction, notes = predict_channels(ensemble, np.array(images[index]))
        consensus = find_consensus(prediction)
        classes[index], masks[index] = consensus.best_guess, consensus.disagreed
        votes[index], members[index] = disagreement(consensus), consensus.votes
        for written in (classes, masks, votes, members):
            written.flush()  # type: ignore[attr-defined]
        yield {
            "answer": "frame",
            "index": index,
            "total": frames,
            "counts": counts_to_json(count_cells(consensus)),
            "inconsistent": consensus.area,
            "notes": notes,
        }


def _ratios(run: Path) -> dict[str, Any]:
    """What is known of the counts of a run; a damaged table of it prevents no prediction."""
    from ..inference.checked_counts import read_count_ratios

    try:
        return {name: asdict(ratio) for name, ratio in read_count_ratios(run).items()}
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return {}


def counts_to_json(counts: CellCounts) -> dict[str, Any]:
    """Counts as JSON values: per name [estimate, low, high], and the unclear ones."""
    states = {name: [counts[name], counts.low[name], counts.high[name]] for name in counts}
    return {"states": states, "unclear": counts.unclear}
