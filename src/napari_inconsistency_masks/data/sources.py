"""Lists of samples made of other lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .sample import Sample, Source


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
