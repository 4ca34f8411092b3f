"""A folder of images with masks: anybody's own data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ...arguments import checked
from ...errors import InputError
from ...intensity import Intensity
from ...task import Task
from ..masks import ClassIds
from ..origin import describe
from ..sample import SegmentationData
from .duplicates import refuse_duplicates
from .file_source import FileSource, ItemReader
from .groups import Groups, assign
from .known import limit_labels
from .layout import choose_layout
from .pairing import Pair, common_channels, pair_files
from .scan import scan
from .split_lists import SplitLists, read_split_lists


@checked
def load_folder(
    path: str | Path,
    classes: str | Sequence[str] | None = None,
    *,
    task: Task | str | None = None,
    position: str | None = None,
    images: str | None = None,
    masks: str | None = None,
    labeled: int | float | str | Sequence[str] | None = None,
    validation: float = 0.2,
    test: float = 0.0,
    seed: int = 0,
    intensity: Intensity = Intensity(),  # noqa: B008  frozen
    free_rotation: bool = True,
    zero_is_unlabeled: bool = False,
    ignore_value: int | None = None,
) -> SegmentationData:
    """Read a folder of images and masks; files are opened when their samples are asked for.

    The folder holds one folder of images (``images``, ``image``, ``brightfield``, ``raw``, ``img``)
    and either one folder of masks per class, which may overlap (multi-label; binary if there is
    one), or one folder of class ids (multi-class). An image and its masks have the same name but
    for the extension (PNG, TIFF, BMP, JPEG); subfolders are not looked into. A mask of a class may
    also be ImageJ ROIs (``.zip`` or ``.roi``), see `RoiMasks`. An image without any mask is
    unlabeled. A TIFF stack is one image per frame, and its masks are stacks of the same length, or
    ROIs that say on which frame they lie. Of a mask with a palette the shown colors count, black
    being background; of class ids its indices. A mask that is drawn in transparency is refused.

    A folder ``known`` is never a class. Its masks, named like images too, are above 0 where the
    labels of their image count, such as in boxes that are labeled completely; nothing is learned
    or scored from labels elsewhere. An image that is labeled only in part is in ``labeled`` and,
    if it is for training, in ``unlabeled`` as well. One whose mask in ``known`` is empty is
    unlabeled, and one without such a mask is labeled everywhere.

    Lists in a folder ``splits`` are obeyed; see `read_split_lists`. Whole files are split,
    never frames.

    Parameters
    ----------
    path
        The folder.
    classes
        Folder names, one per class (of one class, its name), or for multi-class labels the class
        names in the order of the ids 0, 1, 2 ... Without them every folder of plain masks is a
        class, and where there is none but positions, every folder of numbered objects as well.
    task
        The label kind; without it one class is binary, several folders are multi-label, and several
        names for one folder are multi-class.
    position
        The class whose spots mark cell positions.
    images, masks
        Name of the folder of images, and of the one folder of masks for all classes.
    labeled
        How many images for training (int), which share of them (float), or which (names, or the
        name of a list in ``splits``) count as labeled. The others' labels are hidden. Numbers and
        shares begin with a seeded shuffle of the list of labeled images. By default all that have
        masks, or those of that list.
    validation, test
        Shares of the labeled images to set aside where no list says so.
    seed
        Of everything drawn at random.
    intensity
        How gray values become 0 to 255.
    free_rotation
        Whether rotated and flipped images are as likely as upright ones.
    zero_is_unlabeled
        Multi-class: id 0 means that nobody said what is there, and the names are ids 1, 2, 3 ...
    ignore_value
        Multi-class: a further id that means the same.

    Raises
    ------
    InputError
        For anything that would otherwise go wrong later, or go unnoticed: no images or labels,
        shapes that differ, images with some of their masks, unreadable files, unnamed class ids,
        unknown names in lists, the same image in training and validation. The message names the
        file.
    """
    origin = describe("folder", locals())
    root = Path(path).resolve()
    if isinstance(classes, str):
        classes = (classes,)
    layout = choose_layout(
        root,
        classes,
        task=None if task is None else _task(task),
        position=position,
        images=images,
        masks=masks,
    )
    pairs, notes = pair_files(layout)
    if layout.known is not None:
        pairs, more = limit_labels(pairs, root / layout.known)
        notes += more
    lists = _lists(root, pairs, labeled)
    groups = assign(
        pairs,
        lists,
        labeled=None if isinstance(labeled, str) else labeled,
        validation=validation,
        test=test,
        seed=seed,
    )
    _refuse_duplicates(pairs, groups)
    reader = ItemReader(
        layout.scheme,
        common_channels(pairs.values()),
        intensity,
        ClassIds(len(layout.scheme.classes), zero_is_unlabeled, ignore_value),
    )
    sources = _sources(reader, pairs, groups)
    notes = [*layout.notes, *notes, *groups.notes]
    notes += scan(sources["labeled"], sources["validation"], layout.scheme)
    return SegmentationData(
        name=root.name,
        scheme=layout.scheme,
        channels=reader.channels,
        intensity=intensity,
        free_rotation=free_rotation,
        validation_is_training=groups.validation_is_training,
        named=_named(pairs, groups, lists or SplitLists()),
        notes=tuple(notes),
        paper={},
        origin=origin,
        **sources,
    )


def _task(task: str) -> Task:
    try:
        return Task(task)
    except ValueError:
        kinds = ", ".join(kind.value for kind in Task)
        raise InputError(f"task={task!r}: give one of {kinds}.") from None


def _lists(
    root: Path, names: Collection[str], labeled: float | str | Sequence[str] | None
) -> SplitLists | None:
    chosen = labeled if isinstance(labeled, str) else None
    lists = read_split_lists(root, names, labeled=chosen)
    if chosen is not None and lists is None:
        raise InputError(f"labeled {chosen!r}: {root.name} has no folder splits with lists.")
    return lists


def _named(pairs: Mapping[str, Pair], groups: Groups, lists: SplitLists) -> frozenset[str]:
    """The labeled samples that lists gave to training or validation."""
    files = [
        *(groups.labeled if lists.train is not None else ()),
        *(groups.validation if lists.validation is not None else ()),
    ]
    return frozenset(item.name for file in files for item in pairs[file].labeled_items)


def _sources(
    reader: ItemReader, pairs: Mapping[str, Pair], groups: Groups
) -> dict[str, FileSource]:
    """The samples of each group, by the name of the group in `SegmentationData`."""

    def source(names: Sequence[str]) -> FileSource:
        return FileSource(reader, [item for name in names for item in pairs[name].labeled_items])

    whole = set(groups.unlabeled)
    unlabeled = [
        item
        for name in sorted(whole.union(groups.labeled))
        for item in (pairs[name].items if name in whole else pairs[name].partly_unlabeled_items)
    ]
    return {
        "labeled": source(groups.labeled),
        "unlabeled": FileSource(reader, unlabeled, with_target=False),
        "hidden": source(groups.hidden),
        "validation": source(groups.validation),
        "test": source(groups.test),
    }


def _refuse_duplicates(pairs: Mapping[str, Pair], groups: Groups) -> None:
    named = {
        "training": (*groups.labeled, *groups.unlabeled),
        "validation": () if groups.validation_is_training else groups.validation,
        "test": groups.test,
    }
    refuse_duplicates(
        {group: [pairs[name].image for name in names] for group, names in named.items()}
    )
