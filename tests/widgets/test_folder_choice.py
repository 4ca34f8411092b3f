"""Data from a folder: what is found, what of it is used, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QFileDialog
from tiny import SIDE, write_folder

from closed_folders import close
from napari_inconsistency_masks.data.folders.inspection import ClassFolder, FolderLayout
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.recipes import RECIPES
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.pages.folder_page import FolderPage
from napari_inconsistency_masks.widgets.sections.data import DataSection
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.session.sources import FOLDER
from napari_inconsistency_masks.widgets.training.folder_data import (
    FolderChoice,
    FolderData,
    propose,
)
from toy import SCHEMES

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
def open_folder(data: FolderData, qtbot: Any) -> Callable[[Path], None]:
    """Open a folder, and wait until it is read or refused."""

    def do(path: Any) -> None:
        data.open(path)
        assert data.busy
        qtbot.waitUntil(lambda: not data.busy)

    return do


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight images, five of them with masks of bright and dark squares and their positions."""
    return write_folder(tmp_path / "dish")


def ids_folder(root: Any, images: Any = 6) -> Any:
    """Images with class ids 0, 1 and 2."""
    for number in range(images):
        rng = np.random.default_rng(number)
        ids = np.zeros((SIDE, SIDE), np.uint8)
        ids[4:14, 4:14], ids[20:30, 4:14], ids[4:14, 20:30] = 1, 2, 1
        for name, plane in (
            ("images", rng.integers(0, 255, (SIDE, SIDE), np.uint8)),
            ("masks", ids),
        ):
            (root / name).mkdir(parents=True, exist_ok=True)
            write_tiff(root / name / f"image_{number}.tif", plane, "YX")
    return root


def settle(data: FolderData, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not data.busy)


# --- reading --------------------------------------------------------------------------------------


def test_without_a_folder_it_says_what_to_choose(
    page: FolderPage, data: FolderData, session: Session
) -> None:
    assert "Choose a folder" in page.message.text()
    assert not page.form.isVisible()
    assert not page.table.isVisible()
    assert session.next.problem() == "No folder is chosen yet."


def test_while_a_folder_is_read_it_says_so(
    page: FolderPage, data: FolderData, session: Session, folder: Path, qtbot: Any
) -> None:
    data.open(folder)
    assert page.message.text() == "Reading …"
    assert session.next.problem() == "The folder is being read."
    assert session.status.activity.words == "Reading the folder"
    settle(data, qtbot)
    assert not page.message.isVisible()
    assert session.status.activity is None


