"""Every control changes the config object, and shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from magicgui.widgets import CheckBox, ComboBox, LineEdit
from qtpy.QtCore import QEvent, QLocale, Qt
from qtpy.QtWidgets import QPushButton

from napari_inconsistency_masks.config import AugmentConfig, PseudoLabelConfig, TrainConfig
from napari_inconsistency_masks.method_config import (
    METHOD_GROUPS,
    ConsistencyConfig,
    CrossMatchConfig,
    FixMatchConfig,
    FplConfig,
    ImasConfig,
    SegkcConfig,
    U2plConfig,
    UniMatchConfig,
    UniMatchV2Config,
)
from napari_inconsistency_masks.recipes import PRESETS, RECIPES
from napari_inconsistency_masks.settings import settings
from napari_inconsistency_masks.widgets.pages.setup_form import ELSEWHERE, SetupForm
from napari_inconsistency_masks.widgets.parts.forms import (
    GROUPS,
    Field,
    SettingsForm,
    put,
    setting_names,
)
from napari_inconsistency_masks.widgets.training.setup import TrainSetup

OTHER_CONFIG = TrainConfig(
    members=7,
    network="dinov2",
    encoder_weights="weights.safetensors",
    teachers=3,
    generations=2,
    width=0.75,
    epochs=12,
    steps=34,
    batch=8,
    patch=128,
    learning_rate=0.0007,
    weight_decay=0.02,
    cosine=True,
    settle_norms=True,
    loss="ce+dice",
    position_weight=5.5,
    augment="always",
    augmentation=AugmentConfig(contrast=0.25, brightness=20, blur=1, noise=7),
    pseudo_labels=PseudoLabelConfig(
        erode=3, dilate=5, blank_image=False, blank_label=False, ignore="classes",
        drop_uncertain=False, same_classes=True, reblank=True,
        views=7, markers="labels", score_low=0.3, score_high=0.6,
    ),
    labeled_share=0.4,
    students="method",
    warm_start=True,
    refuse_worse=True,
    correction_share=0.25,
    minutes=2.5,
    follow_collapsed=True,
    seed=42,
    precision="float32",
    device="cuda:1",
    consistency=ConsistencyConfig(strength="high", weight=0.5),
    fixmatch=FixMatchConfig(threshold=0.9, weight=0.5, teacher=0.9),
    fpl=FplConfig(threshold=0.8, weight=2.5, ramp=0.5),
    crossmatch=CrossMatchConfig(
        threshold=0.9, weak_dropout=0.3, strong_dropout=0.6, eta=0.4
    ),
    imas=ImasConfig(threshold=0.8, weight=2.5, decay=0.97),
    u2pl=U2plConfig(
        decay=0.97, unreliable=15.0, contrast=0.5, anchors=128, negatives=40, bank=4000,
        temperature=0.3,
    ),
    unimatch=UniMatchConfig(threshold=0.9, dropout=0.3),
    unimatch_v2=UniMatchV2Config(threshold=0.9, decay=0.97),
    segkc=SegkcConfig(weight=2.5, ramp=0.5, consultation=0.5, narrow=0.75),
)  # fmt: skip
"""Differs from the defaults in every setting."""


def value_of(config: TrainConfig, name: str) -> Any:
    """A setting by its name in a form, such as ``pseudo_labels_erode``."""
    for group, (_, kind) in GROUPS.items():
        for setting in settings(kind):
            if group and name == f"{group}_{setting.name}":
                return getattr(getattr(config, group), setting.name)
    return getattr(config, name)


@pytest.fixture(autouse=True)
def _forms_are_destroyed(qapp: Any) -> Iterator[None]:
    """Those left until a test waits are hundreds: a gigabyte, and most of its patience."""
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def form(qtbot: Any) -> SettingsForm:
    made = SettingsForm("all", setting_names())
    qtbot.addWidget(made)
    return made


@pytest.fixture
def setup_form(qtbot: Any, tmp_path: Path) -> SetupForm:
    made = SetupForm(TrainSetup("paper", tmp_path, lambda: "cells"))
    qtbot.addWidget(made)
    return made


def turn(field: Field, value: Any) -> None:
    """Set a control as a person would: first the box that says it is given, then its value."""
    if field._ticked is not None:
        field._ticked.setChecked(value is not None)
    control = field._control
    native = control.native
    if isinstance(control, CheckBox):
        native.setChecked(value)
    elif isinstance(control, ComboBox):
        native.setCurrentIndex(native.findText(value))
    elif isinstance(control, LineEdit):
        native.setText(value)
    elif value is not None:
        native.setValue(value)


def test_the_example_differs_from_the_defaults_in_every_setting() -> None:
    for name in setting_names():
        assert value_of(OTHER_CONFIG, name) != value_of(TrainConfig(), name), name


def test_a_form_has_every_setting(form: SettingsForm) -> None:
    assert list(form.fields) == setting_names()
    assert set(setting_names()) >= {"members", "pseudo_labels_erode", "augmentation_blur"}


@pytest.mark.parametrize("name", setting_names())
def test_turning_a_control_changes_that_setting_and_no_other(
    form: SettingsForm, qtbot: Any, name: str
) -> None:
    form.show_config(TrainConfig())
    wanted = value_of(OTHER_CONFIG, name)
    with qtbot.waitSignal(form.changed):
        turn(form.fields[name], wanted)
    config = form.apply_to(TrainConfig())
    assert value_of(config, name) == wanted
    assert type(value_of(config, name)) is type(wanted)
    others = [other for other in setting_names() if other != name]
    assert [value_of(config, o) for o in others] == [value_of(TrainConfig(), o) for o in others]


@pytest.mark.parametrize("name", [name for name in setting_names() if name not in ELSEWHERE])
def test_every_control_of_the_section_changes_the_next_run(
    setup_form: SetupForm, name: str
) -> None:
    form = setup_form.basic if name in setup_form.basic.fields else setup_form.more
    wanted = value_of(OTHER_CONFIG, name)
    turn(form.fields[name], wanted)
    _, _, config = setup_form._setup.final("auto")
    assert value_of(config, name) == wanted
    assert config == put(TrainConfig(), {name: wanted})


@pytest.mark.parametrize(
    "config", [OTHER_CONFIG, *PRESETS.values()], ids=["other", *PRESETS.keys()]
)
def test_a_config_that_is_shown_is_read_back_exactly(
    form: SettingsForm, config: TrainConfig
) -> None:
    form.show_config(config)
    assert form.apply_to(TrainConfig()) == config


def test_showing_a_config_tells_nobody(form: SettingsForm, qtbot: Any) -> None:
    with qtbot.assertNotEmitted(form.changed):
        form.show_config(OTHER_CONFIG)


@pytest.mark.parametrize("name", ["steps", "labeled_share", "correction_share", "minutes"])
def test_a_setting_that_may_be_empty(form: SettingsForm, name: str) -> None:
    field = form.fields[name]
    turn(field, value_of(OTHER_CONFIG, name))
    assert field._control.enabled
    turn(field, None)
    assert field.value is None
    assert not field._control.enabled


def test_a_value_with_more_digits_than_are_shown_stays_exact_until_it_is_turned(
    form: SettingsForm,
) -> None:
    form.show_config(replace(TrainConfig(), learning_rate=0.00123456789))
    assert form.apply_to(TrainConfig()).learning_rate == 0.00123456789
    turn(form.fields["learning_rate"], 0.002)
    assert form.apply_to(TrainConfig()).learning_rate == 0.002


@pytest.mark.parametrize("name", setting_names())
def test_every_control_is_named_and_explained(form: SettingsForm, name: str) -> None:
    control = form.fields[name]._control.native
    assert control.objectName() == name
    assert control.accessibleName() == form.fields[name].setting.title
    assert form.fields[name].setting.description in control.toolTip()


NUMBERS = [name for name in setting_names() if type(value_of(OTHER_CONFIG, name)) in (int, float)]


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_cannot_leave_its_limits(form: SettingsForm, name: str) -> None:
    field = form.fields[name]
    low, high = field.setting.minimum, field.setting.maximum
    for beyond in (low - 1, high + 1):
        turn(field, field.setting.kind(min(beyond, 2**31 - 1)))
        assert low <= field.value <= high


DECIMALS = [name for name in NUMBERS if type(value_of(OTHER_CONFIG, name)) is float]
WHOLE = [name for name in NUMBERS if name not in DECIMALS]


def type_into(form: SetupForm, name: str, text: str, qtbot: Any) -> None:
    """Tick the box, if there is one, clear what is there, and press a key after the other."""
    field = {**form.basic.fields, **form.more.fields}[name]
    if field._ticked is not None:
        field._ticked.setChecked(True)
    spin = field._control.native
    qtbot.keyClick(spin, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(spin, Qt.Key.Key_Backspace)
    qtbot.keyClicks(spin, text)


@pytest.fixture(params=["C", "de_DE", "en_US"])
def language(request: Any) -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize("point", [".", ","])
def test_a_number_with_a_point_or_a_comma_can_be_typed(
    language: None, setup_form: SetupForm, point: str, qtbot: Any
) -> None:
    """The settings are shown anew after each digit."""
    for name in DECIMALS:
        low, high = setup_form.more.fields[name].setting.minimum, 1
        wanted = 0.25 if low <= 0.25 <= high else low + 0.25
        type_into(setup_form, name, f"{wanted:g}".replace(".", point), qtbot)
        assert value_of(setup_form._setup.config, name) == pytest.approx(wanted), name


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in ELSEWHERE])
def test_a_whole_number_can_be_typed_whatever_its_first_digits_are(
    setup_form: SetupForm, name: str, qtbot: Any
) -> None:
    """The first one of 128 is less than a patch may be, and of 10 less than there are teachers."""
    setting = {**setup_form.basic.fields, **setup_form.more.fields}[name].setting
    wanted = next(number for number in (128, 10, 3, 2) if setting.minimum <= number and
                  (setting.maximum is None or number <= setting.maximum))  # fmt: skip
    wanted = {"teachers": 2, "pseudo_labels_erode": 13, "pseudo_labels_dilate": 13}.get(
        name, wanted
    )
    before = setup_form._setup.config
    type_into(setup_form, name, str(wanted), qtbot)
    assert setup_form._setup.problem is None
    assert setup_form._setup.config == put(before, {name: wanted})


def test_numbers_that_are_shown_do_not_take_the_focus(setup_form: SetupForm, qtbot: Any) -> None:
    setup_form.show()
    setup_form.activateWindow()
    qtbot.waitUntil(setup_form.isActiveWindow)
    pressed = setup_form.findChild(QPushButton, "train_preset_quick")
    qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)
    assert setup_form.basic.fields["members"].value == PRESETS["quick"].members
    assert pressed.hasFocus()


def test_fewer_networks_take_the_teachers_along(setup_form: SetupForm) -> None:
    turn(setup_form.basic.fields["members"], 1)
    config = setup_form._setup.config
    assert (config.members, config.teachers) == (1, 1)
    assert setup_form._setup.problem is None
    assert setup_form.more.fields["teachers"].value == 1


def test_teachers_come_back_with_the_networks(setup_form: SetupForm) -> None:
    teachers = setup_form._setup.config.teachers
    assert teachers > 1
    turn(setup_form.basic.fields["members"], 1)
    turn(setup_form.basic.fields["members"], 12)
    assert setup_form._setup.config.teachers == teachers
    turn(setup_form.more.fields["teachers"], 4)
    turn(setup_form.basic.fields["members"], 3)
    setup_form.preset.chosen.emit("standard")
    turn(setup_form.basic.fields["members"], 6)
    assert setup_form._setup.config.teachers == PRESETS["standard"].teachers


def test_a_value_between_two_that_are_allowed_is_refused_in_a_sentence(
    setup_form: SetupForm,
) -> None:
    turn(setup_form.more.fields["patch"], 100)
    assert setup_form._setup.problem is not None
    assert "patch = 100" in setup_form._setup.problem
    turn(setup_form.more.fields["patch"], 112)
    assert setup_form._setup.config.patch == 112
    assert setup_form._setup.problem is None


def test_steps_of_the_arrows_keep_to_multiples(form: SettingsForm) -> None:
    control = form.fields["patch"]._control.native
    before = control.value()
    control.stepBy(1)
    assert control.value() == before + 16


def test_a_preset_is_shown_and_its_change_is_said(setup_form: SetupForm, qtbot: Any) -> None:
    turn(setup_form.more.fields["seed"], 5)
    assert "(changed)" in setup_form.disclosure.line.text()
    setup_form.preset.chosen.emit("quick")
    assert setup_form.more.fields["epochs"].value == PRESETS["quick"].epochs
    assert setup_form.preset.value == "quick"
    assert "(changed)" not in setup_form.disclosure.line.text()


def test_the_sentence_of_the_chosen_recipe_is_shown(setup_form: SetupForm) -> None:
    index = setup_form.recipe.findText("Labeled data only (LDT)")
    setup_form.recipe.setCurrentIndex(index)
    setup_form.recipe.activated.emit(index)
    assert setup_form._setup.recipe == "labeled"
    assert setup_form.sentence.text().startswith("Learns from the labeled images alone")


@pytest.mark.parametrize("recipe", RECIPES)
def test_settings_of_the_recipe_s_method_are_shown_and_those_of_no_other(
    setup_form: SetupForm, recipe: str
) -> None:
    setup_form._setup.choose_recipe(recipe)
    shown = {
        field.group
        for field in setup_form.more.fields.values()
        if field.widget.isVisibleTo(setup_form.more)
    }
    own = {RECIPES[recipe].method.replace("-", "_")} & set(METHOD_GROUPS)
    assert shown == {"", "pseudo_labels", "augmentation"} | own
    assert not own or RECIPES[recipe].unlabeled


def test_a_name_is_taken_when_it_is_entered(setup_form: SetupForm) -> None:
    setup_form.name.setText("mine")
    setup_form.name.editingFinished.emit()
    assert setup_form._setup.name == "mine"


def test_a_field_of_its_own_shows_its_default(qapp: Any) -> None:
    for setting in settings(TrainConfig):
        assert Field("", setting).value == setting.default


def test_a_name_that_a_refused_start_gave_back_is_the_next_one(
    setup_form: SetupForm, tmp_path: Path
) -> None:
    setup = setup_form._setup
    setup_form.show()
    (tmp_path / "cells-paper-1").mkdir()  # a start copies what it learns from ...
    setup.changed.emit()
    assert setup_form.name.text() == "cells-paper-2"
    setup_form.hide()
    (tmp_path / "cells-paper-1").rmdir()  # ... is refused, and removes it
    setup_form.show()
    assert setup_form.name.text() == "cells-paper-1"


def test_a_name_that_nobody_typed_is_not_kept(setup_form: SetupForm, tmp_path: Path) -> None:
    (tmp_path / "cells-paper-1").mkdir()
    setup_form._setup.changed.emit()
    (tmp_path / "cells-paper-1").rmdir()
    setup_form.name.editingFinished.emit()
    assert setup_form._setup.name == "cells-paper-1"
    setup_form.name.setText("mine")
    setup_form.name.editingFinished.emit()
    assert setup_form._setup.name == "mine"
