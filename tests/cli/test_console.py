"""What is printed for people: text as it is, whatever it holds."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from napari_inconsistency_masks.batch.events import ImageStarted
from napari_inconsistency_masks.cli import console
from napari_inconsistency_masks.cli.batch_console import show_batch
from napari_inconsistency_masks.cli.console import show_events
from napari_inconsistency_masks.training.events import Warned


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