def test_another_folder_is_opened_just_after_something_was_chosen(
    data: FolderData, open_folder: Callable[[Path], None], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    open_folder(folder)
    data.choose(classes=("bright",))
    open_folder(write_folder(tmp_path / "other"))
    qtbot.wait(50)
    settle(data, qtbot)
    assert data.message == ""
    assert data.choice.classes == SCHEMES[Task.MULTILABEL].classes


def test_a_folder_without_masks_is_told_from_one_of_which_no_class_is_ticked(
    page: FolderPage, folder: Path, tmp_path: Path, open_folder: Callable[[Path], None]
) -> None:
    open_folder(folder / "images")
    assert page.problem.text().endswith(
        "images: no folder holds masks named like the images here; put the masks of each class "
        "into a folder of its own. To label images in the window, choose Project above."
    )
    assert not page.ticks
    open_folder(tmp_path)
    assert "there are no images in a folder named images" in page.problem.text()
    assert "but there are in dish" in page.problem.text()
    (tmp_path / "empty").mkdir()
    open_folder(tmp_path / "empty")
    assert page.problem.text().endswith("put them there, or choose another folder.")


def test_a_folder_is_taken_as_it_is_most_likely_meant(
    page: FolderPage,
    data: FolderData,
    session: Session,
    folder: Path,
    open_folder: Callable[[Path], None],
) -> None:
    open_folder(folder)
    assert data.data.scheme == SCHEMES[Task.MULTILABEL]
    assert list(page.ticks) == ["bright", "dark", "position"]
    assert all(box.isChecked() for box in page.ticks.values())
    assert page.ticks["bright"].text() == "bright  (5 masks)"
    assert page.position.currentText() == "position"
    assert page.summary.text() == "7 train (4 labeled), 1 validation"
    assert session.next.problem() is None
    assert session.data_name() == "dish"


def test_every_image_is_listed_with_what_it_is_for(
    page: FolderPage, data: FolderData, folder: Path, open_folder: Callable[[Path], None]
) -> None:
    open_folder(folder)
    rows = [tuple(row) for row in page.table.rows]
    assert len(rows) == 8
    assert rows.count(("squares_07", "train", "no")) == 1
    assert [row[1:] for row in rows].count(("validation", "yes")) == 1
    assert [row[1:] for row in rows].count(("train", "yes")) == 4


def test_lists_in_the_folder_are_used(
    page: FolderPage,
    data: FolderData,
    session: Session,
    folder: Path,
    open_folder: Callable[[Path], None],
) -> None:
    (folder / "splits").mkdir()
    for name, numbers in (("train", range(6)), ("labeled", (0, 1)), ("val", (3,)), ("test", (4,))):
        lines = [
            f"squares_{number:02d}\n"
            for number in numbers
            if name != "train" or number not in (3, 4)
        ]
        (folder / "splits" / f"{name}.txt").write_text("".join(lines))
    open_folder(folder)
    assert "Lists in the folder splits are used" in page.lists.text()
    assert data.message == ""
    assert page.summary.text() == "4 train (2 labeled), 1 validation, 1 test"


def test_folders_that_cannot_be_opened_are_told_also_while_no_class_is_chosen(
    page: FolderPage,
    data: FolderData,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (folder / "lost").mkdir()
    close(monkeypatch, folder / "dark", folder / "lost")
    open_folder(folder)
    said = "Left out, as it cannot be opened: dark, lost."
    assert list(page.ticks) == ["bright", "position"]
    assert page.notes.text() == said
    for box in page.ticks.values():
        box.click()
    settle(data, qtbot)
    assert "tick at least one class" in page.problem.text()
    assert page.notes.text() == said


def test_a_folder_that_limits_labels_is_no_class(
    page: FolderPage,
    data: FolderData,
    session: Session,
    viewer: ViewerModel,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_folder(folder)
    name = next(item.name for item in data.images if item.source == "labeled")
    known = np.zeros((SIDE, SIDE), np.uint8)
    known[:, : SIDE // 2] = 255
    (folder / "known").mkdir()
    write_tiff(folder / "known" / f"{name}.tif", known, "YX")
    open_folder(folder)
    assert list(page.ticks) == ["bright", "dark", "position"]
    assert page.lists.text() == "The folder known says where the labels of 1 image count."
    assert page.summary.text() == "7 train (4 labeled, 1 of them in part), 1 validation"
    rows = [tuple(row) for row in page.table.rows]
    assert len(rows) == 8
    assert (name, "train", "in part") in rows
    assert len(data.data.unlabeled) == 4
    compared: list[Any] = []
    monkeypatch.setattr(session.results, "know", lambda _, truth: compared.append(truth))
    double_click(page, next(i for i, item in enumerate(data.images) if item.name == name))
    qtbot.waitUntil(lambda: len(viewer.layers) == 4)
    sample = data.data.labeled[data.images[rows.index((name, "train", "in part"))].index]
    np.testing.assert_array_equal(viewer.layers[1].data > 0, (sample.target[0] > 0) & (known > 0))
    assert [truth.complete_frames().any() for truth in compared] == [False]


def test_numbered_objects_are_ticked_where_plain_masks_are_only_positions() -> None:
    def proposed(**kinds: str) -> FolderChoice:
        folders = tuple(ClassFolder(name, 5, kind) for name, kind in kinds.items())
        return propose(FolderLayout(Path("dish"), "images", classes=folders))

    assert proposed(alive="objects", dead="objects", position="binary") == FolderChoice(
        ("alive", "dead", "position"), "position"
    )
    assert proposed(alive="binary", objects="objects") == FolderChoice(("alive",))
    assert proposed(cells="objects") == FolderChoice(("cells",))


def test_class_ids_get_names(
    page: FolderPage,
    data: FolderData,
    tmp_path: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(ids_folder(tmp_path / "ids"))
    assert page.names.isVisible()
    assert page.names.text() == "class 0, class 1, class 2"
    assert not page.position.isVisible()
    page.names.setText("ground, alive , dead,")
    page.names.editingFinished.emit()
    settle(data, qtbot)
    assert data.data.scheme == LabelScheme(Task.MULTICLASS, ("ground", "alive", "dead"))


# --- choosing -------------------------------------------------------------------------------------


def test_a_class_that_is_not_ticked_is_not_used(
    page: FolderPage,
    data: FolderData,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    page.ticks["dark"].click()
    settle(data, qtbot)
    assert data.data.scheme == LabelScheme(Task.MULTILABEL, ("bright", "position"), "position")
    page.ticks["position"].click()
    settle(data, qtbot)
    assert data.data.scheme == LabelScheme(Task.BINARY, ("bright",))
    assert not page.position.isVisible()


def test_no_class_at_all_is_refused(
    page: FolderPage,
    data: FolderData,
    session: Session,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    for box in page.ticks.values():
        box.click()
    settle(data, qtbot)
    assert "tick at least one class" in page.problem.text()
    assert session.next.problem() == "dish: tick at least one class."
    page.ticks["bright"].click()
    settle(data, qtbot)
    assert session.next.problem() is None
    assert not page.problem.isVisible()


def test_positions_can_be_chosen_or_be_none(
    page: FolderPage,
    data: FolderData,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    for words, position in (("none", None), ("dark", "dark")):
        index = page.position.findText(words)
        page.position.setCurrentIndex(index)
        page.position.activated.emit(index)
        settle(data, qtbot)
        assert data.data.scheme.position == position


def test_fewer_labels_can_be_used(
    page: FolderPage,
    data: FolderData,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    assert not page.labeled.isEnabled()
    assert page.labeled.value() == 4
    page.limit.click()
    assert page.labeled.isEnabled()
    page.labeled.setValue(2)
    settle(data, qtbot)
    assert page.summary.text() == "7 train (2 labeled), 1 validation"
    page.limit.click()
    settle(data, qtbot)
    assert page.summary.text() == "7 train (4 labeled), 1 validation"


def test_more_labels_than_there_are_is_a_sentence(
    page: FolderPage,
    data: FolderData,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    page.limit.click()
    page.labeled.setValue(99)
    settle(data, qtbot)
    assert "99" in page.problem.text()
    assert page.limit.isVisible()  # to choose less
    page.labeled.setValue(3)
    settle(data, qtbot)
    assert data.data is not None


def test_several_choices_in_a_row_are_read_once_at_the_end(
    page: FolderPage,
    data: FolderData,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    page.ticks["dark"].click()
    page.ticks["dark"].click()
    page.ticks["bright"].click()
    settle(data, qtbot)
    assert data.data.scheme.classes == ("dark", "position")


def test_a_second_folder_overtakes_the_first(
    data: FolderData, folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    other = ids_folder(tmp_path / "ids")
    data.open(folder)
    data.open(other)
    settle(data, qtbot)
    assert data.data.name == "ids"
    assert data.layout.classes[0].name == "masks"


# --- errors ---------------------------------------------------------------------------------------


def refused(page: FolderPage, session: Session, sentence: Any) -> None:
    assert sentence in page.problem.text()
    assert sentence in session.next.problem()
    assert not page.table.isVisible()
    assert "Unexpected" not in page.problem.text()


def test_a_folder_that_is_not_there(
    page: FolderPage, session: Session, tmp_path: Path, open_folder: Callable[[Path], None]
) -> None:
    open_folder(tmp_path / "nowhere")
    refused(page, session, "there is no such folder")


def test_a_folder_without_images(
    page: FolderPage, session: Session, tmp_path: Path, open_folder: Callable[[Path], None]
) -> None:
    open_folder(tmp_path)
    refused(page, session, "images")


def test_a_damaged_image_is_named(
    page: FolderPage, session: Session, folder: Path, open_folder: Callable[[Path], None]
) -> None:
    (folder / "images" / "squares_02.tif").write_bytes(b"II*\0broken")
    open_folder(folder)
    refused(page, session, "squares_02.tif")


def test_a_mask_of_another_size_is_named(
    page: FolderPage, session: Session, folder: Path, open_folder: Callable[[Path], None]
) -> None:
    write_tiff(folder / "bright" / "squares_01.tif", np.zeros((9, 9), np.uint8), "YX")
    open_folder(folder)
    refused(page, session, "squares_01")


def test_an_image_with_some_of_its_masks_is_named(
    page: FolderPage, session: Session, folder: Path, open_folder: Callable[[Path], None]
) -> None:
    (folder / "dark" / "squares_03.tif").unlink()
    open_folder(folder)
    refused(page, session, "squares_03")


def test_a_file_that_is_no_hela_set(
    page: FolderPage, session: Session, tmp_path: Path, open_folder: Callable[[Path], None]
) -> None:
    (tmp_path / "cells.zip").write_bytes(b"PK\5\6" + bytes(18))
    open_folder(tmp_path / "cells.zip")
    refused(page, session, "cells.zip")


def test_after_an_error_another_folder_can_be_opened(
    page: FolderPage,
    data: FolderData,
    session: Session,
    folder: Path,
    tmp_path: Path,
    open_folder: Callable[[Path], None],
) -> None:
    open_folder(tmp_path / "nowhere")
    open_folder(folder)
    assert session.next.problem() is None
    assert page.table.isVisible()


def test_an_unexpected_error_is_told_and_leaves_the_page_usable(
    page: FolderPage,
    data: FolderData,
    session: Session,
    folder: Path,
    open_folder: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory")  # lost by napari's own workers

    with monkeypatch.context() as patch:
        patch.setattr("napari_inconsistency_masks.widgets.training.folder_data.load_folder", fail)
        open_folder(folder)
    assert "CUDA out of memory" in page.problem.text()
    open_folder(folder)
    assert session.next.problem() is None


def test_everything_labeled_leaves_nothing_for_inconsistency_masks(
    session: Session, tmp_path: Path, open_folder: Callable[[Path], None]
) -> None:
    open_folder(write_folder(tmp_path / "all", labeled=8))
    for recipe in ("im", "fixmatch", "u2pl+im"):
        session.setup.choose_recipe(recipe)
        assert "Everything is labeled" in session.next.problem()
        assert f"the recipe {RECIPES[recipe].title} learns" in session.next.problem()
    session.setup.choose_recipe("labeled-aug")
    assert session.next.problem() is None


# --- opening an image -----------------------------------------------------------------------------


def double_click(page: FolderPage, row: int) -> None:
    page.table.doubleClicked.emit(page.table.model().index(row, 0))


@pytest.mark.parametrize("labeled", [True, False])
def test_a_double_click_opens_an_image_with_its_labels(
    page: FolderPage,
    data: FolderData,
    session: Session,
    viewer: ViewerModel,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
    labeled: Any,
) -> None:
    open_folder(folder)
    row = next(i for i, r in enumerate(data.images) if (r.labeled == "yes") is labeled)
    double_click(page, row)
    qtbot.waitUntil(lambda: len(viewer.layers) == (4 if labeled else 1))
    image = viewer.layers[0]
    assert image.name == data.images[row].name
    assert image.data.shape == (SIDE, SIDE)
    assert session.looking.image is image
    if labeled:
        names = ["bright", "dark", "position"]
        assert [layer.name for layer in viewer.layers[1:]] == names
        assert all(layer.visible for layer in viewer.layers)
        sample = getattr(data.data, data.images[row].source)[data.images[row].index]
        np.testing.assert_array_equal(viewer.layers[1].data > 0, sample.target[0] > 0)
        assert len(viewer.layers[3].data) == 2


def test_opening_class_ids(
    page: FolderPage,
    data: FolderData,
    viewer: ViewerModel,
    tmp_path: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(ids_folder(tmp_path / "ids"))
    double_click(page, 0)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    assert viewer.layers[1].name == "labels"
    assert np.unique(viewer.layers[1].data).tolist() == [1, 2, 3]


def test_labels_that_are_not_used_in_training_are_shown_all_the_same(
    page: FolderPage,
    data: FolderData,
    viewer: ViewerModel,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    data.choose(labeled=1)
    settle(data, qtbot)
    row = next(i for i, r in enumerate(data.images) if r.labeled == "no" and r.name < "squares_05")
    double_click(page, row)
    qtbot.waitUntil(lambda: len(viewer.layers) == 4)


def test_an_image_that_has_gone_is_told(
    page: FolderPage,
    data: FolderData,
    session: Session,
    folder: Path,
    open_folder: Callable[[Path], None],
    qtbot: Any,
) -> None:
    open_folder(folder)
    (folder / "images" / "squares_07.tif").unlink()
    row = [item.name for item in data.images].index("squares_07")
    with qtbot.waitSignal(session.refused) as told:
        double_click(page, row)
    assert "squares_07" in told.args[0]


# --- the section ----------------------------------------------------------------------------------


def test_choosing_a_folder_asks_the_person(
    page: FolderPage, data: FolderData, folder: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    page.choose.click()
    settle(data, qtbot)
    assert data.data.name == "dish"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    page.choose.click()
    assert data.path == folder


def test_the_section_shows_the_source_that_is_chosen(
    session: Session,
    viewer: ViewerModel,
    folder: Path,
    qtbot: Any,
    open_folder: Callable[[Path], None],
) -> None:
    section = DataSection(viewer)
    qtbot.addWidget(section)
    section.show()
    assert section.folder_page.isVisible()
    open_folder(folder)
    assert section.summary == "dish: 7 train (4 labeled), 1 validation"
    section.source._buttons["layers"].click()
    assert session.source == "layers"
    assert section.layer_page.isVisible()
    assert not section.folder_page.isVisible()
    assert section.summary == "no image yet"


def test_start_reads_the_folder_anew(
    session: Session, folder: Path, open_folder: Callable[[Path], None]
) -> None:
    open_folder(folder)
    request = session.next.request()
    assert request.folder == session.setup.folder / "dish-standard-1"
    assert request.data().scheme == SCHEMES[Task.MULTILABEL]
