"""The demo: cells, networks that come with the plugin, and what they see, in one press."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from napari.layers import Image
from qtpy.QtCore import QObject

from ...data.sample import Sample
from ...errors import InputError
from ...task import LabelScheme
from ..runs.saved_run import DEMO_MODEL
from ..session.session import Session
from ..work.worker import Worker
from .opened_sample import show_samples

IMAGES, LABELED = 12, 4
"""The others can be learned from as unlabeled images."""

SIZE, SEED = (256, 256), 2401
NAME = "demo cells"


class Demo(QObject):
    """Adds the images once, predicts all of them, and opens the section 3 Look.

    When they are removed, their counts and places go too: nobody wants these among her own.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._image: Image | None = None
        self._worker: Worker | None = None
        session.looking.changed.connect(self._on_layers)

    def open(self) -> None:
        """Show it; `InputError` if its networks are not installed."""
        if not (DEMO_MODEL / "ensemble.json").is_file():
            raise InputError("The networks of the demo are missing; install the plugin again.")
        if self._session.layers.has(self._image):
            self._predict()
        elif self._worker is None:
            self._session.status.say("Drawing the demo's images …")
            self._worker = Worker(make_images(), self._session)
            self._worker.returned.connect(self._on_made)
            self._worker.failed.connect(lambda error: self._session.tell_error(str(error)))
            self._worker.over.connect(self._on_over)
            self._worker.begin()

    def _on_made(self, made: tuple[list[Sample], LabelScheme]) -> None:
        self._image = self._session.sources.demo = show_samples(self._session, NAME, *made)
        self._predict()

    def _on_layers(self) -> None:
        session, image = self._session, self._image
        if image is None or session.layers.has(image):
            return
        self._image = session.sources.demo = None
        subject, place = session.subjects.of(image), session.correcting.queue.current
        if subject is not None:
            if place is not None and place.subject is subject:
                session.correcting.leave()
            session.correcting.forget([subject])
            session.results.forget([subject])

    def _on_over(self) -> None:
        self._worker = None

    def _predict(self) -> None:
        self._session.looking.choose(self._image)
        self._session.looking.use(DEMO_MODEL, whole=True)


def demo_of(session: Session) -> Demo:
    """The demo of a viewer, whatever dock it is opened from; made when first asked for."""
    return session.findChild(Demo) or Demo(session)


def make_images() -> Generator[None, None, tuple[list[Sample], LabelScheme]]:
    """Draw images of which the first are labeled."""
    from ...data.synthetic import load_synthetic

    data = load_synthetic(
        images=1, validation=0, labeled=1, test=IMAGES, size=SIZE, seed=SEED, cells=(8, 14)
    )
    samples = []
    for number in range(IMAGES):
        sample = data.test[number]
        samples.append(sample if number < LABELED else replace(sample, target=None))
        yield
    return samples, data.scheme
