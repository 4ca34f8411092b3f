"""Workers that live and tell nothing: a person is told, once, and by the next word it is over."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from napari_inconsistency_masks.cluster import Happening, Job, Noted, Said, Team
from napari_inconsistency_masks.cluster import team as teams


class Client:
    """Of one worker, which does what the test says."""

    status = "running"
    scheduler = SimpleNamespace(address="tcp://here:1")

    def __init__(self) -> None:
        self.keys: list[str] = []

    def subscribe_topic(self, topic: str, take: Callable[[Any], None]) -> None:
        del topic
        self._take = take

    def nthreads(self, **_: Any) -> dict[str, int]:
        return {"tcp://there:2": 1}

    def submit(self, *_: Any, key: str, **__: Any) -> Any:
        self.keys.append(key)
        return SimpleNamespace(status="pending", release=lambda: None)

    def tell(self, **message: Any) -> None:
        self._take((0.0, json.dumps({"key": self.keys[-1], **message})))


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_a_worker_that_tells_nothing_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, client = Clock(), Client()
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    monkeypatch.setattr(teams, "WAIT", 0)
    team = Team(client, Job("greeting", print))  # type: ignore[arg-type]
    assert not team.happened()
    client.tell(ended={"value": 1})
    team.happened()
    team.give(Job("image a.tif", print))
    client.tell(began=7)

    def after(seconds: float) -> list[Happening]:
        clock.now += seconds
        return team.happened()

    assert not after(500)
    clock.now += 10_000  # nobody asked
    client.tell(said=1)
    assert team.happened() == [Said("image a.tif", 1)]
    assert not after(500)
    (note,) = after(200)
    assert isinstance(note, Noted)
    assert note.message.startswith(
        "Worker tcp://there:2 has told nothing of image a.tif for 12 min"
    )
    assert not after(2000)
    client.tell(said=2)
    assert team.happened() == [Said("image a.tif", 2)]
    assert len(after(700)) == 1
    client.tell(ended={"value": 3})
    team.happened()
    assert not after(2000)
