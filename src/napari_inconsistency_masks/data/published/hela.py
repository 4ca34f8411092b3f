"""The HeLa data set of the paper (arXiv 2401.14387): brightfield with alive, dead, position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...arguments import checked
from ...errors import InputError
from ...files.names import folder_name
from ...intensity import Intensity
from ...task import LabelScheme, Task
from ..origin import describe
from ..sample import Sample, SegmentationData
from ..sources import ItemSource
from ..splits import choose_labeled
from .crops import crop_positions, cut_crop
from .hela_images import IMAGES, HelaFiles, HelaImages
from .image_tree import ImageTree, open_tree
from .pairs import Layout, no_test_split

SCHEME = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), position="position")

LAYOUT = Layout(
    "HeLa",
    (f"train_full/{IMAGES}",),
    "The authors of arXiv 2401.14387 publish it as a ZIP; give that, or the folder that holds "
    "train_full, val and test, unpacked or each as a ZIP",
)
_PARTS = ("train_full", "val", "test")


@checked
def load_hela(
    path: str | Path,
    *,
    labeled: int | float = 0.1,
    seed: int = 42,
    split_by: Literal["crop", "image"] = "crop",
    crop: int = 256,
    overlap: float = 0.6,
    keep_duplicates: bool = False,
    intensity: Intensity = Intensity(),  # noqa: B008  frozen
) -> SegmentationData:
    """Read the HeLa data set, cut into crops as in the paper.

    The folder or ZIP archive holds ``train_full``, ``val`` and ``test`` (at the top, in
    ``original_data`` or below), each with ``brightfield``, ``alive``, ``dead`` and one of
    ``mod_position`` (markers of even size), ``position`` or ``pos`` (raw markers, which are redrawn
    with `redraw_markers`, as the reference does once). Files are paired by name. Nothing is
    unpacked or written; images are read when their crops are asked for.

    Parameters
    ----------
    path
        Folder or ZIP archive.
    labeled
        Share (float) or number (int) of the training crops (or images) that counts as labeled. The
        paper's random choice depends on the order in which its computer listed the files; here
        names are sorted first.
    seed
        Of that choice.
    split_by
        "crop" is the paper's: labeled and unlabeled crops may come from one image and then share
        pixels. "image" keeps them apart.
    crop, overlap
        See `crop_positions`; images smaller than a crop are used whole.
    keep_duplicates
        Whether equal crops at the right and lower edge are kept, as in the paper.
    intensity
        How gray values of images with more than 8 bits become 0 to 255.

    Raises
    ------
    InputError
        If folders or masks are missing, shapes differ, or a file cannot be read.
    """
    origin = describe("hela", locals())
    tree = open_tree(path)
    folders = find_parts(tree, Path(path))
    reader = HelaImages(tree, intensity)
    crops = {
        part: _crops(reader, folder, crop, overlap, keep_duplicates)
        for part, folder in folders.items()
    }
    for part in ("train_full", "val"):
        if not crops[part]:
            raise InputError(
                f"{folder_name(path)}: there are no images in {folders[part]}/{IMAGES}; complete "
                f"the download, or unpack it again."
            )
    if not crops.setdefault("test", []):
        reader.notes.append(no_test_split(f"test/{IMAGES}"))
    train, chosen = crops["train_full"], _choose(crops["train_full"], labeled, seed, split_by)
    unlabeled = [item for item in train if item not in chosen]
    cropped = _CropReader(reader)
    return SegmentationData(
        name="HeLa",
        scheme=SCHEME,
        channels=1,
        intensity=intensity,
        labeled=ItemSource(cropped, [item for item in train if item in chosen]),
        unlabeled=ItemSource(cropped, unlabeled, with_target=False),
        hidden=ItemSource(cropped, unlabeled),
        validation=ItemSource(cropped, crops["val"]),
        test=ItemSource(cropped, crops["test"]),
        notes=tuple(reader.notes),
        origin=origin,
    )


def find_parts(tree: ImageTree, path: Path) -> dict[str, str]:
    """The folders of ``train_full``, ``val`` and perhaps ``test``.

    They lie side by side; only if ``train_full`` came as an archive, or in a folder, of its own,
    the others are looked for beside that.

    Raises
    ------
    InputError
        If ``train_full`` or ``val`` is missing.
    """
    first = tree.find(f"original_data/{_PARTS[0]}/{IMAGES}")
    first = first or LAYOUT.require(tree, path, f"{_PARTS[0]}/{IMAGES}")
    folders = {_PARTS[0]: first.removesuffix(f"/{IMAGES}")}
    base = first.removesuffix(f"{_PARTS[0]}/{IMAGES}")
    home = _home(folders[_PARTS[0]])
    for part in _PARTS[1:]:
        if tree.files(f"{base}{part}/{IMAGES}"):
            folders[part] = f"{base}{part}"
            continue
        found = None if home is None else tree.find(f"{part}/{IMAGES}")
        if found is not None and found.startswith(home or ""):
            folders[part] = found.removesuffix(f"/{IMAGES}")
    if "val" not in folders:
        LAYOUT.require(tree, path, f"{base}val/{IMAGES}")
        folders["val"] = f"{base}val"  # without images
    return folders


def _home(train: str) -> str | None:
    """The folder in which ``train_full`` lies in an archive or folder of its own; else None."""
    above = train.split("/")
    archives = [n for n, name in enumerate(above) if name.lower().endswith(".zip")]
    if archives:
        return "".join(f"{name}/" for name in above[: archives[0]])
    if above[-2:] == [_PARTS[0]] * 2:
        return "".join(f"{name}/" for name in above[:-2])
    return None


@dataclass(frozen=True)
class _Crop:
    name: str
    files: HelaFiles
    position: tuple[int, int]
    size: int

    @property
    def image(self) -> str:
        """The file it is cut from."""
        return self.files.image


@dataclass(frozen=True)
class _CropReader:
    """Cuts crops from the images."""

    images: HelaImages

    def read(self, crop: _Crop, *, with_target: bool) -> Sample:
        whole = self.images.read(crop.files, with_target=with_target)
        return cut_crop(whole, crop.name, crop.position, crop.size)


def _crops(
    reader: HelaImages, part: str, crop: int, overlap: float, keep_duplicates: bool
) -> list[_Crop]:
    """Crops of all images of a part, named and numbered as the reference does."""
    crops = []
    for files in reader.pair(part):
        height, width = reader.check(files)
        positions = list(enumerate(crop_positions(height, width, crop, overlap)))
        if not keep_duplicates:
            first = {position: number for number, position in reversed(positions)}
            positions = sorted((number, position) for position, number in first.items())
        crops += [_Crop(f"{files.name}_{k}", files, position, crop) for k, position in positions]
    return crops


def _choose(crops: Sequence[_Crop], amount: float, seed: int, split_by: str) -> set[_Crop]:
    if split_by == "image":
        images = set(choose_labeled({crop.files.name for crop in crops}, amount, seed))
        return {crop for crop in crops if crop.files.name in images}
    names = set(choose_labeled([crop.name for crop in crops], amount, seed))
    return {crop for crop in crops if crop.name in names}
