"""What a batch has told so far, as rows of a table and in words: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from ...batch.events import (
    BatchEvent,
    BatchFinished,
    BatchStarted,
    FrameDone,
    ImageDone,
    ImageFailed,
    ImageLooked,
    ImageStarted,
    Planned,
    Warned,
)
from ...batch.listing import words_about
from ...batch.progress import BatchProgress, disk_space
from ...batch.totals import counted
from ...training.progress import duration
from ..parts.table_rows import Cell

COLUMNS = ("File", "State", "Frames", "Read as")
FILE, STATE, FRAMES, READ_AS = range(4)

WAITING, DONE_BEFORE = "to do", "done before"

MOST_NOTES = 3
"""Notes about files that are told beside the table as well."""

Row = tuple[Cell, Cell, Cell, Cell]


class BatchFollower:
    """Follows the events of a plan, and of the batch that does it.

    Attributes
    ----------
    rows
        One per file, changed in place.
    dirty
        Numbers of rows that changed since somebody took them.
    planned
        The plan, once it is complete.
    looked
        Headers read so far, and of how many.
    notes
        What a person should know of the batch, in sentences.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.dirty: set[int] = set()
        self.planned: Planned | None = None
        self.looked = (0, 0)
        self.failed = 0
        self.notes: list[str] = []
        self._counted: list[str] = []
        self._numbers: dict[str, int] = {}
        self._notes: dict[str, tuple[str, ...]] = {}
        self._told_notes: list[str] = []
        self._frames: dict[str, list[int]] = {}
        self._progress = BatchProgress()

    def begin(self) -> None:
        """The batch that was planned is started, or goes on."""
        self._progress, self.failed, self._counted = BatchProgress(), 0, []
        self.notes.clear()
        self._frames.clear()

    def follow(self, event: BatchEvent) -> None:
        """Take note of an event."""
        self._progress.follow(event)
        if isinstance(event, ImageLooked):
            self._look(event)
        elif isinstance(event, Planned):
            self.planned, self._told_notes = event, _most_telling(self._notes)
            for name in event.done:
                self._say(name, DONE_BEFORE)
        elif isinstance(event, BatchStarted):
            for name in self._numbers:
                if self._is_good(name) and self._state(name) not in (DONE_BEFORE, WAITING):
                    self._say(name, WAITING)
        elif isinstance(event, BatchFinished):
            self._counted = [counted(event.totals)] if event.totals else []
        elif isinstance(event, Warned):
            self.notes.append(event.message)
        else:
            self._follow_image(event)

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self._progress.position.done

    @property
    def words(self) -> str:
        """Where the batch is, and how long it still takes."""
        place = self._progress.position
        files = f"{place.images} of {place.total} files, " if place.total else ""
        left = "" if place.seconds_left is None else f", {duration(place.seconds_left)} left"
        return f"{files}{place.words}{left}"

    @property
    def short(self) -> str:
        """The same in few words."""
        place = self._progress.position
        if not place.total:
            return place.words
        left = "" if place.seconds_left is None else f", {duration(place.seconds_left)} left"
        return f"{place.images} of {place.total} files{left}"

    def summary(self) -> str:
        """What is planned, in words."""
        plan = self.planned
        if plan is None:
            return ""
        good = plan.images - plan.left_out
        needs = f"{disk_space(plan.megabytes)} of disk"
        if plan.seconds is not None:
            needs = f"about {duration(plan.seconds)} and {needs}"
        words = [f"{many(good, 'file')} with {many(plan.frames, 'frame')}: {needs}."]
        if plan.done:
            words.append(f"{len(plan.done)} of them {_is(len(plan.done))} done already.")
        if plan.left_out:
            words.append(f"{plan.left_out} cannot be read; the table says why.")
        if plan.others:
            others = len(plan.others)
            words.append(f"{many(others, 'other file')} {_is(others)} left aside.")
        if plan.unsearched:
            words.append(f"{words_about(plan.unsearched, 'tick Subfolders')}.")
        if plan.removed:
            gone = many(len(plan.removed), "file")
            words.append(f"{gone} of an earlier batch will be removed, as {plan.removed[0]}.")
        return " ".join([*words, *self._told_notes])

    def outcome(self) -> str:
        """How it went, in words, when it is over."""
        place = self._progress.position
        words = f"{many(place.images - place.failed, 'file')} done"
        if place.failed:
            words += f", {place.failed} failed; the table says why"
        return " ".join([f"{words}.", *self._counted, *self.notes])

    def left(self) -> None:
        """The batch has ended before its end: nothing is being worked on any more."""
        for name in list(self._frames):
            self._say(name, WAITING, "It was begun, and is not complete.")

    def _look(self, event: ImageLooked) -> None:
        self.looked = (event.number, event.total)
        self._numbers[event.image] = len(self.rows)
        axes, _, more = event.read_as.partition(", ")
        problem = _reason(event.image, event.problem or "")
        words, read_as = axes or problem, f"{axes}, {more}"
        if event.notes:
            self._notes[event.image] = event.notes
            notes = " ".join(_reason(event.image, note) for note in event.notes)
            words = f"note: {notes} {axes}"  # both ends are seen where there is no room
            read_as = "\n".join([read_as, *event.notes])
        state = Cell(WAITING, WAITING, "\n".join(event.notes))
        if event.problem is not None:
            state = Cell("left out", "left out", event.problem)
        self.rows.append(
            (
                Cell(event.image, event.image, event.problem or event.image),
                state,
                Cell(str(event.frames) if event.frames else "", event.frames),
                Cell(words, axes, event.problem or read_as),
            )
        )

    def _follow_image(self, event: BatchEvent) -> None:
        if isinstance(event, ImageStarted):
            self._frames[event.image] = [0, event.frames]
            self._say(event.image, "working")
        elif isinstance(event, FrameDone):
            frames = self._frames.setdefault(event.image, [0, 0])
            frames[0] += 1
            if frames[1] > 1:
                self._say(event.image, f"{frames[0]} of {frames[1]}", key="working")
        elif isinstance(event, ImageDone):
            self._frames.pop(event.image, None)
            self._say(event.image, DONE_BEFORE if event.reused else "done")
        elif isinstance(event, ImageFailed):
            self._frames.pop(event.image, None)
            self.failed += 1
            self._say(event.image, "failed", event.reason)

    def _say(self, name: str, words: str, tip: str = "", key: str = "") -> None:
        number = self._numbers.get(name)
        if number is None:
            return  # it came after the plan
        row = self.rows[number]
        about = tip or "\n".join(self._notes.get(name, ()))
        file = Cell(row[FILE].text, row[FILE].key, tip or row[FILE].text)
        reason = Cell(_reason(name, tip), "", tip) if words == "failed" else row[READ_AS]
        self.rows[number] = (file, Cell(words, key or words, about), row[FRAMES], reason)
        self.dirty.add(number)

    def _state(self, name: str) -> str:
        return self.rows[self._numbers[name]][STATE].text

    def _is_good(self, name: str) -> bool:
        return bool(self.rows[self._numbers[name]][FRAMES].text)


def _reason(name: str, sentence: str) -> str:
    """A sentence about a file without its name, which is in the row already."""
    folders, found, said = sentence.partition(f"{PurePosixPath(name).name}: ")
    return said if found and (not folders or folders.endswith("/")) else sentence


def _most_telling(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """Sentences about notes by file, first of what few files have, and how many more there are."""
    files: dict[str, list[str]] = {}
    for name, sentences in notes.items():
        for sentence in sentences:
            files.setdefault(_reason(name, sentence), []).append(name)
    rare = sorted(files.items(), key=lambda item: len(item[1]))
    told = [f"Note: {_and_more(names)}: {note}" for note, names in rare[:MOST_NOTES]]
    left = len(rare) - len(told)
    return [*told, f"The table has {many(left, 'more note')}."] if left else told


def _and_more(names: Sequence[str]) -> str:
    return names[0] + (f" and {many(len(names) - 1, 'other')}" if len(names) > 1 else "")


def many(count: int, thing: str) -> str:
    """Such as ``"1 file"`` or ``"1,200 files"``."""
    return f"{count:,} {thing}" + "s" * (count != 1)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
