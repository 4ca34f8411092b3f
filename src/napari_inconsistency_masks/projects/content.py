"""What ``project.json`` holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from ..task import LabelScheme, Task
from .layout import IMAGE_ID, check_class_names

SplitName = Literal["train", "validation"]
Length = Annotated[int, Field(ge=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fingerprint(_Model):
    """Tells a file from others: its size in bytes, and a hash of pieces of its content."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: str


class ImageEntry(_Model):
    """An image file of a project.

    Attributes
    ----------
    id
        Name of its folder in ``corrections``; never given to another image.
    path
        Relative to the project folder if the file lies in the folder around that one, else
        absolute.
    frames, size
        How many, and rows and columns of each.
    stack
        Axes over which the frames are counted, with their lengths, in order; None in projects that
        did not note it.
    fingerprint
        By which the file is found again elsewhere.
    split
        What it is for; None leaves that to a seeded draw.
    predicted
        The run whose networks last predicted it, or None.
    """

    id: Annotated[str, Field(pattern=f"^{IMAGE_ID}$", max_length=64)]
    path: Annotated[str, Field(min_length=1)]
    frames: Length
    size: tuple[Length, Length]
    fingerprint: Fingerprint
    stack: tuple[tuple[str, Length], ...] | None = None
    split: SplitName | None = None
    predicted: str | None = None


class SchemeEntry(_Model):
    """A `LabelScheme` in JSON."""

    task: Task
    classes: tuple[str, ...]
    position: str | None = None

    @classmethod
    def of(cls, scheme: LabelScheme) -> Self:
        """The entry of a scheme."""
        return cls(task=scheme.task, classes=scheme.classes, position=scheme.position)

    def scheme(self) -> LabelScheme:
        """The scheme; `InputError` if there cannot be such a one, or not in a project."""
        scheme = LabelScheme(self.task, self.classes, self.position)
        check_class_names(scheme)
        return scheme


class Content(_Model):
    """The content of ``project.json``; images that were `removed` come back when added again."""

    format: Literal[1] = 1
    labels: SchemeEntry
    images: tuple[ImageEntry, ...] = ()
    removed: tuple[ImageEntry, ...] = ()
    settings: dict[str, Any] = {}
