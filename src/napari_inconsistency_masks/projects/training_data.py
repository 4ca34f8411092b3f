"""The data set that a project is: what is labeled, and all frames that are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..arguments import checked
from ..data.folders.duplicates import refuse_duplicates
from ..data.folders.file_source import FileSource, Item, ItemReader
from ..data.folders.groups import Groups, assign
from ..data.folders.pairing import Pair, common_channels
from ..data.folders.scan import scan
from ..data.folders.split_lists import SplitLists
from ..data.masks import ClassIds
from ..data.origin import describe
from ..data.sample import SegmentationData
from ..data.splits import split_files
from ..errors import InputError
from ..files.header import ImageHeader
from ..files.images import read_header
from ..files.names import about, listed
from ..intensity import Intensity
from .content import ImageEntry
from .corrections import Corrections, training_files
from .image_files import content_remark, where
from .project import Project


@checked
def load_project(
    path: str | Path,
    *,
    corrections: str | Path | None = None,
    validation: float = 0.2,
    seed: int = 0,
    intensity: Intensity = Intensity(),  # noqa: B008  frozen
    free_rotation: bool = True,
) -> SegmentationData:
    """Read a project folder; files are opened when their samples are asked for.

    A frame on which anything is drawn is labeled, or which has a label box. Labels with boxes count
    inside of them only; such a frame is also among the unlabeled ones, as the rest of it is. So are
    all other frames of images for training. Whole files are split, never frames: the frames of a
    validation image that are not labeled are not used.

    Parameters
    ----------
    path
        The project folder.
    corrections
        A folder with copies of the labels, made by `Corrections.copy_to`, that are used instead of
        those in the project: for a run that is to go on as it began while a person draws. Images
        labeled there are used even if they were removed from the project since.
    validation
        Share of the labeled image files to set aside, if no image is said to be for validation.
        Images said to be for training are never set aside.
    seed
        Of everything drawn at random.
    intensity
        How gray values become 0 to 255.
    free_rotation
        Whether rotated and flipped images are as likely as upright ones.

    Raises
    ------
    InputError
        If nothing is labeled, a labeled image is missing, a file has changed its size or cannot be
        read, all saves of a frame's labels are damaged, or an image for training is also one for
        validation.
    """
    origin = describe("project", locals())
    project = Project.open(path)
    if corrections is not None:
        project.corrections = Corrections(_existing(corrections), project.scheme)
    notes: list[str] = []
    images = _read_images(project, _entries(project, began=corrections is not None), notes)
    pairs = {name: image.pair for name, image in images.items()}
    groups = assign(
        pairs,
        _lists(images, validation, seed),
        labeled=None,
        validation=0.0,
        test=0.0,
        seed=seed,
    )
    _refuse_duplicates(pairs, groups)
    reader = ItemReader(
        project.scheme,
        common_channels(pairs.values()),
        intensity,
        ClassIds(len(project.scheme.classes), zero_is_unlabeled=True),
    )
    labeled = FileSource(reader, _labeled(images, groups.labeled))
    held_out = FileSource(reader, _labeled(images, groups.validation))
    training = sorted({*groups.labeled, *groups.unlabeled})
    notes += [*groups.notes, *scan(labeled, held_out, project.scheme)]
    return SegmentationData(
        name=project.folder.name,
        scheme=project.scheme,
        channels=reader.channels,
        intensity=intensity,
        labeled=labeled,
        unlabeled=FileSource(
            reader, [item for name in training for item in images[name].unlabeled], False
        ),
        validation=held_out,
        free_rotation=free_rotation,
        validation_is_training=groups.validation_is_training,
        named=frozenset(
            item.name
            for image in images.values()
            if image.entry.split is not None
            for item in image.labeled
        ),
        notes=tuple(notes),
        origin=origin,
    )


@dataclass
class _Image:
    """An image file with the items of its labeled and its (partly) unlabeled frames."""

    entry: ImageEntry
    path: Path
    header: ImageHeader
    labeled: list[Item] = field(default_factory=list)
    unlabeled: list[Item] = field(default_factory=list)

    @property
    def pair(self) -> Pair:
        """For splitting by file; the masks only say whether there are any."""
        masks = self.labeled[0].masks if self.labeled else ()
        return Pair(self.entry.id, self.path, masks, self.header)


def _entries(project: Project, *, began: bool) -> Sequence[ImageEntry]:
    """All images; for a run that began, also those it learns from that left the project since."""
    left = [image for image in project.removed if began and _has_labels(project, image.id)]
    return (*project.images, *left)


def _read_images(
    project: Project, entries: Sequence[ImageEntry], notes: list[str]
) -> dict[str, _Image]:
    paths = {entry.id: where(entry, project.folder) for entry in entries}
    missing = [name for name, path in paths.items() if not path.is_file()]
    lost = [name for name in missing if _has_labels(project, name)]
    if lost:
        raise InputError(
            f"The files of {listed(lost)} are labeled and not where they were: look for them "
            f"(find_missing) and say where they are now (relocate)."
        )
    if missing:
        notes.append(f"Not there any more, so left out: {listed(missing)}.")
    images = {
        entry.id: _read_image(project, entry, paths[entry.id], notes)
        for entry in entries
        if entry.id not in missing
    }
    return dict(sorted(images.items()))


def _read_image(project: Project, entry: ImageEntry, path: Path, notes: list[str]) -> _Image:
    header = read_header(path)
    if (header.frame_count, header.size_yx) != (entry.frames, entry.size):
        raise InputError(
            about(
                path,
                f"changed: {header.frame_count} frames of {header.size_yx}, and it had "
                f"{entry.frames} of {entry.size} when it was added to the project.",
            )
        )
    image = _Image(entry, path, header)
    saved = project.corrections.frames(entry.id)
    for frame in range(entry.frames):
        item = _labeled_item(project, image, frame, notes) if frame in saved else None
        if item is not None:
            image.labeled.append(item)
        if item is None:
            image.unlabeled.append(Item(_name(image, frame), path, (), frame))
        elif item.known is not None:
            image.unlabeled.append(replace(item, masks=()))
    if image.labeled and (remark := content_remark(path, entry)):
        notes.append(remark)
    return image


def _labeled_item(project: Project, image: _Image, frame: int, notes: list[str]) -> Item | None:
    version = project.corrections.newest(image.entry.id, frame)
    if version is None or not version.manifest.labeled:
        return None
    name = _name(image, frame)
    if version.note:
        notes.append(f"{name}: {version.note}")
    masks, known = training_files(version, project.scheme)
    known = None if version.manifest.complete else known
    return Item(name, image.path, masks, frame, known=known, mask_frame=0)


def _name(image: _Image, frame: int) -> str:
    label = image.header.frame_label(frame)
    return f"{image.entry.id}[{label}]" if label else image.entry.id


def _existing(folder: str | Path) -> Path:
    if not Path(folder).is_dir():
        raise InputError(about(Path(folder), "there is no such folder with labels."))
    return Path(folder)


def _has_labels(project: Project, image_id: str) -> bool:
    return any(saved.labeled for saved in project.corrections.frames(image_id).values())


def _lists(images: Mapping[str, _Image], share: float, seed: int) -> SplitLists:
    """What a person said images are for; what nobody said is drawn among the labeled ones."""
    said = {name: image.entry.split for name, image in images.items()}
    validation = {name for name, split in said.items() if split == "validation"}
    if not any(images[name].labeled for name in validation):
        labeled = {name for name, image in images.items() if image.labeled}
        free = {name for name in labeled if said[name] is None}
        spare = split_files(free, validation=share, seed=seed)
        validation |= set(spare.validation)
    return SplitLists(validation=frozenset(validation))


def _labeled(images: Mapping[str, _Image], names: Sequence[str]) -> list[Item]:
    return [item for name in names for item in images[name].labeled]


def _refuse_duplicates(pairs: Mapping[str, Pair], groups: Groups) -> None:
    def paths(names: Iterable[str]) -> list[Path]:
        return [pairs[name].image for name in names]

    held_out = () if groups.validation_is_training else groups.validation
    training = paths([*groups.labeled, *groups.unlabeled])
    refuse_duplicates({"training": training, "validation": paths(held_out)})
