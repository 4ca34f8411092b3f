"""A project: a folder of plain files with images by reference and what a person says about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.names import display_name
from ..files.temporary import sweep
from ..task import LabelScheme
from .content import Content, ImageEntry, SchemeEntry, SplitName
from .content_file import ContentFile
from .corrections import Corrections
from .image_files import KnownFileError, describe_moved, find_moved, refuse_known_file, where
from .labels import FrameLabels
from .layout import (
    BACKUP_FILE,
    CORRECTIONS,
    PROJECT_FILE,
    absolute,
    check_class_names,
)
from .membership import with_image, with_own_copy, without_images
from .status import ImageStatus, image_status

_TOLD_SINGLY = 3
"""Of more files that are known, only their number is told."""


class Project:
    """A project folder; made by `create` and `open`.

    The methods that change ``project.json`` belong to one thread; labels may be read and written
    by several.

    Attributes
    ----------
    folder : Path
        Absolute.
    scheme : LabelScheme
        What the labels mean.
    corrections : Corrections
        The labels of all frames.
    """

    def __init__(self, file: ContentFile) -> None:
        self.folder = file.folder
        self.scheme = file.content.labels.scheme()
        self.corrections = Corrections(
            self.folder / CORRECTIONS, self.scheme, anchor=self.folder / PROJECT_FILE
        )
        self._file = file

    @classmethod
    def create(
        cls,
        folder: str | Path,
        scheme: LabelScheme,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Project:
        """Make a project in a folder, which may exist.

        Raises
        ------
        InputError
            If there is (or was) a project in it, or a class cannot be the name of a file.
        """
        folder = absolute(folder)
        check_class_names(scheme)
        content = Content(labels=SchemeEntry.of(scheme), settings=dict(settings or {}))
        return cls(ContentFile.create(folder, content))

    @classmethod
    def open(cls, folder: str | Path, *, use_backup: bool = False) -> Project:
        """Open the project of a folder.

        Parameters
        ----------
        folder
            With a ``project.json``.
        use_backup
            Whether the backup takes the place of a damaged ``project.json``, which is kept as
            ``project.json.damaged``.

        Raises
        ------
        InputError
            If there is no project, or its file is damaged; the message offers an intact backup.
        """
        folder = absolute(folder)
        if not any((folder / name).exists() for name in (PROJECT_FILE, BACKUP_FILE)):
            raise InputError(f"{display_name(folder)}: there is no project in this folder.")
        project = cls(ContentFile.open(folder, use_backup=use_backup))
        with suppress(OSError):  # leftovers of a crash do no harm
            sweep(folder)
        return project

    @property
    def images(self) -> tuple[ImageEntry, ...]:
        """All images in the order in which they were added."""
        return self._file.content.images

    @property
    def removed(self) -> tuple[ImageEntry, ...]:
        """Images that left the project; what is drawn on them is kept."""
        return self._file.content.removed

    @property
    def settings(self) -> dict[str, Any]:
        """A copy of the settings kept with the project."""
        return dict(self._file.content.settings)

    def image(self, image_id: str) -> ImageEntry:
        """The image of an id; `InputError` if there is none."""
        for image in self.images:
            if image.id == image_id:
                return image
        raise InputError(f"{display_name(self.folder)}: there is no image {image_id!r}.")

    def path_of(self, image_id: str) -> Path:
        """Where the file of an image should be."""
        return where(self.image(image_id), self.folder)

    def add_image(
        self, path: str | Path, *, copy: bool = False, split: SplitName | None = None
    ) -> ImageEntry:
        """Add an image file, which stays where it is.

        Parameters
        ----------
        path
            A PNG, JPEG, BMP or TIFF file; a stack is one image with several frames.
        copy
            Whether to copy the file into ``images`` of the project and use the copy.
        split
            What the image is for.

        Raises
        ------
        InputError
            If the file cannot be read, or is in the project already.
        """
        added, refused = self.add_images([path], copy=copy, split=split)
        if refused:
            raise InputError(refused[0])
        return added[0]

    def add_images(
        self, paths: Iterable[str | Path], *, copy: bool = False, split: SplitName | None = None
    ) -> tuple[list[ImageEntry], list[str]]:
        """Add many image files, as `add_image` does; what is refused does not stop the others.

        Returns
        -------
        added
            The new images, in the order of `paths`.
        left_out
            A sentence for each file that is in the project already or cannot be added. More than
            a few known ones are only counted, in one sentence.
        """
        added, refused, known = list[ImageEntry](), list[str](), list[str]()
        content = self._file.content
        for path in map(absolute, paths):
            try:
                content, entry = with_image(content, path, self.folder, copy=copy, split=split)
                added.append(entry)
            except KnownFileError as error:
                known.append(str(error))
            except InputError as error:
                refused.append(str(error))
        if added:
            self._file.replace(content)
        if len(known) > _TOLD_SINGLY:
            known = [f"{len(known)} of these files are in the project already."]
        return added, [*known, *refused]

    def copy_image(self, image_id: str) -> ImageEntry:
        """Copy an image into ``images``, and use the copy; `InputError` if its file is another."""
        return self._replace(with_own_copy(self.image(image_id), self.folder))

    def remove_images(self, image_ids: Iterable[str]) -> None:
        """Take images out of the project; no file is touched.

        Their labels, counts and own copies stay on disk. All come back, under the same id, when a
        file with the same content is added again.
        """
        gone = {self.image(image_id).id for image_id in image_ids}
        self._file.replace(without_images(self._file.content, gone))

    def relocate(
        self, image_id: str, path: str | Path, *, other_content: bool = False
    ) -> ImageEntry:
        """Say where the file of an image is now.

        Parameters
        ----------
        image_id
            Of the image.
        path
            The file.
        other_content
            Whether other bytes are accepted, as of a file that another program saved again.

        Raises
        ------
        InputError
            If the file has other frames, axes or bytes, another size, or is another image's.
        """
        path, image = absolute(path), self.image(image_id)
        moved = describe_moved(path, image, self.folder, other_content=other_content)
        others = [other for other in self.images if other is not image]
        refuse_known_file(path, self.folder, others)
        return self._replace(moved)

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of images whose file is not where it should be."""
        return tuple(image.id for image in self.images if not where(image, self.folder).is_file())

    def find_missing(self, folder: str | Path, closed: list[str] | None = None) -> dict[str, Path]:
        """By id, where in a folder the missing files are now; call `relocate` for each.

        Names of folders in it that cannot be opened are added to ``closed``.
        """
        closed = [] if closed is None else closed
        return find_moved(map(self.image, self.missing), absolute(folder), closed)

    def set_split(self, image_id: str, split: SplitName | None) -> ImageEntry:
        """Say what an image is for; None leaves that to a seeded draw."""
        return self._replace(self.image(image_id).model_copy(update={"split": split}))

    def mark_predicted(self, runs: Mapping[str, str | None]) -> None:
        """Note the runs whose networks last predicted images, by id; unknown ones are left out."""
        images = [
            image.model_copy(update={"predicted": runs[image.id]}) if image.id in runs else image
            for image in self.images
        ]
        self._file.change(images=tuple(images))

    def change_settings(self, **settings: Any) -> None:
        """Keep settings (JSON values) with the project; those not named stay as they are."""
        self._file.change(settings={**self._file.content.settings, **settings})

    def table(self) -> list[ImageStatus]:
        """What there is of each image, in the order in which they were added."""
        return [
            image_status(image, where(image, self.folder), self.corrections)
            for image in self.images
        ]

    def read_frame(self, image_id: str, frame: int) -> FrameLabels | None:
        """The labels of a frame, or None if none were saved; see `Corrections.read`."""
        self._check_frame(image_id, frame)
        return self.corrections.read(image_id, frame)

    def write_frame(self, image_id: str, frame: int, labels: FrameLabels) -> int:
        """Save the labels of a frame; see `Corrections.write`."""
        size = self._check_frame(image_id, frame).size
        if tuple(labels.size) != size:
            raise InputError(f"{image_id}: labels of {labels.size} pixels for frames of {size}.")
        return self.corrections.write(image_id, frame, labels)

    def _check_frame(self, image_id: str, frame: int) -> ImageEntry:
        image = self.image(image_id)
        if not 0 <= frame < image.frames:
            raise InputError(f"{image_id}: there is no frame {frame} of {image.frames}.")
        return image

    def _replace(self, image: ImageEntry) -> ImageEntry:
        self._file.change(images=tuple(image if old.id == image.id else old for old in self.images))
        return image
