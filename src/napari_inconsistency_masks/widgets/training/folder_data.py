"""A folder (or published data set) as training data: what lies there, and what of it is used."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from ...data.folders.folder import load_folder
from ...data.folders.inspection import FolderLayout, inspect_folder, likely_classes
from ...data.published.layouts import load_published, recognize
from ...data.sample import SegmentationData
from ...errors import InputError
from ...task import Task
from ..work.status import Activity, Status
from ..work.words import in_words
from ..work.worker import Worker
from .folder_refusal import refuse_without_classes

READING = "read"
SETTLE_MS = 300
SPLITS = ("labeled", "unlabeled", "validation", "test")


@dataclass(frozen=True)
class FolderChoice:
    """What of a folder is used.

    Attributes
    ----------
    classes
        Folders of masks, or names of the ids in `masks`, in order.
    position
        The class that marks cells, or None.
    masks
        The folder of class ids, or None if every class has a folder of its own.
    labeled
        How many training images count as labeled; None for all, or as the lists say (of published
        data, as the paper says).
    published
        The kind of published data set it is, or None for a folder of one's own.
    """

    classes: tuple[str, ...] = ()
    position: str | None = None
    masks: str | None = None
    labeled: int | None = None
    published: str | None = None


@dataclass(frozen=True)
class Listed:
    """An image of the data set, for the table.

    Attributes
    ----------
    name, split
        Of the image, and what it is for: training, validation or test.
    labeled
        Whether its labels are used, in words: yes, no or in part.
    source, index
        Where it is in the data set.
    """

    name: str
    split: str
    labeled: str
    source: str
    index: int


class FolderData(QObject):
    """The chosen folder; sections show and change it.

    `changed` tells of any change, also while the folder is being read and after.
    """

    changed = Signal()

    def __init__(self, status: Status, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self.layout: FolderLayout | None = None
        self.choice = FolderChoice()
        self.data: SegmentationData | None = None
        self.images: tuple[Listed, ...] = ()
        self.message = ""
        self.busy = False
        self._status = status
        self._worker: Worker | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._read)

    def open(self, path: Path) -> None:
        """Look at a folder or ZIP."""
        self.path, self.layout, self.choice = path, None, FolderChoice()
        self._timer.stop()  # what was chosen of the one before
        self._begin(_look(path), self._on_looked)

    def choose(self, **changes: Any) -> None:
        """Use something else of the folder; it is read again shortly."""
        self.choice = replace(self.choice, **changes)
        self.data, self.images = None, ()
        self.busy = True
        self._timer.start()
        self.changed.emit()

    @property
    def summary(self) -> str:
        """Such as "630 train (63 labeled), 90 validation, 180 test"."""
        data = self.data
        if data is None:
            return ""
        partly, validation = len(partly_labeled(data)), len(data.validation)
        train = len(data.labeled) + len(data.unlabeled) - partly
        labeled = f"{len(data.labeled)} labeled" + (f", {partly} of them in part" if partly else "")
        words = f"{train} train ({labeled}), {validation} validation"
        words += " (the labeled images themselves)" if data.validation_is_training else ""
        return f"{words}, {len(data.test)} test" if len(data.test) else words

    @property
    def unlabeled(self) -> int:
        """Number of training images without labels that are used, at least in a part."""
        return 0 if self.data is None else len(self.data.unlabeled)

    def problem(self) -> str | None:
        """Why training cannot start from this folder, in a sentence, or None."""
        if self.path is None:
            return "No folder is chosen yet."
        if self.busy:
            return "The folder is being read."
        return None if self.data is not None else self.message or "The folder cannot be used."

    def reader(self) -> Any:
        """A function that reads the data set as it is chosen now."""
        if self.path is None:
            raise InputError("No folder is chosen yet: choose one under 1 Data.")
        return partial(read_folder, self.path, self.choice)

    def _read(self) -> None:
        if self.path is not None:
            self._begin(_read(self.path, self.choice), self._on_read)

    def _begin(self, work: Generator[None, None, Any], take: Any) -> None:
        if self._worker is not None:
            self._worker.stop()
        self.data, self.images, self.message, self.busy = None, (), "", True
        worker = self._worker = Worker(work, self)
        worker.returned.connect(lambda result: take(result) if worker is self._worker else None)
        worker.failed.connect(
            lambda error: self._on_failed(error) if worker is self._worker else None
        )
        self._status.begin(READING, Activity("Reading the folder"))
        worker.begin()
        self.changed.emit()

    def _on_looked(self, found: tuple[FolderLayout | None, FolderChoice]) -> None:
        self.layout, self.choice = found
        self._read()

    def _on_read(self, found: tuple[SegmentationData, tuple[Listed, ...]]) -> None:
        self.data, self.images = found
        self.busy = False
        self._status.end(READING, f"{self.data.name}: {self.summary}.")
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self.busy = False
        self.message = in_words(error)
        self._status.end(READING, self.message)
        self.changed.emit()


def read_folder(path: Path, choice: FolderChoice) -> SegmentationData:
    """Read what is chosen of a folder or ZIP; `InputError` says what is wrong with it."""
    if choice.published is not None:
        options = {} if choice.labeled is None else {"labeled": choice.labeled}
        return load_published(choice.published, path, options)
    if not choice.classes:
        raise InputError(f"{path.name}: tick at least one class.")
    return load_folder(
        path,
        choice.classes,
        task=Task.MULTICLASS if choice.masks else None,
        position=choice.position,
        masks=choice.masks,
        labeled=choice.labeled,
    )


def propose(layout: FolderLayout) -> FolderChoice:
    """What of a folder is most likely meant."""
    likely = tuple(item.name for item in likely_classes(layout.classes))
    binary = any(item.kind == "binary" for item in layout.classes)
    ids = next((item for item in layout.classes if item.kind == "classes"), None)
    if ids is not None and not binary:
        names = tuple(f"class {number}" for number in range(max(ids.ids) + 1))
        return FolderChoice(names, masks=ids.name)
    position = next((name for name in likely if "position" in name.lower()), None)
    if likely:
        return FolderChoice(likely, position if len(likely) > 1 else None)
    return FolderChoice(tuple(item.name for item in layout.classes[:1]))


def _look(path: Path) -> Generator[None, None, tuple[FolderLayout | None, FolderChoice]]:
    yield
    published = recognize(path)
    if published is not None:
        return None, FolderChoice(published=published)
    layout = inspect_folder(path)
    refuse_without_classes(path, layout)
    return layout, propose(layout)


def _read(
    path: Path, choice: FolderChoice
) -> Generator[None, None, tuple[SegmentationData, tuple[Listed, ...]]]:
    yield
    data = read_folder(path, choice)
    yield
    return data, tuple(_listed(data))


def _listed(data: SegmentationData) -> Iterable[Listed]:
    words = {"labeled": "yes", "unlabeled": "no", "validation": "yes", "test": "yes"}
    partly = partly_labeled(data)
    for source in SPLITS:
        if source == "validation" and data.validation_is_training:
            continue
        split = "train" if source in ("labeled", "unlabeled") else source
        for index, name in enumerate(sample_names(getattr(data, source), source)):
            if name not in partly:
                yield Listed(name, split, words[source], source, index)
            elif source == "labeled":
                yield Listed(name, split, "in part", source, index)


def partly_labeled(data: SegmentationData) -> set[str]:
    """Names of images that are among the labeled and the unlabeled ones, without reading them."""
    labeled, unlabeled = (sample_names(getattr(data, name), name) for name in SPLITS[:2])
    return {*labeled} & {*unlabeled}


def sample_names(samples: Any, source: str) -> list[str]:
    """Names of samples, without reading them."""
    items = getattr(samples, "items", None)
    if items is not None:
        return [item.name for item in items]
    return [f"{source} {number}" for number in range(1, len(samples) + 1)]
