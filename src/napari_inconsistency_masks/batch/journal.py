"""What a batch has done, so that it can go on after a stop, a crash or a power cut.

A line is added when an image or a part of one begins and when all its files are on disk. What is
there counts as done only if image, networks, settings and files all are those of the line.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.atomic import append_line, to_json_text, write_text
from ..files.json_files import iterate_json_lines
from .fingerprint import fingerprint, matches
from .plan import Plan

JOURNAL = "journal.jsonl"
RESULTS = 2
"""Raised when the same settings give other results than before."""


def settings_key(plan: Plan) -> str:
    """A checksum of everything that results depend on but the image."""
    settings = {
        "results": RESULTS,
        "networks": plan.model.sha256,
        "precision": plan.model.precision,
        "options": plan.options.to_json(),
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


class Journal:
    """The journal of a folder of results.

    Parameters
    ----------
    folder
        Which need not exist yet.
    key
        From `settings_key`; records with another one count for nothing.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self._path = folder / JOURNAL
        self._key = key
        self._done: dict[str, Mapping[str, Any]] = {}
        self._alike: dict[tuple[int, int], set[str | None]] = {}
        self._begun: set[str] = set()
        self._written: dict[str, Mapping[str, Any]] = {}
        self.other_settings = False
        if self._path.is_file():
            for record in iterate_json_lines(self._path):
                self._take(record)

    def is_done(self, name: str, image: Path) -> bool:
        """Whether an image, or a part of one, has results that still fit and are all there."""
        record = self._done.get(name)
        if record is None:
            return False
        known = record["input"]
        alike = self._alike[known["size"], known["changed"]]  # files that may have changed places
        fits = matches(image, known, look_inside=len(alike) > 1)
        return fits and self._has_files(record["files"])

    def seconds(self, name: str) -> float:
        """How long something took that is done."""
        return float(self._done[name]["seconds"])

    def may_replace(self, file: Path) -> bool:
        """Whether a file is not there, or was written by this batch and not changed since."""
        if not file.exists():
            return True
        name = self._name(file)
        if name in self._written:
            return matches(file, self._written[name])
        return name in self._begun

    def files(self) -> list[Path]:
        """The files that it knows and that are there, made with these settings or others."""
        names = sorted(self._begun | self._written.keys())
        files = [Path(os.path.normpath(self.folder / name)) for name in names]
        return [file for file in files if file.is_relative_to(self.folder) and file.is_file()]

    def renew(self) -> Journal:
        """Begin a new journal in its place, which knows of the old one which files are its own.

        Nothing counts as done in it. The old one or the new one is on disk, never none.
        """
        names = {file: self._name(file) for file in self.files()}
        known = {name: self._written.get(name) or fingerprint(file) for file, name in names.items()}
        record = {"event": "renewed", "files": known, "settings": self._key}
        write_text(self._path, to_json_text(self._path, record) + "\n")
        return Journal(self.folder, self._key)

    def begin(self, files: Iterable[Path]) -> None:
        """Record what is going to be written."""
        self._add({"event": "begin", "files": [self._name(file) for file in files]})

    def done(
        self, name: str, image: Mapping[str, Any], files: Iterable[Path], seconds: float
    ) -> None:
        """Record that all files of an image, or of a part of one, are on disk.

        ``image`` is its `fingerprint` from before it was read.
        """
        self._add(
            {
                "event": "done",
                "name": name,
                "input": dict(image),
                "files": {self._name(file): fingerprint(file) for file in files},
                "seconds": round(seconds, 3),
            }
        )

    def failed(self, name: str, reason: str) -> None:
        """Record why an image has no results; it will be tried again."""
        self._add({"event": "failed", "name": name, "reason": reason})

    def summarized(self, files: Iterable[Path]) -> None:
        """Record the tables and the report."""
        prints = {self._name(file): fingerprint(file) for file in files}
        self._add({"event": "summarized", "files": prints})

    def _add(self, record: dict[str, Any]) -> None:
        record = {**record, "settings": self._key}
        append_line(self._path, record)
        self._take(record)

    def _take(self, record: Mapping[str, Any]) -> None:
        try:
            mine = record["settings"] == self._key
            self.other_settings |= not mine
            event = record["event"]
            if event == "begin":
                self._begun.update(record["files"])
                for file in record["files"]:
                    self._written.pop(file, None)
            elif event in ("done", "summarized", "renewed"):
                self._written.update(record["files"])
            if event == "done" and mine:
                self._done[record["name"]] = record
                known = record["input"]
                alike = self._alike.setdefault((known["size"], known["changed"]), set())
                alike.add(known["checksum"])
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{self._path}: a line of it is no record ({error!r}).") from None

    def _has_files(self, files: Mapping[str, Any]) -> bool:
        return all(matches(self.folder / name, known) for name, known in files.items())

    def _name(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()
