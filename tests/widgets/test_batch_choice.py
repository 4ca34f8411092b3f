"""What is chosen for a batch, and the command that does it."""

from __future__ import annotations

import importlib
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from napari_inconsistency_masks import batch as engine
from napari_inconsistency_masks.batch import BatchOptions
from napari_inconsistency_masks.cli import app
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.widgets.batch.choice import (
    BatchChoice,
    BatchRequest,
    files_of,
    propose_folder,
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ensemble.json").write_text('{"networks": ["a.safetensors"]}')
    return tmp_path / "run"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "plate 7").mkdir()
    (tmp_path / "plate 7" / "a.tif").touch()
    return tmp_path / "plate 7"


def test_results_are_proposed_beside_the_images_in_a_new_folder(images: Path) -> None:
    folder = images.parent
    assert propose_folder([images]) == folder / "plate 7-results"
    (folder / "plate 7-results").mkdir()
    assert propose_folder([images]) == folder / "plate 7-results-2"
    assert propose_folder([images / "a.tif"]) == images / "a-results"
    both = [images / "a.tif", images / "b.tif"]
    assert propose_folder(both) == images / "plate 7-results"


def test_without_options_the_command_is_short(run: Path, images: Path) -> None:
    request = BatchChoice((images / "a.tif",)).request(run, "auto")
    words = ("batch", str(run), str(images / "a.tif"), "--out", str(images / "a-results"))
    assert request.arguments() == words


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({"axes": "TCYX"}, "--axes TCYX"),
        ({"channels": (1, 0)}, "--channel 1 --channel 0"),
        ({"frames": (0, 100)}, "--frames=0:100"),
        ({"frames": (None, -1)}, "--frames=:-1"),
        ({"frames": (-5, None)}, "--frames=-5:"),
        ({"write": ("masks", "cells")}, "--write=masks,cells"),
        ({"write": ()}, "--write="),
        ({"format": "ome", "compression": "none"}, "--format ome --compression none"),
    ],
)
def test_the_command_line_understands_every_option(
    options: Any, flags: str, run: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = BatchOptions(**options)
    request = BatchRequest(run, (images,), True, "*.tif", run / "out", chosen, "cpu")
    words = request.arguments()
    tail = shlex.split(f"--recursive --glob *.tif {flags} --device cpu")
    assert list(words[words.index("--out") + 2 :]) == tail
    command = importlib.import_module("napari_inconsistency_masks.cli.batch")
    understood: list[Any] = []
    read = command._options  # type: ignore[attr-defined]

    def spy(*values: Any) -> Any:
        understood.append(read(*values))
        return understood[-1]

    def listed(paths: Any, **about: Any) -> None:
        understood.append((paths, about))
        raise InputError("that is enough")

    monkeypatch.setattr(command, "_options", spy)
    monkeypatch.setattr(engine, "list_images", listed, raising=False)
    CliRunner().invoke(app, list(words))
    where = {"recursive": True, "glob": "*.tif", "out": run / "out"}
    assert understood == [chosen, ([images], where)]


def test_many_images_are_named_in_a_file(run: Path, images: Path) -> None:
    paths = tuple(images / f"{number:05d}.tif" for number in range(2000))
    request = BatchRequest(run, paths, True, "", run / "out", BatchOptions())
    assert request.is_long
    words = request.arguments("--json", listed=run / "out" / "images.txt")
    named = ("--list", str(run / "out" / "images.txt"))
    assert words == ("batch", str(run), *named, "--out", str(run / "out"), "--json")
    assert not BatchRequest(run, paths[:5], True, "", run / "out", BatchOptions()).is_long


def test_what_is_missing_is_said(run: Path, images: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Choose images"):
        BatchChoice().request(run, "auto")
    with pytest.raises(InputError, match="no networks in use"):
        BatchChoice((images,)).request(None, "auto")
    with pytest.raises(InputError, match="no trained networks here"):
        BatchChoice((images,), run=tmp_path).request(run, "auto")


def test_layers_are_taken_by_their_files_each_once(images: Path) -> None:
    file = images / "a.tif"
    assert files_of([("a", file), ("a [1]", file)]) == ((file,), "")
    paths, refused = files_of([("a", file), ("made", None), ("gone", images / "b.tif")])
    assert paths == (file,)
    assert refused.startswith("Not on disk: 'made', 'gone'. A batch reads files")
    assert "and 2 more" in files_of([(str(n), None) for n in range(5)])[1]
