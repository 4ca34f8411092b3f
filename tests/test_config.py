"""Settings: limits, JSON, messages."""

from __future__ import annotations

import json

import pytest

from napari_inconsistency_masks.cli.flags import apply_flags, changes_of
from napari_inconsistency_masks.config import (
    AugmentConfig,
    PseudoLabelConfig,
    TrainConfig,
)
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.settings import Config, settings

CONFIGS = [TrainConfig, PseudoLabelConfig, AugmentConfig]


def test_defaults_are_the_papers() -> None:
    config = TrainConfig()
    assert (config.members, config.teachers, config.generations) == (5, 2, 5)
    assert (config.epochs, config.batch, config.learning_rate) == (50, 32, 0.003)
    assert config.weight_decay * config.learning_rate == pytest.approx(1e-4)
    masks = config.pseudo_labels
    assert (masks.erode, masks.dilate, masks.blank_image, masks.blank_label) == (0, 0, True, True)
    assert masks.ignore == "nothing"
    assert config.labeled_share is None
    assert not config.warm_start
    assert not config.refuse_worse


def test_json_round_trip_of_changed_settings() -> None:
    config = TrainConfig(
        members=3,
        width=0.5,
        labeled_share=0.5,
        steps=7,
        pseudo_labels=PseudoLabelConfig(erode=3, ignore="classes"),
        augmentation=AugmentConfig(noise=5),
    )
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_missing_keys_keep_their_defaults() -> None:
    assert TrainConfig.from_json({"pseudo_labels": {"erode": 3}}).pseudo_labels.dilate == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"membrs": 3}, "unknown setting 'membrs'; did you mean 'members'?"),
        ({"pseudo_labels": {"erod": 3}}, "unknown setting 'erod'; did you mean 'erode'?"),
        ({"zzz": 3}, "unknown setting 'zzz'; there are consistency"),
        ({"members": "3"}, "members = '3'"),
        ({"members": True}, "members = True"),
        ({"members": 2.5}, "members = 2.5"),
        ({"members": 0}, "members = 0"),
        ({"width": float("nan")}, "width = nan"),
        ({"patch": 100}, "patch = 100"),
        ({"loss": "mean"}, "loss = 'mean'"),
        ({"pseudo_labels": 3}, "pseudo_labels = 3"),
        ({"teachers": 9}, "teachers = 9"),
        ({"pseudo_labels": {"erode": 2}}, "erode = 2 pixels: give 0 or an odd number"),
        ({"pseudo_labels": {"dilate": 6}}, "dilate = 6 pixels: give 0 or an odd number"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name_and_file(values: dict, said: str) -> None:
    with pytest.raises(InputError) as refused:
        TrainConfig.from_json(values, source="run.json")
    assert str(refused.value).startswith("run.json: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_limits_hold_for_python_arguments_too() -> None:
    with pytest.raises(InputError, match="batch = -1"):
        TrainConfig(batch=-1)


@pytest.mark.parametrize("config", CONFIGS)
def test_every_setting_has_words_and_numbers_have_limits(config: type[Config]) -> None:
    for setting in settings(config):
        assert setting.title
        assert setting.description.endswith(".")
        if setting.kind in (int, float):
            assert setting.minimum is not None
            assert setting.maximum is not None


def test_settings_describe_choices_and_optional_fields() -> None:
    described = {setting.name: setting for setting in settings(TrainConfig)}
    assert described["loss"].choices == ("auto", "mse", "bce", "dice", "cross-entropy", "ce+dice")
    assert described["steps"].optional
    assert described["steps"].kind is int
    assert described["labeled_share"].kind is float
    assert described["cosine"].kind is bool
    assert (described["members"].minimum, described["members"].maximum) == (1, 32)
    assert "augmentation" not in described


def test_flags_change_what_they_name_and_nothing_else() -> None:
    given = {"steps": 3, "augmentation_blur": 1, "pseudo_labels_erode": 3}
    assert changes_of(given) == {
        "steps": 3,
        "augmentation": {"blur": 1},
        "pseudo_labels": {"erode": 3},
    }
    preset = TrainConfig(augmentation=AugmentConfig(noise=7), batch=5)
    changed = apply_flags(preset, given)
    assert changed.augmentation == AugmentConfig(noise=7, blur=1)
    assert (changed.steps, changed.batch, changed.pseudo_labels.erode) == (3, 5, 3)
    with pytest.raises(InputError, match="erode = 99"):
        preset.changed({"pseudo_labels": {"erode": 99}})


def test_a_config_is_read_without_evaluating_its_annotations_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is ten times as long as all the rest, and a comparison reads hundreds."""
    values = TrainConfig(pseudo_labels=PseudoLabelConfig(erode=3)).to_json()
    TrainConfig.from_json(values)

    def evaluated(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("napari_inconsistency_masks.settings.get_type_hints", evaluated)
    assert TrainConfig.from_json(values).pseudo_labels.erode == 3
