"""Programs that the window starts, and what it says and does when they fail."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from napari.layers import Image
from tiny import LONG, PATIENCE, write_folder

from napari_inconsistency_masks.plans import create
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import EpochEnd, Started
from napari_inconsistency_masks.widgets.dock import Dock
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.training import trainer as trainer_module
from napari_inconsistency_masks.widgets.training.folder_data import FolderChoice, read_folder
from napari_inconsistency_masks.widgets.training.preparation import RunRequest
from napari_inconsistency_masks.widgets.training.state import State
from napari_inconsistency_masks.widgets.training.trainer import Trainer
from napari_inconsistency_masks.widgets.work.process import CRASHED, NICENESS, Child
from napari_inconsistency_masks.widgets.work.status import Status
from toy import toy_data


class Heard:
    """A program in Python, and everything it was heard to say."""

    def __init__(self, code: str, program: str = sys.executable) -> None:
        self.child = Child((program, "-c", code))
        self.answers: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.codes: list[int] = []
        self.child.answered.connect(self.answers.append)
        self.child.said.connect(self.lines.append)
        self.child.ended.connect(self.codes.append)
        self.child.start()


@pytest.fixture
def hear(qtbot: Any) -> Iterator[Callable[..., Heard]]:
    """Run programs that do not outlive the test."""
    heard: list[Heard] = []

    def run(code: str, *, wait: bool = True, **options: Any) -> Heard:
        heard.append(Heard(code, **options))
        if wait:
            qtbot.waitUntil(lambda: bool(heard[-1].codes), timeout=PATIENCE)
        return heard[-1]

    yield run
    for item in heard:
        item.child.kill()


def test_answers_come_whole_however_they_are_written(hear: Callable[..., Heard]) -> None:
    heard = hear(
        "import sys, time\n"
        "out = sys.stdout\n"
        "out.write('{\"a\": '); out.flush(); time.sleep(0.1)\n"
        'out.write(\'1}\\n{"b": 2}\\n{"c": "\'); out.flush(); time.sleep(0.1)\n'
        "out.write('ü' * 100_000 + '\"}')"
    )
    assert heard.answers == [{"a": 1}, {"b": 2}, {"c": "ü" * 100_000}]
    assert heard.codes == [0]


def test_lines_that_are_no_answers_go_to_the_log(hear: Callable[..., Heard]) -> None:
    heard = hear(
        "import sys\n"
        "print('{\"a\": 1')\n"
        "print('[1, 2]')\n"
        "print()\n"
        "sys.stdout.flush()\n"
        "sys.stdout.buffer.write(b'\\xff\\xfe\\n')\n"
        "sys.stdout.flush()\n"
        "print('careful', file=sys.stderr)\n"
        "sys.exit(3)"
    )
    assert heard.answers == []
    assert sorted(heard.lines) == ["[1, 2]", "\\xff\\xfe", "careful", '{"a": 1']
    assert heard.codes == [3]


def test_lines_come_whole_in_the_log_too(hear: Callable[..., Heard]) -> None:
    heard = hear(
        "import sys, time\n"
        "for part in ('Value', 'Error: ü\\nne', 'xt'):\n"
        "    sys.stderr.write(part); sys.stderr.flush(); time.sleep(0.1)"
    )
    assert heard.lines == ["ValueError: ü", "next"]


def test_what_a_program_says_in_any_letters_is_understood(
    hear: Callable[..., Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")  # as into pipes on Windows
    heard = hear("import sys; sys.stderr.write('Zelle_\\u00e4 \\u2192 \\u00b5m\\n')")
    assert heard.lines == ["Zelle_ä → µm"]


def test_a_program_that_cannot_be_started_ends_at_once(hear: Callable[..., Heard]) -> None:
    heard = hear("", program="/no/such/python")
    assert heard.codes == [CRASHED]
    assert "/no/such/python cannot be started" in heard.lines[0]
    assert not heard.child.running


def test_a_program_that_is_killed_has_crashed(hear: Callable[..., Heard], qtbot: Any) -> None:
    heard = hear("import time; print('{}', flush=True); time.sleep(600)", wait=False)
    qtbot.waitUntil(lambda: bool(heard.answers), timeout=PATIENCE)
    psutil.Process(heard.child.pid).kill()
    qtbot.waitUntil(lambda: bool(heard.codes), timeout=PATIENCE)
    assert heard.codes == [CRASHED]


def test_a_program_ends_with_its_input_and_is_polite(
    hear: Callable[..., Heard], qtbot: Any
) -> None:
    heard = hear(
        "import sys\nfor line in sys.stdin: print(line, end='', flush=True)\nsys.exit(7)",
        wait=False,
    )
    heard.child.send({"hello": "ü"})
    qtbot.waitUntil(lambda: heard.answers == [{"hello": "ü"}], timeout=PATIENCE)
    nice = psutil.Process(heard.child.pid).nice()
    assert nice == getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICENESS)
    heard.child.close_input()
    assert heard.child.wait(PATIENCE)
    assert heard.codes == [7]


@pytest.fixture
def trainer(qapp: Any) -> Iterator[Trainer]:
    """A trainer whose program does not outlive the test."""
    made = Trainer(Status(), lambda _: None)
    yield made
    if made.child is not None:
        made.child.kill()


@pytest.fixture
def stopped_run(trainer: Trainer, tmp_path: Path, qtbot: Any) -> Path:
    """A run that the trainer can go on with."""
    folder = create(tmp_path / "run", "labeled", toy_data(), LONG)
    trainer.open(folder)
    qtbot.waitUntil(lambda: trainer.state is State.STOPPED)
    return folder


CRASH = (
    "The training crashed or was ended by something else, perhaps for lack of memory; what it had "
    "saved is kept."
)
REASONS = {
    "print('napari-im: dish: there are no images.', file=sys.stderr); sys.exit(2)": (
        "dish: there are no images."
    ),
    "print('x.py:1: UserWarning: slow', file=sys.stderr, flush=True); os.abort()": CRASH,
    "raise OSError('the disk is full')": (
        "The training failed (OSError: the disk is full); the log says more."
    ),
    "sys.exit(0)": "The training failed (code 0); the log says more.",
}


@pytest.mark.parametrize(
    ("code", "sentence"), REASONS.items(), ids=["refused", "crashed", "failed", "ended too early"]
)
def test_why_a_training_failed_is_said_in_a_sentence(
    code: str,
    sentence: str,
    trainer: Trainer,
    stopped_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    command = (sys.executable, "-c", f"import os, sys; {code}")
    monkeypatch.setattr(trainer_module, "our_command", lambda *_: command)
    trainer.press(lambda: pytest.fail("the run is known"))
    qtbot.waitUntil(lambda: trainer.state is State.FAILED, timeout=PATIENCE)
    assert trainer.message == sentence
    assert trainer.machine.button == "Resume training"


def test_a_training_that_cannot_save_itself_is_not_called_saved(
    trainer: Trainer, stopped_run: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    code = "import sys; print('{}', flush=True); sys.stdin.read(); raise OSError('disk full')"
    monkeypatch.setattr(trainer_module, "our_command", lambda *_: (sys.executable, "-c", code))
    trainer.press(lambda: pytest.fail("the run is known"))
    with qtbot.waitSignal(trainer.child.answered, timeout=PATIENCE):
        pass
    trainer.stop()
    qtbot.waitUntil(lambda: trainer.child is None, timeout=PATIENCE)
    assert trainer.state is State.FAILED
    assert "disk full" in trainer.message


def test_a_training_that_was_killed_can_be_gone_on_with(
    trainer: Trainer, tmp_path: Path, qtbot: Any
) -> None:
    choice = FolderChoice(("bright", "dark", "position"), "position")
    data = partial(read_folder, write_folder(tmp_path / "dish"), choice)
    trainer.press(lambda: RunRequest(tmp_path / "run", "labeled", LONG, data))
    qtbot.waitUntil(lambda: bool(trainer.history.epochs), timeout=PATIENCE)
    psutil.Process(trainer.child.pid).kill()
    qtbot.waitUntil(lambda: trainer.state is State.FAILED, timeout=PATIENCE)
    assert "crashed or was ended" in trainer.message

    done, events = len(trainer.history.epochs), []
    trainer.happened.connect(events.append)
    trainer.press(lambda: pytest.fail("the run is known"))
    qtbot.waitUntil(lambda: len(trainer.history.epochs) > done, timeout=PATIENCE)
    assert isinstance(events[0], Started)
    assert events[0].resumed
    assert next(event for event in events if isinstance(event, EpochEnd)).epoch >= done - 1
    assert trainer.message == ""

    (tmp_path / "run").rename(tmp_path / "moved away")
    qtbot.waitUntil(lambda: trainer.state is State.FAILED, timeout=PATIENCE)
    assert "does not exist" in trainer.message


def test_a_prediction_that_was_killed_is_told_and_the_next_one_works(
    viewer: Any, session: Session, networks: dict[Task, Path], tmp_path: Path, qtbot: Any
) -> None:
    def outcome(begin: Callable[[], object]) -> tuple[str, bool]:
        """How a prediction ends, or the loading of networks that fails."""
        with qtbot.waitSignal(session.predictor.ended, timeout=PATIENCE) as ended:
            begin()
        return tuple(ended.args)

    def predict_and_kill() -> None:
        session.looking.predict(whole=True)
        psutil.Process(session.predictor.child.pid).kill()

    frames = np.zeros((3, 64, 64), np.uint8)
    session.looking.choose(viewer.add_layer(Image(frames, name="dish")))
    run = Path(shutil.copytree(networks[Task.MULTILABEL], tmp_path / "run"))
    broken = Path(shutil.copytree(run, tmp_path / "broken"))
    weights = bytearray((broken / "network-0.safetensors").read_bytes())
    weights[-1] ^= 255
    (broken / "network-0.safetensors").write_bytes(weights)

    assert outcome(lambda: session.looking.use(run)) == ("Predicted 1 frame.", True)
    sentence, ok = outcome(predict_and_kill)
    assert not ok
    assert sentence.startswith("The program that predicts ended unexpectedly (code -1)")
    assert outcome(lambda: session.looking.predict(whole=True)) == ("Predicted 3 frames.", True)
    scratch = Path(session.predictor._scratch.name)
    qtbot.waitUntil(lambda: list(scratch.rglob("*.npy")) == [])
    assert outcome(lambda: session.looking.use(broken)) == (
        "network-0.safetensors: the file is damaged (its checksum differs).",
        False,
    )
    assert outcome(lambda: session.looking.predict(whole=False)) == ("Predicted 1 frame.", True)
    shutil.rmtree(run)
    sentence, ok = outcome(lambda: session.looking.predict(whole=False))
    assert not ok
    assert sentence.startswith(f"dish: {run}: no trained networks here")


def test_devices_are_looked_for_and_offered(viewer: Any, session: Session, qtbot: Any) -> None:
    dock = Dock(viewer)
    qtbot.addWidget(dock)
    session.devices.look()
    assert dock.device.currentText() == "Device: looking for devices …"
    qtbot.waitUntil(lambda: not session.devices.searching, timeout=PATIENCE)
    assert session.devices.found[-1].key == "cpu"
    assert session.devices.found[-1].right
    words = [dock.device.itemText(index) for index in range(dock.device.count())]
    best, *rest = session.devices.found
    assert words == [f"Device: best one ({best.name})", *(d.words for d in (best, *rest))]
    dock.device.setCurrentIndex(len(words) - 1)
    dock.device.activated.emit(len(words) - 1)
    assert session.devices.chosen == "cpu"
