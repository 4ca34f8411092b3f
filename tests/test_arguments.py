"""What a stranger gives to the functions of the package by mistake is refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import napari_inconsistency_masks as im
from napari_inconsistency_masks.arguments import checked
from napari_inconsistency_masks.devices import choose_precision
from toy import QUICK, toy_data

IMAGE = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
untyped: Any = im
"""The package as it is used by somebody whose types nobody checks."""


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """A folder of six images with a square cell in each."""
    for number in range(6):
        image = np.random.default_rng(number).integers(0, 256, (20, 30), dtype=np.uint8)
        mask = np.zeros((20, 30), np.uint8)
        mask[2:7, number : number + 5] = 255
        for folder, array in (("images", image), ("cell", mask)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(array).save(tmp_path / folder / f"{number}.png")
    return tmp_path


@pytest.fixture(scope="module")
def networks() -> Any:
    return im.load(str(files("napari_inconsistency_masks") / "demo_model"), device="cpu")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"config": "quick"}, r"config='quick': give settings such as PRESETS\['quick'\] or None"),
        ({"config": {"members": 2}}, "config={'members': 2}: give settings such as"),
        ({"config": im.TrainConfig}, "config=<class TrainConfig>: give settings"),
        ({"data": "my_cells"}, "data='my_cells': give a data set such as load_folder gives"),
        ({"data": None}, "data=None: give a data set"),
        ({"recipe": 3}, "recipe=3: give a recipe such as RECIPES"),
        ({"folder": ""}, "folder='': give a path"),
        ({"folder": None}, "folder=None: give a path"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    usual = {"recipe": "im", "data": toy_data(), "config": QUICK, "folder": tmp_path / "run"}
    with pytest.raises(im.InputError, match=said):
        untyped.train(**{**usual, **given})
    assert not list(tmp_path.iterdir())


def test_python_says_itself_what_is_missing() -> None:
    with pytest.raises(TypeError, match=r"train\(\) missing 1 required .* 'folder'"):
        untyped.train("im", toy_data())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: untyped.retrain("old", minutes="5", folder="new"), "minutes='5': give a num"),
        (lambda: untyped.resume(["run"]), r"folder=\['run'\]: give a path"),
        (lambda: untyped.choose_generation("run", "0"), "generation='0': give a whole number"),
        (lambda: untyped.load(None), "path=None: give a path"),
        (lambda: untyped.find_consensus(IMAGE), "prediction=<ndarray>: give a prediction"),
        (lambda: untyped.count_cells("run"), "consensus='run': give a consensus"),
        (lambda: untyped.measure_areas(IMAGE), "consensus=<ndarray>: give a consensus"),
        (lambda: untyped.disagreement(None), "consensus=None: give a consensus"),
        (lambda: untyped.read_count_ratios(3), "run=3: give a path"),
        (lambda: untyped.load_project(3), "path=3: give a path"),
        (lambda: untyped.load_hela([]), r"path=\[\]: give a path"),
        (lambda: untyped.load_synthetic(size=64), "size=64: give a list of numbers"),
        (lambda: untyped.LabelScheme("binary", ("a",)), "task='binary': give a Task such as"),
        (lambda: im.LabelScheme(im.Task.BINARY, untyped.__all__), "give a tuple of names"),
        (lambda: im.TrainConfig(pseudo_labels=untyped), r"give PseudoLabelConfig\(\.\.\.\)"),
    ],
)
def test_other_types_are_refused(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(im.InputError, match=said):
        call()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"classes": [1, 2]}, r"classes=\[1, 2\]: give text or a list of names or None"),
        ({"classes": {"cells"}}, "classes={'cells'}: give text or a list of names"),
        ({"validation": "0.2"}, "validation='0.2': give a number such as 0.1"),
        ({"validation": float("nan")}, "Shares of nan for validation"),
        ({"seed": 1.5}, "seed=1.5: give a whole number"),
        ({"labeled": True}, "labeled=True: give a whole number"),
        ({"free_rotation": "no"}, "free_rotation='no': give true or false"),
        ({"intensity": "auto"}, "intensity='auto': give an Intensity such as"),
    ],
)
def test_what_a_folder_cannot_be_read_with_is_refused(
    cells: Path, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(im.InputError, match=said):
        untyped.load_folder(cells, **given)


def test_a_file_is_no_folder_of_images(cells: Path) -> None:
    with pytest.raises(im.InputError, match="this is a file; give the folder"):
        im.load_folder(cells / "images" / "0.png")


def test_numbers_of_numpy_are_numbers(cells: Path) -> None:
    data = untyped.load_folder(
        cells, labeled=np.int64(2), validation=np.float32(0.25), seed=np.int64(3)
    )
    assert len(data.labeled) == 2
    assert data.origin is not None
    assert {type(data.origin[name]) for name in ("labeled", "validation", "seed")} == {int, float}


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("a.png", "image='a.png': give the pixels, as skimage.io.imread or tifffile.imread read"),
        (Path("a.png"), "give the pixels"),
        (None, "an image of the type NoneType with object values"),
        ([[1, 2], [3]], "an image of the type list with object values: give an array of whole or"),
        (IMAGE.astype(complex), "with complex128 values"),
        (IMAGE.astype(str), "an image of the type ndarray with <U"),
        ([], r"an image of shape \(0,\)"),
        (IMAGE * np.nan, "no pixel has a value"),
    ],
)
def test_what_is_no_image_is_not_predicted(networks: Any, image: Any, said: str) -> None:
    with pytest.raises(im.InputError, match=said):
        im.predict(networks, image)


def test_a_list_of_rows_is_an_image(networks: Any) -> None:
    with pytest.warns(UserWarning, match="these pixels are stretched"):
        listed, whole = (untyped.predict(networks, image) for image in (IMAGE.tolist(), IMAGE))
    assert (listed.probability == whole.probability).all()


def test_a_note_on_an_image_names_the_line_that_predicts_it(networks: Any) -> None:
    with pytest.warns(UserWarning, match="these pixels are stretched") as noted:
        im.predict(networks, IMAGE)
    assert {Path(note.filename).name for note in noted} == {"test_arguments.py"}


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([], "no samples to score"),
        ("my_cells", "samples='my_cells': give samples such as data.test"),
        (toy_data(), "samples=<SegmentationData>: give samples such as data.test"),
        ([IMAGE], r"sample=<ndarray>: give a sample such as data.test\[0\]"),
    ],
)
def test_what_cannot_be_scored_is_refused(networks: Any, samples: Any, said: str) -> None:
    with pytest.raises(im.InputError, match=said):
        im.evaluate(networks, samples)


def test_a_data_set_of_arrays_is_refused(tmp_path: Path) -> None:
    scheme = toy_data().scheme
    data = untyped.SegmentationData("mine", scheme, 1, [IMAGE], validation=[IMAGE])
    with pytest.raises(im.InputError, match="sample=<ndarray>: give a sample"):
        next(im.train("labeled", data, QUICK, folder=tmp_path / "run"))


def test_an_unknown_precision_is_refused() -> None:
    import torch

    with pytest.raises(im.InputError, match="Precision 'half': give 'auto', 'float32' or"):
        choose_precision(torch.device("cpu"), "half")


def test_names_of_types_that_are_not_imported_are_passed_on() -> None:
    @checked
    def shout(word: str, how: Unimported) -> str:  # type: ignore[name-defined]  # noqa: F821
        return word.upper() + str(how)

    assert shout("a", 3) == "A3"
    with pytest.raises(im.InputError, match=r"word=3: give text\."):
        shout(3, 3)  # type: ignore[arg-type]
