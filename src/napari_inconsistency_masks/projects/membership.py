"""Which images a project has: how one comes in, gets a copy of its own, leaves, and comes back."""

from __future__ import annotations

import filecmp
from collections.abc import Collection, Iterable
from pathlib import Path

from ..files.guard import refusing
from ..files.images import read_header
from .content import Content, ImageEntry, SplitName
from .image_files import (
    copy_image,
    describe_image,
    describe_moved,
    fingerprint,
    refuse_known_file,
    refuse_own_file,
    stored_path,
    where,
)
from .layout import CORRECTIONS, IMAGES, new_image_id


def with_image(
    content: Content, path: Path, project: Path, *, copy: bool, split: SplitName | None
) -> tuple[Content, ImageEntry]:
    """The content with a file that is added, and its entry; see `Project.add_image`."""
    read_header(path)
    refuse_own_file(path, project)
    refuse_known_file(path, project, content.images)
    entry = _known_before(content.removed, path, project)
    if entry is None or not (is_own_copy(entry) and where(entry, project).is_file()):
        used = _used_ids(project, (*content.images, *content.removed))
        image_id = new_image_id(path.name, used) if entry is None else entry.id
        place = _copied(path, image_id, project) if copy else path
        new = describe_image(place, image_id, stored_path(place, project))
        entry = new if entry is None else entry.model_copy(update={"path": new.path})
    if split is not None:
        entry = entry.model_copy(update={"split": split})
    removed = tuple(other for other in content.removed if other.id != entry.id)
    lists = {"images": (*content.images, entry), "removed": removed}
    return content.model_copy(update=lists), entry


def without_images(content: Content, image_ids: Collection[str]) -> Content:
    """The content without some images, which can come back."""
    gone = [image for image in content.images if image.id in image_ids]
    stay = [image for image in content.images if image.id not in image_ids]
    lists = {"images": tuple(stay), "removed": (*content.removed, *gone)}
    return content.model_copy(update=lists)


def with_own_copy(image: ImageEntry, project: Path) -> ImageEntry:
    """The entry of an image once its file is copied into ``images``; see `Project.copy_image`."""
    if is_own_copy(image):
        return image
    path = where(image, project)
    describe_moved(path, image, project, other_content=False)
    copied = _copied(path, image.id, project)
    return image.model_copy(update={"path": stored_path(copied, project)})


def is_own_copy(image: ImageEntry) -> bool:
    """Whether the file of an image is a copy that belongs to the project."""
    return image.path.startswith(f"{IMAGES}/")


def _copied(path: Path, image_id: str, project: Path) -> Path:
    target = project / IMAGES / f"{image_id}{path.suffix.lower()}"
    copy_image(path, target)
    return target


def _used_ids(project: Path, images: Iterable[ImageEntry]) -> set[str]:
    """Ids of images, and of files and labels that are an image's whose entry was lost."""
    folders = (project / name for name in (CORRECTIONS, IMAGES))
    lost = {path.stem for folder in folders if folder.is_dir() for path in folder.iterdir()}
    return lost | {image.id for image in images}


def _known_before(removed: Iterable[ImageEntry], path: Path, project: Path) -> ImageEntry | None:
    """The entry of a file that was in the project before; of one that is gone the hash decides."""
    own = fingerprint(path)
    for image in removed:
        before = where(image, project)
        with refusing(path):
            if image.fingerprint == own and (
                not before.is_file() or filecmp.cmp(path, before, shallow=False)
            ):
                return image
    return None
