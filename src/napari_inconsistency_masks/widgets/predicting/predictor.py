"""The networks that are in use, in a child that keeps them ready to predict."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from ..layers.frames import FrameAxes
from ..work.process import Child, our_command
from ..work.status import Activity, Status
from .job import PredictionJob
from .prediction import FrameCounts, FrameLayers, Model

PREDICTING = "predict"
LOADING = "load"


Tell = Callable[[int, int], tuple[str, float]]
"""Says in words, and as a share from 0 to 1, how far a prediction is: frames done, and of how many
in this image."""


def tell_frames(done: int, total: int) -> tuple[str, float]:
    """For one image."""
    return f"Predicted frame {done} of {total}", done / total


class Predictor(QObject):
    """Loads networks and predicts.

    `loaded` carries a `Model` once its networks are ready, `renewed` one that takes the place of
    that in use, as its run has other networks by now; `arrived` a `FrameLayers` with its
    `FrameCounts`; `ended` a sentence, and whether all went well, when loading has failed or a
    prediction is over.

    Parameters
    ----------
    status
        Where to show what is going on.
    device
        Tells where to compute.
    say
        Takes lines for the log.
    """

    changed = Signal()
    loaded = Signal(object)
    renewed = Signal(object)
    arrived = Signal(object, object)
    ended = Signal(str, bool)

    def __init__(
        self,
        status: Status,
        device: Callable[[], str],
        say: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.model: Model | None = None
        self._over = False
        self.child: Child | None = None
        self._status, self._device, self._say = status, device, say
        self._numbers = itertools.count(1)
        self._loading: tuple[int, Path, str] | None = None
        self._job: PredictionJob | None = None
        self._tell: Tell = tell_frames
        self._again: Callable[[], None] | None = None
        self._remark = ""
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    @property
    def busy(self) -> bool:
        """Whether frames are being predicted."""
        return self._job is not None

    @property
    def loading(self) -> Path | None:
        """The run whose networks are being loaded."""
        return None if self._loading is None else self._loading[1]

    def use(self, run: Path) -> None:
        """Load the networks of a run; `loaded` or `ended` tells how it went."""
        number, device = next(self._numbers), self._device()
        self._loading = (number, run, device)
        self._status.begin(LOADING, Activity(f"Loading the networks of {run.name}"))
        self._send({"id": number, "do": "describe", "run": str(run), "device": device})
        self.changed.emit()

    def forget(self) -> None:
        """Use no networks any more."""
        self.cancel()
        self.model, self._loading = None, None
        self._status.end(LOADING)
        self.changed.emit()

    def predict(
        self,
        image: Any,
        axes: FrameAxes,
        frames: Sequence[int],
        name: str,
        tell: Tell = tell_frames,
        *,
        newest: bool = False,
    ) -> None:
        """Predict some frames of an array, called `name`; a prediction that runs is canceled.

        With the networks in use; or with the `newest` of their run, which are in use from then on.
        """
        if self.model is None or not frames:
            return
        self.cancel()
        self._remark = ""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(
                "", "napari-im-", ignore_cleanup_errors=True
            )
        folder = Path(tempfile.mkdtemp(dir=self._scratch.name))
        self._job = job = PredictionJob(
            image, axes, frames, name, self.model, newest, folder, self._send, self._numbers
        )
        job.arrived.connect(self._on_arrived)
        job.outdated.connect(
            partial(
                self._on_outdated,
                self.model,
                partial(self.predict, image, axes, frames, name, tell),
            )
        )
        job.over.connect(self._on_over)
        self._tell = tell
        words = ("Reading the image", 0.0) if tell is tell_frames else tell(0, len(frames))
        self._status.begin(PREDICTING, Activity(*words, self.cancel))
        job.start()
        self.changed.emit()

    def cancel(self) -> None:
        """Give up the prediction that runs; frames that are done stay."""
        if self._job is not None:
            self._job.cancel()

    def take(self, answer: dict[str, Any]) -> None:
        """Take an answer of the child."""
        if self._loading is not None and answer.get("id") == self._loading[0]:
            self._take_model(answer, *self._loading[1:])
        elif self._job is not None:
            self._job.take(answer)

    def end(self) -> None:
        """Give up everything, and end the child, which has nothing to save; none starts again."""
        self._over = True
        self.forget()
        if self.child is not None:
            self.child.kill()

    def close(self) -> None:
        """Let go of everything; the child has ended by now."""
        self._job = None
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def _take_model(self, answer: dict[str, Any], run: Path, device: str) -> None:
        if answer.get("answer") == "ready":
            self.model, self._loading = Model.from_answer(run, device, answer), None
            self._status.end(LOADING, f"The networks of {run.name} are ready.")
            self.changed.emit()
            self.loaded.emit(self.model)
        elif answer.get("answer") == "failed":
            self._loading_failed(str(answer["message"]))

    def _loading_failed(self, sentence: str) -> None:
        self._loading = None
        self._status.end(LOADING, sentence)
        self.changed.emit()
        self.ended.emit(sentence, False)

    def _on_arrived(self, layers: FrameLayers, counts: FrameCounts) -> None:
        if self._job is not None:
            self._status.progress(PREDICTING, *self._tell(self._job.done, self._job.total))
        self.arrived.emit(layers, counts)

    def _on_outdated(self, old: Model, again: Callable[[], None], now: Model) -> None:
        """Predict it all again with the networks of now, unless they are for something else."""
        if self.model is old and (old.scheme, old.channels) == (now.scheme, now.channels):
            self.model, self._again = now, again

    def _on_over(self, sentence: str, ok: bool) -> None:
        self._job = None
        again, self._again = self._again, None
        if again is not None and self.model is not None:
            self.changed.emit()
            self.renewed.emit(self.model)
            again()
            self._remark = (
                f" {self.model.run.name} has other networks by now: what the ones before predicted "
                f"in this image is no longer shown."
            )
            return
        sentence += self._remark
        self._status.end(PREDICTING, sentence)
        self.changed.emit()
        self.ended.emit(sentence, ok)

    def _send(self, request: dict[str, Any]) -> None:
        if self._over:
            return
        if self.child is None:
            self.child = Child(our_command("serve"), self)
            self.child.answered.connect(self.take)
            self.child.said.connect(self._say)
            self.child.ended.connect(self._on_child_ended)
            self.child.start()
        self.child.send(request)

    def _on_child_ended(self, code: int) -> None:
        self.child = None
        sentence = (
            f"The program that predicts ended unexpectedly (code {code}); the log says more. It "
            f"starts anew with the next prediction."
        )
        if self._loading is not None:
            self._loading_failed(sentence)
        if self._job is not None:
            self._job.end(sentence, ok=False)
