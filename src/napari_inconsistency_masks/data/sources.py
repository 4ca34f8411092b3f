"""Lists of samples: of files, and of other lists."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from .sample import Sample, Source

SOURCE = "source.json"
"""In a folder of drawn frames, each a file of its own: which file all of them are of."""

ItemT = TypeVar("ItemT")
ItemT_contra = TypeVar("ItemT_contra", contravariant=True)


class Reader(Protocol[ItemT_contra]):
    """Makes samples of what says where they are."""

    def read(self, item: ItemT_contra, /, *, with_target: bool) -> Sample: ...


@dataclass(frozen=True, eq=False)
class ItemSource(Generic[ItemT]):
    """Samples in a fixed order, each read when asked for.

    Attributes
    ----------
    reader
        Of the samples.
    items
        What each is read from: with its ``name``, and its ``image`` file.
    with_target
        Whether labels are read.
    """

    reader: Reader[ItemT]
    items: Sequence[ItemT]
    with_target: bool = True

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int, /) -> Sample:
        return self.reader.read(self.items[index], with_target=self.with_target)

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))


class Subset:
    """Some samples of a source, in the order of ``indices``."""

    def __init__(self, source: Source, indices: Sequence[int]) -> None:
        self._where = [(source, index) for index in indices]

    @classmethod
    def of(cls, where: Sequence[tuple[Source, int]]) -> Subset:
        """Some samples, each given by its source and its place there."""
        made = cls((), ())
        made._where = list(where)
        return made

    def place(self, index: int) -> tuple[Source, int]:
        """The source of a sample, and its place there."""
        return self._where[index]

    def __len__(self) -> int:
        return len(self._where)

    def __getitem__(self, index: int) -> Sample:
        source, place = self._where[index]
        return source[place]

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))


class Joined(Subset):
    """Several sources one after the other."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._where = [(source, index) for source in sources for index in range(len(source))]


def file_of(source: Source, index: int) -> Hashable:
    """What a sample is read from, its name if nobody knows; frames of a stack have one file.

    Of what was drawn on frames of a file, that is this file.
    """
    while isinstance(source, Subset):
        source, index = source.place(index)
    items = getattr(source, "items", None)
    return source[index].name if items is None else items[index].image


def files_of(source: Source) -> dict[str, str]:
    """What each sample is a frame of, by its name: the name of the first frame of that file.

    Names, no paths: results are copied to other places. Frames that were drawn on in the window
    are of one file, though each was written to one of its own.
    """
    first: dict[Hashable, str] = {}
    names = [(name_of(source, n), _drawn_from(file_of(source, n))) for n in range(len(source))]
    return {name: first.setdefault(file, name) for name, file in names}


def _drawn_from(file: Hashable) -> Hashable:
    """For a frame in a folder of drawn ones the same as for all others there."""
    if isinstance(file, Path) and (about := file.parent.parent / SOURCE).is_file():
        return about
    return file


def name_of(source: Source, index: int) -> str:
    """The name of a sample, which is not read for it if its source has a list of files."""
    while isinstance(source, Subset):
        source, index = source.place(index)
    items = getattr(source, "items", None)
    found = source[index] if items is None else items[index]
    return str(found.name)
