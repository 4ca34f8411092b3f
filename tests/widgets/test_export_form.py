"""Networks of a run are written for other programs from the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from open_layers import add_image
from qtpy.QtWidgets import QFileDialog
from stand_ins import FakeChild

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.temporary import writer
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.widgets.pages.export_form import ExportForm
from napari_inconsistency_masks.widgets.session.session import Session


@pytest.fixture
def form(children: list[FakeChild], session: Session, qtbot: Any) -> ExportForm:
    made = ExportForm(session)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "cells.tif"
    write_tiff(path, np.zeros((160, 160), np.uint8), "YX")
    return path


def answer(monkeypatch: pytest.MonkeyPatch, method: str, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, method, lambda *_: (str(path), ""))


def command(children: list[FakeChild]) -> tuple[str, ...]:
    return next(child.command[3:] for child in children if child.verb == "export")


def test_without_an_example_it_says_what_is_needed(
    form: ExportForm, session: Session, viewer: Any, tmp_path: Path
) -> None:
    add_image(viewer)  # of no file
    form.begin(tmp_path / "run")
    assert not form.save.isEnabled()
    assert "An example image is needed" in form.problem.text()
    assert form.save.toolTip() == "An example image is needed: choose a file with Other…"


def test_what_is_filled_in_becomes_a_command(
    form: ExportForm,
    children: list[FakeChild],
    image: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    form.begin(tmp_path / "run")
    answer(monkeypatch, "getOpenFileName", image)
    form.other.click()
    assert form.example.currentText() == "cells.tif"
    form.authors.setText("A. Person, B. Person,")
    form.license.setCurrentText("MIT")
    form.license.activated.emit(form.license.currentIndex())
    form.gray.setCurrentText("any type, stretched")
    form.gray.activated.emit(form.gray.currentIndex())
    form.description.setText("Finds cells.")
    answer(monkeypatch, "getSaveFileName", tmp_path / "cells")
    with qtbot.waitSignal(form.over):
        form.save.click()
    assert command(children) == (
        "export", str(tmp_path / "run"), "--out", str(tmp_path / "cells.zip"),
        "--example", str(image), "--author", "A. Person", "--author", "B. Person",
        "--license", "MIT", "--description", "Finds cells.", "--gray-values", "stretched",
        "--overwrite",
    )  # fmt: skip


def test_the_files_of_open_images_are_proposed(
    form: ExportForm, session: Session, image: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    files = [("cells", image), ("made up", None), ("gone", tmp_path / "gone.tif")]
    monkeypatch.setattr(session, "image_files", lambda: files)
    form.begin(tmp_path / "run")
    assert [form.example.itemText(n) for n in range(form.example.count())] == ["cells.tif"]
    assert form.request(tmp_path / "cells.zip").example == image


def test_a_file_that_nobody_was_asked_about_is_not_replaced(
    form: ExportForm, image: Path, tmp_path: Path
) -> None:
    form.begin(tmp_path / "run")
    form.choose_example(image)
    (tmp_path / "cells.zip").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"cells\.zip is there already"):
        form.request(tmp_path / "cells")
    assert form.request(tmp_path / "cells.zip").file == tmp_path / "cells.zip"


def begin(form: ExportForm, session: Session, image: Path) -> None:
    form.begin(image.parent / "run")
    form.choose_example(image)
    session.exporting.start(form.request(image.parent / "cells.zip"))


def test_the_end_is_told(
    form: ExportForm, session: Session, children: list[FakeChild], image: Path
) -> None:
    begin(form, session, image)
    assert session.exporting.busy
    assert session.status.activity is not None
    assert session.status.activity.words == "Writing the networks of run for other programs"
    children[-1].end(0)
    assert not session.exporting.busy
    assert session.status.sentence == f"The networks are written: {image.parent / 'cells.zip'}"
    assert not session.exporting.message


def test_why_it_did_not_work_is_told(
    form: ExportForm, session: Session, children: list[FakeChild], image: Path
) -> None:
    begin(form, session, image)
    children[-1].said.emit("napari-im: cells.zip: not written, the disk is full.")
    children[-1].end(2)
    assert session.exporting.message == "cells.zip: not written, the disk is full."
    assert session.exporting.message_about(image.parent / "run") == session.exporting.message
    assert not session.exporting.message_about(image.parent / "other run")
    begin(form, session, image)
    assert not session.exporting.message


def test_it_can_be_given_up_and_leaves_nothing(
    form: ExportForm, session: Session, children: list[FakeChild], image: Path
) -> None:
    begin(form, session, image)
    here = writer().split("-")[0]
    half = image.parent / f".part-{here}-2147483646-0.zip"  # of a process that has ended
    half.write_bytes(b"half")
    assert session.status.activity is not None
    session.status.activity.cancel()
    assert not session.exporting.busy
    assert not half.exists()
    assert session.status.sentence == "Nothing was written for other programs."
