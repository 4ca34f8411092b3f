"""``napari-im export``: what is asked for, refused and said."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_commands import call

import napari_inconsistency_masks
from napari_inconsistency_masks import exchange
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tiff import write_tiff

DEMO = Path(napari_inconsistency_masks.__file__).parent / "demo_model"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be written, without the time that translating takes."""
    calls: list[Any] = []

    def write(path: Path, *given: Any, **options: Any) -> None:
        path.write_bytes(b"networks")
        calls.append((*given, options))

    monkeypatch.setattr(exchange, "write_onnx", write)
    monkeypatch.setattr(exchange, "write_bioimage", write)
    return calls


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "cell.tif"
    write_tiff(path, np.full((2, 160, 176), 7, np.uint8), "TYX")
    return path


def test_the_networks_of_the_demo_become_a_package(tmp_path: Path, image: Path) -> None:
    file = tmp_path / "cells.zip"
    words = ("--example", image, "--name", "Cells", "--gray-values", "as-is")
    said = call("export", DEMO, "-o", file, *words).output
    assert "2 networks as one, for alive, dead, position" in said
    assert "Note: the package names no license (--license)." in said
    with zipfile.ZipFile(file) as archive:
        assert "ensemble.onnx" in archive.namelist()
        assert archive.testzip() is None


def test_what_is_said_about_networks_goes_into_the_package(
    tmp_path: Path, image: Path, written: list[Any]
) -> None:
    words = ("--author", "A. Person", "--author", "B. Person", "--license", "MIT")
    more = ("--description", "Finds cells.", "--gray-values", "stretched")
    call("export", DEMO, "-o", tmp_path / "our cells.zip", "--example", image, *words, *more)
    ((_, about, options),) = written
    assert about.example.shape == (1, 160, 176)
    assert (about.name, about.license) == ("our cells", "MIT")
    assert list(about.authors) == ["A. Person", "B. Person"]
    assert about.description == "Finds cells."
    assert options == {"gray": "stretched"}


def test_an_onnx_file_needs_no_example(tmp_path: Path, written: list[Any]) -> None:
    call("export", DEMO, "-o", tmp_path / "cells.onnx")
    assert len(written) == 1


def test_a_gray_image_stored_as_color_is_an_example_for_gray_networks(
    tmp_path: Path, written: list[Any]
) -> None:
    write_tiff(tmp_path / "rgb.tif", np.full((160, 160, 3), 9, np.uint8), "YXS")
    call("export", DEMO, "-o", tmp_path / "cells.zip", "--example", tmp_path / "rgb.tif")
    assert written[0][1].example.shape == (1, 160, 160)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cells.pt", "ends with .zip for a BioImage.IO package, or with .onnx"),
        ("there.onnx", "is there already; choose another name or --overwrite"),
        ("cells.zip", "Give an image with --example"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, name: str, message: str, written: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.onnx").write_bytes(b"mine")
    with pytest.raises(InputError, match=message):
        call("export", DEMO, "-o", tmp_path / name)
    assert not written
    assert (tmp_path / "there.onnx").read_bytes() == b"mine"
    call("export", DEMO, "-o", tmp_path / "there.onnx", "--overwrite")
    assert (tmp_path / "there.onnx").read_bytes() == b"networks"
