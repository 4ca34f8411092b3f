"""One prediction: frames are written for the child, predicted there, and read back."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from ..layers.frames import FrameAxes
from ..work.words import in_words
from ..work.worker import Worker
from .prediction import FrameCounts, FrameLayers, Model, chunks, read_frames, write_chunk


class PredictionJob(QObject):
    """Predicts frames of one image, a few at a time.

    `arrived` carries a `FrameLayers` with its `FrameCounts`; `over` a sentence, and whether all
    went well, exactly once; `outdated` the networks that the run has now, before it is over.

    Parameters
    ----------
    image, axes, frames, name
        What to predict, and what it is called.
    model
        With which networks.
    newest
        Whether to begin with those that the run has by now. All frames are of the same ones.
    folder
        For files, new and empty for every job.
    send
        Gives a request to the child.
    numbers
        Gives every request a number of its own.
    """

    arrived = Signal(object, object)
    outdated = Signal(object)
    over = Signal(str, bool)

    def __init__(
        self,
        image: Any,
        axes: FrameAxes,
        frames: Sequence[int],
        name: str,
        model: Model,
        newest: bool,
        folder: Path,
        send: Callable[[dict[str, Any]], None],
        numbers: Iterator[int],
    ) -> None:
        super().__init__()
        self.total, self.done = len(frames), 0
        self._image, self._axes, self._name = image, axes, name
        self._model, self._newest = model, newest
        self._folder, self._send, self._numbers = folder, send, numbers
        itemsize = getattr(getattr(image, "dtype", None), "itemsize", 8)
        self._left = deque(chunks(frames, axes, itemsize))
        self._chunk: tuple[int, ...] = ()
        self._request = 0
        self._sent = False
        self._ended = False
        self._waiting: deque[tuple[int, int, Path]] = deque()
        self._counts: dict[int, FrameCounts] = {}
        self._writer: Worker | None = None
        self._reader: Worker | None = None

    def start(self) -> None:
        """Write the first frames, and go on from there."""
        self._chunk = self._left.popleft()
        self._request, self._sent = next(self._numbers), False
        writer = Worker(write_chunk(self._image, self._axes, self._chunk, self._chunk_folder), self)
        writer.returned.connect(self._on_written)
        writer.failed.connect(partial(self._on_error, f"{self._name} cannot be read"))
        writer.over.connect(self._remove_files)
        self._writer = writer.begin()

    def cancel(self) -> None:
        """Give up what is left; frames that are done stay."""
        if self._writer is not None:
            self._writer.stop()
        if self._sent:
            self._send({"id": self._request, "do": "cancel"})
        self.end(f"Canceled: {self.done} of {self.total} frames are predicted.", ok=False)

    def end(self, sentence: str, *, ok: bool) -> None:
        """End, however it went."""
        if not self._ended:
            self._ended = True
            if self._reader is not None:
                self._reader.stop()
            self._remove_files()
            self.over.emit(sentence, ok)

    def take(self, answer: dict[str, Any]) -> None:
        """Take an answer of the child; those to requests of others are ignored."""
        if self._ended or answer.get("id") != self._request:
            return
        kind = answer.get("answer")
        if kind == "ready":
            self._newest = False
            if answer.get("networks", "") != self._model.networks:
                self._give_up(Model.from_answer(self._model.run, self._model.wanted_device, answer))
        elif kind == "frame":
            index = int(answer["index"])
            frame = self._chunk[index]
            self._counts[frame] = FrameCounts.from_answer(frame, answer)
            self._waiting.append((frame, index, self._chunk_folder))
            self._read()
        elif kind == "done":
            self._sent = False
            if self._left:
                self.start()
            self._end_if_complete()
        elif kind == "failed":
            self.end(f"{self._name}: {answer['message']}", ok=False)

    @property
    def _chunk_folder(self) -> Path:
        return self._folder / str(self._request)

    def _on_written(self, path: Path) -> None:
        if self._ended:
            return
        self._writer, self._sent = None, True
        request = {
            "id": self._request,
            "do": "predict",
            "run": str(self._model.run),
            "image": str(path),
            "out": str(path.parent),
            "device": self._model.wanted_device,
        }
        self._send(request if self._newest else {**request, "networks": self._model.networks})

    def _give_up(self, now: Model) -> None:
        """The networks are no longer there, or no longer the newest: others are."""
        self._send({"id": self._request, "do": "cancel"})
        self._sent = False
        self.outdated.emit(now)
        self.end(
            f"{self._model.run.name} has other networks by now: open it anew (2 Train, Open "
            f"another run…).",
            ok=False,
        )

    def _read(self) -> None:
        if self._reader is None:
            self._reader = Worker(read_frames(self._waiting, self._model.scheme), self)
            self._reader.yielded.connect(self._on_read)
            words = f"What was predicted of {self._name} cannot be shown"
            self._reader.failed.connect(partial(self._on_error, words))
            self._reader.over.connect(self._on_all_read)
            self._reader.begin()

    def _on_read(self, layers: FrameLayers) -> None:
        if not self._ended:
            self.done += 1
            self.arrived.emit(layers, self._counts[layers.frame])

    def _on_all_read(self) -> None:
        self._reader = None
        if self._waiting and not self._ended:
            self._read()
        self._end_if_complete()
        self._remove_files()

    def _end_if_complete(self) -> None:
        if self.done == self.total:
            self.end(
                "Predicted 1 frame." if self.total == 1 else f"Predicted {self.total} frames.",
                ok=True,
            )

    def _remove_files(self) -> None:
        """Remove the files of chunks that are no longer needed, in the end all."""
        if self._reader is not None or not self._folder.is_dir():
            return
        needed = {folder for _, _, folder in self._waiting} | {self._chunk_folder}
        for folder in self._folder.iterdir():
            if self._ended or folder not in needed:
                shutil.rmtree(folder, ignore_errors=True)

    def _on_error(self, words: str, error: Exception) -> None:
        self.end(in_words(error, words), ok=False)
