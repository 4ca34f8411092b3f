"""What is printed for people: text as it is, whatever it holds."""

from __future__ import annotations

import io
import json
import os
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from napari_inconsistency_masks import cli
from napari_inconsistency_masks.batch.events import ImageStarted
from napari_inconsistency_masks.cli import console
from napari_inconsistency_masks.cli.batch_console import show_batch
from napari_inconsistency_masks.cli.console import print_events, show_events
from napari_inconsistency_masks.training.events import Event, Labeling, StepEnd, Warned


def test_brackets_in_names_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show_events([Warned("plate [red]/a[/b].tif: not drawn.")])
    assert capsys.readouterr().err == "Note: plate [red]/a[/b].tif: not drawn.\n"


def test_brackets_in_the_name_of_an_image_do_not_end_the_bar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=screen, force_terminal=True, width=120))
    show_batch([ImageStarted("a[/b].tif", 1)])
    assert "a[/b].tif" in screen.getvalue()


def test_of_fast_steps_a_program_is_told_the_first_and_then_some(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 0.0, 0.04, 0.08, 0.12, 0.12, 0.13, 0.13])
    monkeypatch.setattr(console, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    steps = [StepEnd(0, 0, number, 4, (0.5,)) for number in range(4)]
    last = Labeling(1, 2, 2, 2, 0.1)
    print_events([*steps, last, steps[1]])
    told = [Event.from_json(json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert told == [steps[0], steps[3], last, steps[1]]


def test_letters_that_a_file_on_windows_has_not_are_escapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    console.take_any_text()
    console.out.print("Zelle_ä \u2192 \u03bcm ± 2")
    sys.stdout.flush()
    assert written.getvalue().decode("cp1252").strip() == "Zelle_ä \\u2192 \\u03bcm ± 2"


def test_a_program_without_a_console_prints_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    console.take_any_text()
    console.out.print("to nobody")


def test_the_command_line_takes_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "argv", ["napari-im", "recipes", "--help"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    with pytest.raises(SystemExit):
        cli.main()
    assert sys.stdout.errors == "backslashreplace"


def test_on_a_mac_the_processor_helps_the_gpu_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTORCH_ENABLE_MPS_FALLBACK", raising=False)
    monkeypatch.setattr(cli.sys, "platform", "darwin")
    monkeypatch.setattr(cli, "app", lambda prog_name: None)
    cli.main()
    assert os.environ.pop("PYTORCH_ENABLE_MPS_FALLBACK") == "1"
