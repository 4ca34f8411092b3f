"""Results of a batch in the window: their table, and the image that is shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path

from qtpy.QtCore import QObject, QTimer, Signal

from ...batch import BatchResults, read_results
from ...batch.layout import DONE
from ...batch.results import Row
from ..layers.viewer_layers import ViewerLayers
from ..parts.colors import class_colors
from ..results.arriving_layers import BREATH_MS, OVER
from ..work.status import Activity, Status
from ..work.words import in_words
from ..work.worker import Worker
from .frames import KeptFrames
from .layers import BatchLayers
from .reading import ReadImage, open_image
from .rows import ResultRows, read_rows

OPENING = "batch results"
MOST_WAITING = 32
"""Frames asked for that are still to be read; older ones were passed by."""


class ShownBatch(QObject):
    """A folder of results that is open, and at most one image of it.

    `changed` tells that other results are open, or another image; `moved` carries the number of
    the row whose frame the sliders show; `failed` says in a sentence what could not be done.

    Parameters
    ----------
    layers, status
        Of the session.
    """

    changed = Signal()
    moved = Signal(int)
    failed = Signal(str)

    def __init__(self, layers: ViewerLayers, status: Status, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.results: BatchResults | None = None
        self.found = ResultRows()
        self.current: ReadImage | None = None
        self._layers, self._status = layers, status
        self._made = BatchLayers(layers)
        self._frames: KeptFrames | None = None
        self._wish: Row | None = None
        self._wanted_frame: int | None = None
        self._opening: Worker | None = None
        self._reading: Worker | None = None
        self._waiting: deque[int] = deque(maxlen=MOST_WAITING)
        self._numbers: dict[tuple[str, str], int] = {}
        self._labels: dict[int, str] = {}
        self._steps: Iterator[None] = iter(())
        self._breath = QTimer(self)
        self._breath.setInterval(BREATH_MS)
        self._breath.timeout.connect(self._step)

    @property
    def rows(self) -> list[Row]:
        """The rows of its table."""
        return self.found.rows

    @property
    def busy(self) -> bool:
        """Whether something is being opened."""
        return self._opening is not None or self._breath.isActive()

    def open(self, folder: Path) -> None:
        """Read the table of a folder of results; that of another one takes its place."""
        self._run(_read_folder(folder), f"Opening {folder.name}", self._on_folder)

    def choose(self, number: int) -> None:
        """Show the image and the frame of a row."""
        row = self.rows[number]
        if row["status"] != DONE:
            self.failed.emit(f"{row['image']} has no results: {row['status'].rstrip('.')}.")
            return
        self._wish = row
        if not self.busy:
            self._fulfill()

    def close(self) -> None:
        """Remove the layers, and forget the results."""
        self.results, self.found = None, ResultRows()
        self._cancel()
        self._let_go()
        self._steps = self._made.remove()
        self._breath.start()
        self.changed.emit()

    def end(self) -> None:
        """Read and show nothing any more: the window closes."""
        self._breath.stop()
        self._cancel()
        self._let_go()

    def frame_changed(self) -> None:
        """The sliders were moved."""
        current, image = self.current, self._made.image
        if current is None or image is None or self.busy:
            return
        label = self._labels.get(self._layers.frame_shown(image, current.axes))
        number = self._numbers.get((current.name, label or ""))
        if number is not None and self._wanted_frame is None:
            self.moved.emit(number)

    def _run(self, work: Generator[None, None, object], words: str, then: object) -> None:
        if self._opening is not None:
            self._opening.stop()
        worker = self._opening = Worker(work, self)
        worker.returned.connect(then)
        worker.failed.connect(self._on_failed)
        worker.over.connect(lambda: self._on_over(worker))
        self._status.begin(OPENING, Activity(words, None, self._cancel))
        worker.begin()

    def _cancel(self) -> None:
        self._wish = None
        if self._opening is not None:
            self._opening.stop()

    def _on_over(self, worker: Worker) -> None:
        if worker is not self._opening:
            return
        self._opening = None
        self._status.end(OPENING)
        if not self._breath.isActive():
            self._fulfill()  # another row was pressed meanwhile
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self._wish, self._wanted_frame = None, None
        self.failed.emit(in_words(error, "This cannot be shown"))

    def _on_folder(self, found: tuple[BatchResults, ResultRows]) -> None:
        before = self.results
        self.results, self.found = found
        self._numbers = {(row["image"], row["frame"]): n for n, row in enumerate(self.rows)}
        if before is not None and before.plan.folder != self.results.plan.folder:
            self._wish = None
            self._let_go()
            self._steps = self._made.remove()
            self._breath.start()
        self._status.say(f"Results of {Path(self.results.plan.folder).name} are open.")
        self.changed.emit()

    def _fulfill(self) -> None:
        """Show what was wished for last."""
        wish, results, current = self._wish, self.results, self.current
        if wish is None or results is None:
            return
        if current is not None and current.name == wish["image"] and self._made.image is not None:
            self._wish = None
            self._go(current.frames[wish["frame"]])
            return
        words = f"Opening {wish['image']}"
        self._run(open_image(results, wish["image"], wish["frame"]), words, self._on_image)

    def _on_image(self, read: ReadImage) -> None:
        wish, results = self._wish, self.results
        if wish is None or results is None or wish["image"] != read.name:
            read.close()
            return
        self._let_go()
        scheme = results.plan.model.scheme
        self.current = read
        self._labels = {frame: label for label, frame in read.frames.items()}
        self._frames = KeptFrames(read.read, self._ask, self._is_shown)
        colors = class_colors(scheme.classes, {})
        self._steps = self._made.show(read, self._frames, scheme, colors)
        self._breath.start()
        self.changed.emit()

    def _step(self) -> None:
        """A layer at a time: napari stands still for each."""
        if next(self._steps, OVER) is not OVER:
            return
        self._breath.stop()
        current, wish = self.current, self._wish
        if current is not None and wish is not None and wish["image"] == current.name:
            self._layers.fit_view()
            if current.note:
                self._status.say(current.note)
        self._fulfill()
        self.changed.emit()

    def _go(self, frame: int) -> None:
        """Move the sliders to a frame as soon as it is read."""
        if self._frames is None or frame in self._frames:
            self._arrive(frame)
        else:
            self._wanted_frame = frame
            self._ask(frame)

    def _arrive(self, frame: int) -> None:
        self._wanted_frame = None
        image, current = self._made.image, self.current
        if image is not None and current is not None:
            self._layers.show_frame(image, current.axes, frame)

    def _is_shown(self, frame: int) -> bool:
        """Whether the viewer may be asking for this frame, to show it."""
        image, current = self._made.image, self.current
        if current is None or image is None or self._breath.isActive():
            return True
        return self._layers.frame_shown(image, current.axes) == frame

    def _ask(self, frame: int) -> None:
        if frame not in self._waiting:
            self._waiting.append(frame)
        if self._reading is None and self._frames is not None:
            worker = self._reading = Worker(_read_frames(self._frames, self._waiting), self)
            worker.yielded.connect(self._on_read)
            worker.failed.connect(self._on_failed)
            worker.over.connect(lambda: self._on_all_read(worker))
            worker.begin()

    def _on_read(self, frame: int) -> None:
        image, current = self._made.image, self.current
        if image is None or current is None:
            return
        if frame == self._wanted_frame:
            self._arrive(frame)
        if self._layers.frame_shown(image, current.axes) == frame:
            self._made.refresh()

    def _on_all_read(self, worker: Worker) -> None:
        if worker is self._reading:
            self._reading = None
            if self._waiting:
                self._ask(self._waiting[-1])

    def _let_go(self) -> None:
        """Close the files of the image that is shown, when nobody reads them any more."""
        current, self.current, self._frames = self.current, None, None
        self._waiting, self._wanted_frame = deque(maxlen=MOST_WAITING), None
        reading, self._reading = self._reading, None
        if current is None:
            return
        if reading is None:
            current.close()
        else:
            reading.over.connect(current.close)
            reading.stop()


def _read_folder(folder: Path) -> Generator[None, None, tuple[BatchResults, ResultRows]]:
    results = read_results(folder)
    return results, (yield from read_rows(results))


def _read_frames(frames: KeptFrames, waiting: deque[int]) -> Generator[int, None, None]:
    """Read what was asked for last first."""
    while waiting:
        frame = waiting.pop()
        frames.load(frame)
        yield frame
