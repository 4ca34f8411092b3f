"""Time and memory of a generation."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import torch

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.training import effort
from napari_inconsistency_masks.training.effort import Effort
from napari_inconsistency_masks.training.events import Event, GenerationEnd, Stopped, Warned
from toy import QUICK, toy_data

CPU = torch.device("cpu")


class Clock:
    """Seconds that pass only when somebody says so, and as much memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.peak = 100.0, 7
        monkeypatch.setattr(effort.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(effort, "peak_memory", lambda device: self.peak)


def work(clock: Clock, seconds: list[float]) -> Generator[Event, None, str]:
    for each in seconds:
        clock.now += each
        yield Warned(str(each))
    clock.now += 0.5
    return "done"


def outcome(events: Generator[Event, None, str]) -> Iterator[str]:
    yield (yield from events)  # type: ignore[misc]


def test_only_work_counts_and_sessions_are_summed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, path = Clock(monkeypatch), tmp_path / "effort.json"
    first = Effort(path, CPU)
    events = first.follow(work(clock, [1.0, 2.0, 4.0]))
    next(events)
    clock.now += 1000  # a person looks at something else
    clock.peak = 9
    next(events)
    events.close()
    assert read_json(path) == {"seconds": 3.0, "peak_memory": 9}
    clock.peak = 5
    second = Effort(path, CPU)
    *events, result = outcome(second.follow(work(clock, [10.0])))
    assert result == "done"
    assert (second.seconds, second.peak_memory) == (13.5, 9)


def test_closing_closes_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    def forever() -> Generator[Event, None, None]:
        try:
            while True:
                yield Stopped()
        finally:
            closed.append(True)

    Clock(monkeypatch)
    events = Effort(tmp_path / "effort.json", CPU).follow(forever())
    next(events)
    events.close()
    assert closed


def test_each_generation_says_what_it_took(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    events = list(runs.train("im", toy_data(), QUICK, folder=folder))
    ends = [e for e in events if isinstance(e, GenerationEnd)]
    assert len(ends) == 2
    for end in ends:
        values = read_json(folder / f"generation-{end.generation}" / "generation.json")
        assert values["seconds"] == end.seconds > 0
        assert values["peak_memory"] == end.peak_memory > 2**20
        assert not (folder / f"generation-{end.generation}" / "effort.json").exists()


@pytest.mark.parametrize("text", ["[]", '{"seconds": "long"}', '{"peak_memory": []}'])
def test_a_damaged_record_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "effort.json").write_text(text)
    with pytest.raises(InputError, match=r"effort\.json: the record of time and memory is damaged"):
        Effort(tmp_path / "effort.json", CPU)
