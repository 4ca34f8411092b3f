"""Keys that show and hide results."""

from __future__ import annotations

from typing import Any

import pytest
from app_model.types import KeyBinding
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes
from napari.settings import get_settings
from napari.utils.key_bindings import coerce_keybinding
from napari.viewer import Viewer
from open_layers import add_image
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.correcting.keys import MASK_KEY, VOTES_KEY, Keys
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")

OVERLAPPING = LabelScheme(Task.MULTILABEL, ("alive", "dead"))


def bound(viewer: ViewerModel, key: str) -> Any:
    """What a key of the viewer does, or None."""
    return viewer.keymap.get(coerce_keybinding(key))


def press(viewer: ViewerModel, key: str) -> None:
    bound(viewer, key)(viewer)


@pytest.fixture
def predicted(
    viewer: ViewerModel, session: Session, children: list[FakeChild], qtbot: Any
) -> Image:
    """A viewer with an image that is predicted."""
    image = add_image(viewer)
    networks = Networks(children, qtbot, OVERLAPPING)
    networks.load(session)
    networks.predict_all(session)
    return image


@pytest.mark.parametrize(
    ("key", "name"),
    [(MASK_KEY, "inconsistency mask"), (VOTES_KEY, "votes (networks outvoted)")],
)
def test_a_key_shows_and_hides_its_layer(
    viewer: ViewerModel, predicted: Image, key: str, name: str
) -> None:
    layer = viewer.layers[name]
    before = layer.visible
    press(viewer, key)
    assert layer.visible is not before
    press(viewer, key)
    assert layer.visible is before


def test_a_key_of_a_layer_that_is_not_there_does_nothing(
    viewer: ViewerModel, session: Session
) -> None:
    press(viewer, MASK_KEY)
    add_image(viewer)
    press(viewer, VOTES_KEY)


def test_an_image_that_is_not_predicted_leaves_the_keys_to_the_one_before(
    viewer: ViewerModel, session: Session, predicted: Image
) -> None:
    session.looking.choose(add_image(viewer, name="other"))
    press(viewer, MASK_KEY)
    assert not viewer.layers["inconsistency mask"].visible


@pytest.mark.parametrize("key", [MASK_KEY, VOTES_KEY])
def test_napari_does_not_use_the_keys(key: str) -> None:
    wanted = KeyBinding.from_str(key.replace("-", "+"))
    taken = [binding for keys in get_settings().shortcuts.shortcuts.values() for binding in keys]
    assert len(taken) > 50
    assert wanted not in taken
    for provider in (Viewer, Image, Labels, Points, Shapes):
        assert coerce_keybinding(key) not in provider.class_keymap


def test_a_key_that_is_taken_is_left_alone(
    viewer: ViewerModel, caplog: pytest.LogCaptureFixture
) -> None:
    calls = []
    viewer.bind_key("U", lambda _: calls.append("theirs"))
    keys = Keys(viewer, {"U": lambda: calls.append("ours")})
    assert "The key U is taken" in caplog.text
    press(viewer, "U")
    keys.release()
    press(viewer, "U")
    assert calls == ["theirs", "theirs"]


def test_keys_are_free_again_when_the_session_ends(viewer: ViewerModel, session: Session) -> None:
    assert bound(viewer, MASK_KEY) is not None
    session.shut_down()
    assert bound(viewer, MASK_KEY) is None
    assert bound(viewer, VOTES_KEY) is None
