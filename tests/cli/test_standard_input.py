"""Standard input is read as it comes, and on Windows without ever waiting in a read."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from io import StringIO
from types import ModuleType, SimpleNamespace

import pytest

from napari_inconsistency_masks import devices
from napari_inconsistency_masks.cli import standard_input, stopping
from napari_inconsistency_masks.cli.standard_input import input_lines


class Pipe:
    """A pipe as Windows shows it; knows whether a read had to wait."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.written = self.taken = 0
        self.closed = False
        self.waits = 0
        self.looked = threading.Event()
        self._read = os.read

    def write(self, data: bytes) -> None:
        self.written += os.write(self.writer, data)

    def close(self) -> None:
        self.closed = True
        os.close(self.writer)

    def peek(self, handle: int, size: int) -> tuple[int, int]:
        assert (handle, size) == (self.reader + 1000, 0)
        self.looked.set()
        if self.written > self.taken:
            return self.written - self.taken, 0
        if self.closed:
            raise BrokenPipeError(32, "The pipe has been ended")
        return 0, 0

    def read(self, handle: int, count: int) -> bytes:
        if handle == self.reader:
            self.waits += self.written == self.taken
            data = self._read(handle, count)
            self.taken += len(data)
            return data
        return self._read(handle, count)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    made = Pipe()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(fileno=lambda: made.reader))
    monkeypatch.setattr(os, "read", made.read)
    yield made
    os.close(made.reader)
    if not made.closed:
        made.close()


def pretend_windows(
    monkeypatch: pytest.MonkeyPatch, peek: Callable[[int, int], tuple[int, int]]
) -> None:
    console, system = ModuleType("msvcrt"), ModuleType("_winapi")
    console.get_osfhandle = lambda handle: handle + 1000  # type: ignore[attr-defined]
    system.PeekNamedPipe = peek  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    monkeypatch.setitem(sys.modules, "_winapi", system)
    monkeypatch.setattr(standard_input.sys, "platform", "win32")
    monkeypatch.setattr(standard_input, "GLANCE", 0.001)


def test_lines_come_as_they_are_written(pipe: Pipe) -> None:
    lines = input_lines()
    pipe.write(b'{"a": 1}\n{"b"')
    assert next(lines) == b'{"a": 1}'
    pipe.write(b": 2}\nhalf")
    pipe.close()
    assert list(lines) == [b'{"b": 2}']


def test_on_windows_nothing_waits_in_a_read(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_windows(monkeypatch, pipe.peek)
    taken: list[bytes] = []
    reader = threading.Thread(target=lambda: taken.extend(input_lines()))
    reader.start()
    assert pipe.looked.wait(30)
    pipe.write(b"one\ntwo\n")
    pipe.looked.clear()
    assert pipe.looked.wait(30)
    pipe.close()
    reader.join(30)
    assert taken == [b"one", b"two"]
    assert pipe.waits == 0


def test_on_windows_a_file_is_read_as_it_is(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, size: int) -> tuple[int, int]:
        raise OSError(22, "Incorrect function")

    pretend_windows(monkeypatch, refuse)
    pipe.write(b"one\n")
    pipe.close()
    assert list(input_lines()) == [b"one"]


def test_the_service_follows_it_here(monkeypatch: pytest.MonkeyPatch) -> None:
    service = import_module("napari_inconsistency_masks.cli.serve")
    monkeypatch.setattr(service, "input_lines", lambda: iter([b'{"id": 1, "do": "dance"}']))
    monkeypatch.setattr(devices, "use_threads", lambda: 1)
    said = StringIO()
    monkeypatch.setattr(sys, "stdout", said)
    service.serve()
    assert json.loads(said.getvalue())["answer"] == "failed"


def test_what_can_be_stopped_follows_it_here(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(stopping.signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(stopping, "input_lines", lambda: iter([b"one", b"two"]))
    monkeypatch.setattr(stopping.Stopper, "_stop", lambda self: ended.set())
    taken: list[bytes] = []
    stopping.Stopper(on_end_of_input=True, on_line=taken.append)
    assert ended.wait(30)
    assert taken == [b"one", b"two"]
