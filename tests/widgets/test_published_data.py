"""Published data sets in the folder page: recognized, read as published, limited, opened."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel

from napari_inconsistency_masks.data.published.suim import SCHEME
from napari_inconsistency_masks.widgets.pages.folder_page import FolderPage
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.session.sources import FOLDER
from napari_inconsistency_masks.widgets.training.folder_data import FolderData
from published_sets import make_isic2018, make_suim

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture
def data(session: Session) -> FolderData:
    session.choose_source(FOLDER)
    return session.folder_data


@pytest.fixture
def page(session: Session, data: FolderData, qtbot: Any) -> FolderPage:
    made = FolderPage(session)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def open_path(data: FolderData, qtbot: Any) -> Callable[[Any], None]:
    def do(path: Any) -> None:
        data.open(Path(path))
        qtbot.waitUntil(lambda: not data.busy)

    return do


@pytest.fixture(params=["folder", "zip"])
def suim(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = make_suim(tmp_path / "suim")
    if request.param == "folder":
        return root
    return Path(shutil.make_archive(str(tmp_path / "scenes"), "zip", root))


def test_it_is_recognized_and_read_as_published(
    page: FolderPage,
    data: FolderData,
    session: Session,
    suim: Path,
    open_path: Callable[[Any], None],
) -> None:
    open_path(suim)
    assert data.message == ""
    assert data.data.scheme == SCHEME
    assert "Recognized as the SUIM data set" in page.lists.text()
    assert page.summary.text() == "18 train (2 labeled), 4 validation, 4 test"
    assert ("w_r_0__1", "test", "yes") in [tuple(row) for row in page.table.rows]
    assert page.ticks == {}
    assert session.next.problem() is None


def test_its_labels_are_limited(
    page: FolderPage, data: FolderData, tmp_path: Path, open_path: Callable[[Any], None], qtbot: Any
) -> None:
    open_path(make_isic2018(tmp_path))
    assert page.summary.text() == "6 train (1 labeled), 2 validation, 2 test"
    page.limit.click()
    page.labeled.setValue(4)
    qtbot.waitUntil(lambda: not data.busy)
    assert page.summary.text() == "6 train (4 labeled), 2 validation, 2 test"
    assert data.reader()().origin["labeled"] == 4


def test_an_image_of_it_is_opened_with_its_labels(
    page: FolderPage,
    data: FolderData,
    viewer: ViewerModel,
    suim: Path,
    open_path: Callable[[Any], None],
    qtbot: Any,
) -> None:
    open_path(suim)
    row = next(n for n, item in enumerate(data.images) if item.split == "validation")
    page.table.opened.emit(row)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    image, labels = viewer.layers
    assert image.rgb
    assert image.data.shape == (256, 256, 3)
    assert set(labels.data[::8, ::8].ravel()) == {1, 6}


def test_what_is_missing_is_said_with_its_publisher(
    page: FolderPage,
    data: FolderData,
    session: Session,
    tmp_path: Path,
    open_path: Callable[[Any], None],
) -> None:
    shutil.rmtree(make_isic2018(tmp_path) / "ISIC2018_Task1_Training_GroundTruth")
    open_path(tmp_path)
    assert "ISIC2018_Task1_Training_GroundTruth" in page.problem.text()
    assert "challenge.isic-archive.com" in page.problem.text()
    assert "Recognized" not in page.lists.text()
    assert (session.next.problem() or "nothing") in page.problem.text()


def test_another_folder_forgets_it(
    page: FolderPage, data: FolderData, suim: Path, tmp_path: Path, open_path: Callable[[Any], None]
) -> None:
    open_path(suim)
    open_path(tmp_path / "nowhere")
    assert data.choice.published is None
    assert "Recognized" not in page.lists.text()
