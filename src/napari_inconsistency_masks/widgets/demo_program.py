"""What `napari-im demo` shows: a window with the networks of a run at work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
from qtpy.QtCore import QEventLoop, QTimer, SignalInstance
from qtpy.QtWidgets import QApplication

from ..data.sample import Sample
from ..errors import InputError
from ..task import LabelScheme
from .dock import SECTIONS, Dock
from .pages.opened_sample import show_samples

PLUGIN, DOCK = "napari-inconsistency-masks", "Inconsistency Masks"
WINDOW = 1400, 900
PATIENCE_MS = 300_000
SETTLE_MS = 300
"""What napari needs to draw a change."""


def show_demo(
    run: Path, images: list[Sample], scheme: LabelScheme, pictures: Path | None = None
) -> None:
    """Open napari with images, the predictions of a run for them, and their counts.

    Parameters
    ----------
    run
        A finished run.
    images
        Of the same size, with or without labels.
    scheme
        Of their labels.
    pictures
        Save a picture of the window with each section open, and ``counts.csv``, in this folder
        and close the window; None leaves it to the person.

    Raises
    ------
    InputError
        If the predictions cannot be made.
    """
    viewer = napari.Viewer(title="Inconsistency Masks")
    try:
        viewer.window.resize(*WINDOW)
        _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, DOCK)
        assert isinstance(dock, Dock)
        show_samples(dock.session, "cells", images, scheme)
        dock.session.open_run(run, whole=True)
        QTimer.singleShot(SETTLE_MS, viewer.reset_view)
        if pictures is None:
            napari.run()
        else:
            _wait_for_counts(dock)
            save_pictures(viewer, dock, pictures)
            dock.sections["count"].save(pictures / "counts.csv")
    finally:
        if pictures is not None:
            viewer.close()


def save_pictures(viewer: Any, dock: Dock, folder: Path) -> None:
    """Save the window with each section open as ``window-1-data.png`` and so on."""
    for number, key in enumerate(SECTIONS, start=1):
        dock.open(key)
        pause(SETTLE_MS)
        viewer.screenshot(folder / f"window-{number}-{key}.png", canvas_only=False, flash=False)


def pause(milliseconds: int) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec_()


def _wait_for_counts(dock: Dock) -> None:
    """Let the window live until all is predicted and what is labeled is counted."""
    ended: list[tuple[str, bool]] = []
    dock.session.predictor.ended.connect(lambda *how: ended.append(how))
    dock.session.refused.connect(lambda sentence: ended.append((sentence, False)))
    _wait(dock.session.predictor.ended, dock.session.refused)
    if not ended:
        raise InputError("The networks do not answer; `napari-im doctor` says more.")
    sentence, ok = ended[-1]
    if not ok:
        raise InputError(sentence)
    while dock.session.results.counting:
        _wait(dock.session.results.changed)


def _wait(*signals: SignalInstance) -> None:
    loop = QEventLoop()
    for signal in signals:
        signal.connect(loop.quit)
    QTimer.singleShot(PATIENCE_MS, loop.quit)
    loop.exec_()
    QApplication.processEvents()
