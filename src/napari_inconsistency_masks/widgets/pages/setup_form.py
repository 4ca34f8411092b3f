"""The form for what the next training will be."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFileDialog, QFormLayout, QVBoxLayout, QWidget

from ...config import TrainConfig
from ...recipes import GROUPS, RECIPES
from ..parts.buttons import button, named
from ..parts.controls import Disclosure, Segments, Sentence
from ..parts.forms import SettingsForm, put, setting_names
from ..parts.grouped_chooser import GroupedChooser, Offer
from ..parts.layouts import row
from ..parts.text_line import TextLine
from ..training.setup import TrainSetup

PRESET_WORDS = {"quick": "Quick look", "standard": "Standard", "paper": "Paper"}
PRESET_TIPS = {
    "quick": "Small networks and few epochs: minutes on a processor. To see whether it works.",
    "standard": "What results should be made with.",
    "paper": "Exactly the settings of the paper: many hours without a GPU.",
}
BASIC = ("members", "generations")
ELSEWHERE = ("device",)
"""Settings that are chosen in the header."""


class SetupForm(QWidget):
    """Preset, recipe, settings and name; a view of a `TrainSetup`."""

    def __init__(self, setup: TrainSetup) -> None:
        super().__init__()
        self.setObjectName("train_setup")
        self._setup = setup
        self._shown_name = ""
        self._teachers = (0, 0)  # before and after fewer members took them along
        self.preset = Segments("train_preset", PRESET_WORDS, PRESET_TIPS)
        self.recipe = _recipe_chooser()
        self.sentence = Sentence("train_recipe_sentence", "hint")
        self.basic = SettingsForm("train_basic", BASIC)
        others = [name for name in setting_names() if name not in (*BASIC, *ELSEWHERE)]
        self.more = SettingsForm("train_more", others)
        self.disclosure = Disclosure("train_more_settings", "More settings", self.more)
        self.name = named(TextLine(), "train_name", "Name of the run", "Name of the run folder.")
        self.folder = button("Folder…", "train_folder", "Choose where runs are kept.")
        self.describes = Sentence("train_describes", "hint")
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Preset", self.preset)
        form.addRow("Recipe", self.recipe)
        form.addRow(self.sentence)
        form.addRow(self.basic)
        form.addRow("Run name", row(self.name, self.folder))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.describes)
        self.preset.chosen.connect(setup.choose_preset)
        self.recipe.picked.connect(setup.choose_recipe)
        self.basic.changed.connect(self._on_basic)
        self.more.changed.connect(self._on_more)
        self.name.editingFinished.connect(self._on_name)
        self.folder.clicked.connect(self._on_folder)
        setup.changed.connect(self._update)
        self._update()

    def _on_basic(self) -> None:
        """Fewer members take the teachers along, until there are more: 1 may become 12."""
        teachers, members = self.more.fields["teachers"], self.basic.fields["members"]
        before, after = self._teachers
        if teachers.value != after:
            before = teachers.value
        teachers.set(min(before, members.value))
        self._teachers = before, teachers.value
        self._setup.set(self._apply)

    def _on_more(self) -> None:
        teachers, members = self.more.fields["teachers"], self.basic.fields["members"]
        if teachers.value > members.value:
            teachers.set(members.value)
        self._setup.set(self._apply)

    def _apply(self, config: TrainConfig) -> TrainConfig:
        """All values at once: they are checked together."""
        return put(config, {**self.basic.values(), **self.more.values()})

    def showEvent(self, event: QShowEvent) -> None:
        """Show which name is free now: a start that was refused gave its own back."""
        super().showEvent(event)
        self._show_name()

    def _on_name(self) -> None:
        if self.name.text() != self._shown_name:
            self._setup.choose_name(self.name.text())

    def _on_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for runs", str(self._setup.folder))
        if chosen:
            self._setup.choose_folder(Path(chosen))

    def _update(self) -> None:
        setup = self._setup
        self.preset.choose(setup.preset)
        self.recipe.choose(setup.recipe)
        self.sentence.tell(RECIPES[setup.recipe].sentence)
        self.more.show_groups(setup.groups)
        if setup.problem is None:
            self.basic.show_config(setup.config)
            self.more.show_config(setup.config)
        self._show_name()
        self.disclosure.say("More settings (changed)" if setup.changes else "More settings")
        self.describes.tell(setup.describe())

    def _show_name(self) -> None:
        name = self._setup.name
        if not self.name.hasFocus():
            self._shown_name = name
            self.name.setText(name)
        self.name.setToolTip(f"The run is kept in {self._setup.folder / name}")


def _recipe_chooser() -> GroupedChooser:
    return GroupedChooser(
        "train_recipe",
        "Recipe",
        "How the networks learn; type the beginning of a name to find it.",
        {
            name: [Offer(r.title, r.key, r.sentence) for r in group]
            for name, group in GROUPS.items()
        },
    )
