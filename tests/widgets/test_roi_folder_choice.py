"""A folder whose classes are ImageJ ROIs, in the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from roifile import ROI_TYPE, ImagejRoi, roiwrite
from tiny import write_folder

from napari_inconsistency_masks.cells import find_marks
from napari_inconsistency_masks.files.images import read_image
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.pages.folder_page import FolderPage
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.session.sources import FOLDER
from toy import SCHEMES

pytestmark = pytest.mark.usefixtures("children", "at_once")


def points_instead(folder: Path) -> None:
    """Replace masks of positions by points."""
    for path in [*folder.iterdir()]:
        centers = find_marks(read_image(path).array > 0).centers
        points = ImagejRoi.frompoints(centers[:, ::-1].round().astype(int))
        points.roitype = ROI_TYPE.POINT
        roiwrite(path.with_suffix(".zip"), [points])
        path.unlink()


def test_rois_are_listed_and_read_as_masks(session: Session, tmp_path: Path, qtbot: Any) -> None:
    session.choose_source(FOLDER)
    page = FolderPage(session)
    qtbot.addWidget(page)
    folder, data = write_folder(tmp_path / "dish"), session.folder_data
    points_instead(folder / "position")
    data.open(folder)
    qtbot.waitUntil(lambda: not data.busy)
    assert data.message == ""
    assert data.data is not None
    assert data.data.scheme == SCHEMES[Task.MULTILABEL]
    assert page.ticks["position"].text() == "position  (5 masks)"
    assert page.summary.text() == "7 train (4 labeled), 1 validation"
    assert all(sample.labeled[-1].any() for sample in data.data.labeled)
    (folder / "position" / "squares_02.zip").write_bytes(b"no zip")
    data.open(folder)
    qtbot.waitUntil(lambda: not data.busy)
    assert page.ticks["position"].text() == "position  (5 masks)"
    assert "position/squares_02.zip: cannot be read" in page.problem.text()
