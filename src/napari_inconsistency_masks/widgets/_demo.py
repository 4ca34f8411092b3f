"""The demo: cells, networks that come with the plugin, and what they see, in one press."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from ..data.sample import Sample
from ..errors import InputError
from ..task import LabelScheme
from ._opened_sample import show_samples
from ._session import Session
from ._worker import Worker

MODEL = Path(__file__).parent.parent / "demo_model"
"""Networks that were trained on synthetic images other than those shown."""

IMAGES, SIZE, SEED = 6, (256, 256), 2401
NAME = "demo cells"


def open_demo(session: Session) -> None:
    """Add images, predict all of them, and open the section 3 Look."""
    if not (MODEL / "ensemble.json").is_file():
        raise InputError("The networks of the demo are missing; install the plugin again.")
    worker = Worker(_make_images())
    worker.returned.connect(lambda found: _show(session, *found))
    worker.failed.connect(lambda error: session.tell_error(str(error)))
    session.status.say("Drawing the demo's images …")
    worker.begin()


def _make_images() -> Generator[None, None, tuple[list[Sample], LabelScheme]]:
    from ..data.synthetic import load_synthetic

    data = load_synthetic(
        images=1, labeled=1, validation=0, test=IMAGES, size=SIZE, seed=SEED, cells=(8, 14)
    )
    samples = []
    for index in range(IMAGES):
        samples.append(data.test[index])
        yield
    return samples, data.scheme


def _show(session: Session, samples: list[Sample], scheme: LabelScheme) -> None:
    show_samples(session, NAME, samples, scheme)
    session.use_run(MODEL, whole=True)
