"""Stand-ins for the programs that the window starts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_inconsistency_masks.task import LabelScheme


class FakeChild(QObject):
    """Stands in for a `Child`: keeps what it is sent, and says only what a test makes it say."""

    answered = Signal(dict)
    said = Signal(str)
    ended = Signal(int)

    def __init__(self, command: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.command = tuple(command)
        self.requests: list[dict[str, Any]] = []
        self.running = False
        self.input_open = True
        self.over: set[int] = set()
        """Numbers of the requests that are answered completely."""

    @property
    def verb(self) -> str:
        """What of this package's command line it is: run, serve or doctor."""
        return str(self.command[3])

    def start(self) -> None:
        self.running = True

    def send(self, request: dict[str, Any]) -> None:
        self.requests.append(dict(request))

    def close_input(self) -> None:
        self.input_open = False

    def wait(self, milliseconds: int) -> bool:
        return not self.running or not self.input_open

    def kill(self) -> None:
        self.running = False

    def end(self, code: int) -> None:
        """End as the program would."""
        self.running = False
        self.ended.emit(code)


class Networks:
    """Speaks for the program that predicts, as ``napari-im serve`` does.

    In every frame they see a cell in each state, 10 pixels wide and side by side from column 4 on,
    and they disagree about each class on 2 x 4 pixels of row 30 on, below the cell. If they are
    `in_doubt`, the second one also sees a cell in the first state at rows 24 to 33, columns 18 to
    27, with its marker in the middle.

    `checksum` is of the networks that the run has now. Those asked for by another one are still in
    memory if they are `kept`.
    """

    in_doubt, kept = False, True

    def __init__(
        self, children: list[FakeChild], qtbot: Any, scheme: LabelScheme, channels: int = 1
    ) -> None:
        self.scheme, self.channels, self.checksum = scheme, channels, "31a4dd23"
        self._children, self._qtbot = children, qtbot
        self._frames: dict[int, int] = {}

    @property
    def child(self) -> FakeChild:
        """The program that runs now."""
        return next(child for child in reversed(self._children) if child.verb == "serve")

    def load(self, session: Any, run: str = "run") -> None:
        """Have a session use these networks; it predicts at once if there is an image."""
        session.looking.use(Path(run))
        self.get_ready()

    def get_ready(self, **changes: Any) -> None:
        """Say that they are loaded."""
        self.child.answered.emit({**self._ready(), "id": self.child.requests[-1]["id"], **changes})

    def asked(self) -> dict[str, Any]:
        """Wait until they are asked to predict, and return the request."""
        self._qtbot.waitUntil(lambda: bool(self._open_requests()))
        return self._open_requests()[0]

    def answer(self, request: dict[str, Any], frames: int | None = None) -> None:
        """Answer with so many further frames, or without a number with all that are left."""
        images = np.load(request["image"], mmap_mode="r")
        for name, array in zip(
            ("classes", "inconsistency", "votes"), self.see(images), strict=True
        ):
            np.save(Path(request["out"]) / f"{name}.npy", array)
        np.save(Path(request["out"]) / "members.npy", self.members(images))
        ready = {"id": request["id"], "networks": self.checksum}
        if self.kept:
            ready["networks"] = request.get("networks", self.checksum)
        self.child.answered.emit({**self._ready(), **ready})
        if request["id"] in {item["id"] for item in self.child.requests if item["do"] == "cancel"}:
            return
        done = self._frames.get(request["id"], 0)
        self._frames[request["id"]] = len(images) if frames is None else done + frames
        for index in range(done, self._frames[request["id"]]):
            answer = {"id": request["id"], "answer": "frame", "index": index, "total": len(images)}
            self.child.answered.emit({**answer, **self.counted(index)})
        if frames is None:
            self.child.over.add(request["id"])
            self.child.answered.emit({"id": request["id"], "answer": "done"})

    def predict_all(self, session: Any) -> None:
        """Answer until nothing is left to predict, and wait until all of it is shown."""
        while session.predictor.busy:
            self.answer(self.asked())
            self._qtbot.waitUntil(lambda: not session.predictor.busy or bool(self._open_requests()))

    def see(self, images: Any) -> tuple[Any, Any, Any]:
        """Classes and disagreement ``(N, K, Y, X)`` and votes ``(N, Y, X)``."""
        frames, _, height, width = images.shape
        classes = np.zeros((frames, self.scheme.outputs, height, width), np.uint8)
        disagreed = np.zeros_like(classes)
        names = self.scheme.output_names
        for state, output in enumerate(names.index(name) for name in self.scheme.states):
            left = 4 + 14 * state
            classes[:, output, 8:18, left : left + 10] = 1
            disagreed[:, output, 30:32, left : left + 4] = 1
            if self.scheme.position_output is not None:
                classes[:, self.scheme.position_output, 11:16, left + 3 : left + 8] = 1
        return classes, disagreed, disagreed.any(axis=1).astype(np.uint8)

    def members(self, images: Any) -> Any:
        """What each of the two says ``(N, E, K, Y, X)``."""
        classes, disagreed, _ = self.see(images)
        second = classes | disagreed
        if self.in_doubt:
            names = self.scheme.output_names
            second[:, names.index(self.scheme.states[0]), 24:34, 18:28] = 1
            if self.scheme.position_output is not None:
                second[:, self.scheme.position_output, 27:32, 21:26] = 1
        return np.stack([classes, second], axis=1)

    def counted(self, index: int) -> dict[str, Any]:
        """What is counted in a frame: one cell in each state, perhaps one more."""
        states = {name: [1, 1, 2] for name in self.scheme.states}
        return {"counts": {"states": states, "unclear": 0}, "inconsistent": 0.01, "notes": []}

    def _ready(self) -> dict[str, Any]:
        answer = {
            "answer": "ready",
            "device": "cpu",
            "members": 2,
            "channels": self.channels,
            "networks": self.checksum,
            "scheme": asdict(self.scheme),
        }
        read: dict[str, Any] = json.loads(json.dumps(answer))
        return read

    def _open_requests(self) -> list[dict[str, Any]]:
        requests = self.child.requests if self.child.running else []
        canceled = [item["id"] for item in requests if item["do"] == "cancel"]
        over = {*self.child.over, *canceled}
        return [item for item in requests if item["do"] == "predict" and item["id"] not in over]
