"""``napari-im batch`` as a person uses it, and killed at random moments."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.cli import SOME_FAILED, app
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import Task
from toy import QUICK, toy_data, toy_sample

KILLS = int(os.environ.get("NAPARI_IM_KILLS", "2"))


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "toy"
    list(runs.train("im", toy_data(), QUICK, folder=folder))
    return folder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for number in range(6):
        folder = tmp_path / "in" / ("deep" if number > 3 else "")
        write_tiff(
            folder / f"cell_{number}.tif", toy_sample(Task.MULTILABEL, number).image[0], "YX"
        )
    return tmp_path / "in"


def call(*words: object) -> Result:
    result = CliRunner().invoke(app, ["batch", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_plan_is_shown_and_nothing_written(model: Path, images: Path, tmp_path: Path) -> None:
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    (images / "plate.czi").write_text("no image")
    (images / ".DS_Store").write_text("no image")
    words = (model, images, "--out", tmp_path / "out", "--dry-run")
    result = call(*words)
    assert result.exit_code == SOME_FAILED
    for said in (
        "4 with 4 frames",
        "cell_0.tif: YX 32 x 32, uint8; 1 frame",
        "Left out: 1",
        "\n  damaged.tif: cut short",
        "Ignored:  2 files that are no images: plate.czi, .DS_Store",
        "Skipped:  1 folder inside was not looked into: add --recursive",
        "Needs:    about",
    ):
        assert said in result.stdout
    assert not (tmp_path / "out").exists()


def events_of(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_plan_for_programs_has_a_line_per_image(
    model: Path, images: Path, tmp_path: Path
) -> None:
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    (images / "notes.txt").write_text("no image")
    words = (model, images, "--out", tmp_path / "out")
    *looked, planned = events_of(call(*words, "--dry-run", "--json"))
    assert {event["event"] for event in looked} == {"ImageLooked"}
    assert [event["number"] for event in looked] == [1, 2, 3, 4, 5]
    assert looked[0]["read_as"] == "YX 32 x 32, uint8"
    assert (looked[0]["total"], looked[0]["frames"], looked[0]["problem"]) == (5, 1, None)
    assert looked[4]["image"] == "damaged.tif"
    assert looked[4]["problem"].startswith("cut short")
    assert (looked[4]["read_as"], looked[4]["frames"]) == ("", 0)
    assert planned["event"] == "Planned"
    assert (planned["images"], planned["frames"], planned["left_out"]) == (5, 4, 1)
    assert (planned["done"], planned["others"], planned["refusal"]) == ([], ["notes.txt"], None)
    assert planned["unsearched"] == 1
    assert planned["seconds"] > 0
    assert call(*words).exit_code == SOME_FAILED
    assert len(events_of(call(*words, "--dry-run", "--json"))[-1]["done"]) == 4


def test_a_plan_for_programs_says_what_would_be_overwritten(
    model: Path, images: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "counts.csv").write_text("mine")
    words = (model, images, "--out", tmp_path / "out", "--dry-run")
    with pytest.raises(InputError, match="would be overwritten"):
        call(*words)
    assert "counts.csv would be" in events_of(call(*words, "--json"))[-1]["refusal"]
    assert events_of(call(*words, "--json", "--overwrite"))[-1]["refusal"] is None


def test_a_plan_says_what_overwriting_would_remove(
    model: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call(model, images, "--out", out)
    (out / "cells.csv").write_text("mine")
    (images / "cell_0.tif").unlink()
    words = (model, images, "--out", out, "--write", "masks", "--overwrite")
    before = sorted(out.rglob("*"))
    shown = call(*words, "--dry-run").stdout
    (planned,) = [e for e in events_of(call(*words, "--dry-run", "--json")) if "removed" in e]
    assert sorted(out.rglob("*")) == before
    assert f"Removes:  {len(planned['removed'])} files of an earlier batch: " in shown
    call(*words)
    gone = {file.relative_to(out).as_posix() for file in before if not file.exists()}
    assert gone == set(planned["removed"])
    assert "images/cell_0_masks.tif" in gone
    assert call(*words, "--dry-run").stdout.count("Removes") == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"], ids=["UTF-8", "of PowerShell"])
def test_images_can_be_named_in_a_file(
    model: Path, images: Path, tmp_path: Path, encoding: str
) -> None:
    names = tmp_path / "names.txt"
    text = f"{images / 'cell_1.tif'}\n\n{images / 'cell_3.tif'}\n"
    names.write_text(text, encoding, newline="\r\n")
    call(model, "--list", names, "--out", tmp_path / "out")
    assert [row["image"] for row in read_csv(tmp_path / "out" / "counts.csv")] == [
        "cell_1.tif",
        "cell_3.tif",
    ]
    with pytest.raises(InputError, match="no list of images"):
        call(model, "--list", tmp_path / "none.txt", "--out", tmp_path / "out")


def test_folders_inside_of_folders_and_exit_codes(
    model: Path, images: Path, tmp_path: Path
) -> None:
    words = (model, images, "--recursive", "--out", tmp_path / "out")
    assert call(*words).exit_code == 0
    assert len(read_csv(tmp_path / "out" / "counts.csv")) == 6
    assert (tmp_path / "out" / "images" / "deep" / "cell_5_masks.tif").is_file()
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    result = call(*words)
    assert result.exit_code == SOME_FAILED
    assert "6 of them done before" in result.stderr
    assert "Failed: damaged.tif" in result.stderr


def test_flags_reach_the_batch(model: Path, images: Path, tmp_path: Path) -> None:
    flags = "--write masks,report --format ome --compression none --channel 0 --frames 0:1"
    result = call(model, images, "-o", tmp_path / "out", "--json", *flags.split())
    events = [json.loads(line)["event"] for line in result.stdout.splitlines()]
    assert events[0] == "BatchStarted"
    assert events[-1] == "BatchFinished"
    names = {path.name for path in (tmp_path / "out" / "images").iterdir()}
    assert names == {f"cell_{number}_masks.ome.tif" for number in range(4)}
    settings = json.loads((tmp_path / "out" / "batch.json").read_text())["settings"]
    assert settings["compression"] == "none"
    assert settings["frames"] == [0, 1]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--frames 3", "--frames 3: give the first"),
        ("--write photos", "write = 'photos'"),
        ("--axes TQX", "only the letters TZCYXS"),
        ("--axes YY", "give each letter once"),
        ("--axes TX", "Y and X among them"),
        ("--glob *.jpg", r"no images of the pattern '\*.jpg'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    flags: str, said: str, model: Path, images: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        call(model, images, "-o", tmp_path / "out", *flags.split())


def started(model: Path, images: Path, out: Path, **options: Any) -> subprocess.Popen[str]:
    words = ["batch", model, images, "--recursive", "--out", out, "--json", "--threads", 1]
    command = [sys.executable, "-m", "napari_inconsistency_masks", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def results(out: Path) -> dict[str, bytes]:
    kept = [*out.glob("*.csv"), *out.glob("images/**/*"), *out.glob("tables/**/*")]
    return {str(file.relative_to(out)): file.read_bytes() for file in kept if file.is_file()}


def stop_after(process: subprocess.Popen[str], lines: int, number: int | None = None) -> int:
    """Send a signal after some lines, or kill it."""
    assert process.stdout is not None
    with process.stdout:
        for _ in range(lines):
            if not process.stdout.readline():
                break
        if number is None:
            process.kill()
        else:
            process.send_signal(number)
        process.stdout.read()
        return process.wait(120)


def test_killed_at_random_moments_it_goes_on_to_the_same_results(
    model: Path, images: Path, tmp_path: Path
) -> None:
    assert call(model, images, "--recursive", "--out", tmp_path / "clean").exit_code == 0
    out, rng = tmp_path / "out", random.Random(1)
    for kill in range(KILLS):
        if kill % 5 == 0:
            shutil.rmtree(out, ignore_errors=True)
        stop_after(started(model, images, out), rng.randint(1, 20))
        for path in out.rglob("[!.]*.tif"):
            write_tiff(tmp_path / "again.tif", _read(path), "CYX" if _read(path).ndim > 2 else "YX")
    assert call(model, images, "--recursive", "--out", out).exit_code == 0
    assert results(out) == results(tmp_path / "clean")
    assert not list(out.rglob(".part-*"))


def _read(path: Path) -> Any:
    from napari_inconsistency_masks.files.images import read_image

    return read_image(path).array


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for children")
def test_stopped_on_request_it_says_so(model: Path, images: Path, tmp_path: Path) -> None:
    code = stop_after(started(model, images, tmp_path / "out"), 3, signal.SIGINT)
    assert code == 130
    statuses = {row["status"] for row in read_csv(tmp_path / "out" / "counts.csv")}
    assert "not processed yet" in statuses
