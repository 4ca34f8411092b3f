"""What a person chooses for a batch, and the command that does it: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ...batch import DEFAULT_WRITES, BatchOptions, BatchResults
from ...errors import InputError
from ...files.images import IMAGE_SUFFIXES
from ...inference.listing import network_files

LONGEST_COMMAND = 8000
"""Characters; Windows takes 32,767, and its terminal 8,191."""

LIST = "images.txt"
"""Names the images in the folder of results if there are too many for a command."""


@dataclass(frozen=True)
class BatchChoice:
    """What the form says.

    Attributes
    ----------
    paths
        Files and folders.
    recursive, glob
        What is taken of folders: also what is in folders inside, and names.
    run
        The networks; None for those in use.
    folder
        Of the results; None for a proposal.
    options
        As they are written and read.
    """

    paths: tuple[Path, ...] = ()
    recursive: bool = True
    glob: str = ""
    run: Path | None = None
    folder: Path | None = None
    options: BatchOptions = field(default_factory=BatchOptions)

    @cached_property
    def has_folders(self) -> bool:
        """Whether some are folders; asked once, for there may be thousands."""
        return any(map(_is_folder, self.paths))

    @property
    def words(self) -> str:
        """What is chosen, in words."""
        if not self.paths:
            return ""
        if len(self.paths) == 1:
            return f"{'Folder' if self.has_folders else 'File'} {self.paths[0].name}"
        return f"{len(self.paths)} files, the first is {self.paths[0].name}"

    def request(self, in_use: Path | None, device: str) -> BatchRequest:
        """What to do; `InputError` if something is missing.

        Parameters
        ----------
        in_use
            The run whose networks are in use, if any.
        device
            Where to compute.
        """
        if not self.paths:
            raise InputError("Choose images: files, a folder, or the layers that are open.")
        run = self.run or in_use
        if run is None:
            raise InputError(
                "There are no networks in use: train some under 2 Train, or choose a run folder."
            )
        network_files(run)
        folder = self.folder or propose_folder(self.paths)
        return BatchRequest(
            run, self.paths, self.recursive, self.glob.strip(), folder, self.options, device
        )


@dataclass(frozen=True)
class BatchRequest:
    """A batch, completely said."""

    run: Path
    paths: tuple[Path, ...]
    recursive: bool
    glob: str
    folder: Path
    options: BatchOptions
    device: str = "auto"

    def arguments(self, *flags: str, listed: Path | None = None) -> tuple[str, ...]:
        """Of ``napari-im``; ``listed`` names the images instead of the command."""
        images = map(str, self.paths) if listed is None else ("--list", str(listed))
        words = ("batch", str(self.run), *images, "--out", str(self.folder))
        return (*words, *self._changed(), *flags)

    @property
    def is_long(self) -> bool:
        """Whether the images are too many to be named in a command."""
        return sum(len(str(path)) + 3 for path in self.paths) > LONGEST_COMMAND

    def _changed(self) -> Iterator[str]:
        """Flags for what is not as without them."""
        options, usual = self.options, BatchOptions()
        if self.recursive and any(map(_is_folder, self.paths)):
            yield "--recursive"
        if self.glob:
            yield from ("--glob", self.glob)
        if options.axes:
            yield from ("--axes", options.axes)
        for channel in options.channels:
            yield from ("--channel", str(channel))
        if options.frames != usual.frames:
            first, stop = ("" if end is None else str(end) for end in options.frames)
            yield f"--frames={first}:{stop}"
        if set(options.write) != set(DEFAULT_WRITES):
            yield f"--write={','.join(options.write)}"
        if options.format != usual.format:
            yield from ("--format", options.format)
        if options.compression != usual.compression:
            yield from ("--compression", options.compression)
        if self.device != "auto":
            yield from ("--device", self.device)


def _is_folder(path: Path) -> bool:
    return path.suffix.lower() not in IMAGE_SUFFIXES and path.is_dir()


def propose_folder(paths: Sequence[Path]) -> Path:
    """A folder beside what was chosen that does not exist yet."""
    first = paths[0]
    if len(paths) == 1:
        name = first.name if first.is_dir() and not first.suffix else first.stem
    else:
        name = first.parent.name
    wanted = first.parent / f"{name}-results"
    candidates = (wanted.with_name(f"{wanted.name}-{n}") for n in range(2, 1000))
    return (
        wanted if not wanted.exists() else next((c for c in candidates if not c.exists()), wanted)
    )


def files_of(layers: Iterable[tuple[str, Path | None]]) -> tuple[tuple[Path, ...], str]:
    """The files of layers, none twice, and in a sentence which layers have none.

    Parameters
    ----------
    layers
        Name and file of each.
    """
    paths: dict[Path, None] = {}
    without = []
    for name, path in layers:
        if path is None or not path.exists():
            without.append(repr(name))
        else:
            paths[path] = None
    if not without:
        return tuple(paths), ""
    names = ", ".join(without[:3]) + (f" and {len(without) - 3} more" if len(without) > 3 else "")
    return tuple(paths), (
        f"Not on disk: {names}. A batch reads files: save such a layer with File > Save Selected "
        f"Layers and choose the file, or predict it under 3 Look."
    )


def choice_of(results: BatchResults) -> BatchChoice:
    """What was chosen for a batch whose results are there, to go on with it.

    Raises
    ------
    InputError
        If its folder does not say what was asked for, or the networks are gone.
    """
    plan = results.plan
    if not plan.inputs.paths:
        raise InputError(
            f"{plan.folder}: does not say which files and folders were given; choose them again, "
            f"and this folder for the results."
        )
    run = Path(plan.model.path)
    network_files(run)
    return BatchChoice(
        tuple(map(Path, plan.inputs.paths)),
        plan.inputs.recursive,
        plan.inputs.glob or "",
        run,
        Path(plan.folder),
        plan.options,
    )
