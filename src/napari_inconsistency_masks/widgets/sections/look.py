"""3 Look: what the networks see, and where they disagree."""

from __future__ import annotations

import napari
from qtpy.QtWidgets import QCheckBox, QFormLayout, QGridLayout

from ..correcting.keys import MASK_KEY, VOTES_KEY
from ..pages.covered_note import CoveredNote
from ..pages.section import Section, slot
from ..parts.buttons import MainButton, button, named
from ..parts.colors import MASK_COLOR, UNCLEAR_COLOR
from ..parts.controls import Chooser, Sentence
from ..parts.layouts import clear, row
from ..parts.swatches import color_label
from ..predicting.prediction import mask_names
from ..results.image_result import ImageResult
from ..runs.saved_run import DEMO_MODEL

MEANING = (
    "Where the networks disagree, the inconsistency mask lies over the image. Look there first: "
    "a cell may be missed or made up, or its state be doubtful."
)
OURS = "that come with the plugin (train your own under 2 Train)"
ANY_CLASS = "any class"
LEGEND_COLUMNS = 2


class LookSection(Section):
    """Predict frames, and show or hide the inconsistency mask and the votes."""

    title = "Look"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.image = Chooser("look_image", "Image", "The image or stack to predict.")
        looking = self.session.looking
        self.covered = CoveredNote(self.session, "look", lambda: looking.image, looking.choose)
        self.model = Sentence("look_model")
        self.problem = Sentence("look_problem", "problem")
        self.frame = MainButton("Predict this frame", "look_frame", "Predict what is shown.")
        self.stack = button("Predict all frames", "look_stack", "Predict every frame, this first.")
        self.files = button(
            "Predict all files",
            "look_files",
            "Predict every frame of every file of the project that these networks have not "
            "predicted yet. Files need not be open: places and counts of all are listed.",
        )
        self.meaning = Sentence("look_meaning", text=MEANING)
        self.found = Sentence("look_found")
        self.area = Sentence("look_area")
        self.notes = Sentence("look_notes", "hint")
        tip = f"Show or hide the inconsistency mask (key {MASK_KEY})."
        self.mask = named(QCheckBox(f"Mask ({MASK_KEY}) about"), "look_mask", "Show mask", tip)
        tip = "Disagreement about any class, or about one."
        self.mask_class = Chooser("look_mask_class", "Class of the mask", tip)
        tip = f"Show or hide how many networks are outvoted at each pixel (key {VOTES_KEY})."
        self.votes = named(QCheckBox(f"Votes ({VOTES_KEY})"), "look_votes", "Show votes", tip)
        self._legend = QGridLayout()
        for column in range(LEGEND_COLUMNS):
            self._legend.setColumnStretch(column, 1)
        self._legend_shown: object = None
        self._arrange()
        self._connect()
        self._update()

    @property
    def summary(self) -> str:
        """The networks in use."""
        model = self.session.predictor.model
        return "no networks yet" if model is None else model.run.name

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Image", self.image)
        form.addRow(self.covered)
        form.addRow("Networks", self.model)
        self.column.addLayout(form)
        self.column.addWidget(self.problem)
        self.column.addLayout(row(self.frame, self.stack))
        self.column.addWidget(self.files)
        self.column.addWidget(self.meaning)
        self.column.addWidget(self.area)
        self.column.addWidget(self.found)
        self.column.addLayout(self._legend)
        self.column.addLayout(row(self.mask, self.mask_class, 1))
        self.column.addWidget(self.votes)
        self.column.addWidget(self.notes)
        self.column.addStretch(1)

    def _connect(self) -> None:
        session = self.session
        self.image.picked.connect(session.looking.choose)
        self.frame.clicked.connect(self._on_frame)
        self.stack.clicked.connect(self._on_stack)
        self.files.clicked.connect(self._on_files)
        self.mask.clicked.connect(self._on_mask)
        self.mask_class.picked.connect(self._on_mask_class)
        self.votes.clicked.connect(self._on_votes)
        session.looking.changed.connect(self._update)
        session.predictor.changed.connect(self._update)
        session.project.all_files.changed.connect(self._update)
        session.project.data.changed.connect(self._update_files)
        session.results.changed.connect(self._update_result)
        session.frame_changed.connect(self._update_result)

    @slot
    def _on_frame(self, _: bool = False) -> None:
        self.session.looking.predict(whole=False)

    @slot
    def _on_stack(self, _: bool = False) -> None:
        if self.session.predictor.busy:
            self.session.predictor.cancel()
        else:
            self.session.looking.predict(whole=True)

    @slot
    def _on_files(self, _: bool = False) -> None:
        all_files = self.session.project.all_files
        if all_files.busy:
            all_files.cancel()
        else:
            all_files.start()

    @slot
    def _on_mask(self, _: bool = False) -> None:
        self.session.looking.toggle("mask")

    @slot
    def _on_votes(self, _: bool = False) -> None:
        self.session.looking.toggle("votes")

    @slot
    def _on_mask_class(self, name: str | None) -> None:
        self.session.results.show_mask_of(self.session.looking.image, name)

    def _update(self) -> None:
        session, model = self.session, self.session.predictor.model
        images = session.layers.images()
        self.image.offer([(image.name, image) for image in images], session.looking.image)
        self.covered.update_words()
        words = "none yet"
        if model is not None:
            classes = ", ".join(model.scheme.classes)
            origin = OURS if model.run == DEMO_MODEL else f"of {model.run.name}"
            words = f"{model.members} {origin}, for {classes}; on {model.device}"
        self.model.tell(words)
        problem = session.looking.problem()
        self.problem.tell(problem)
        self.frame.setVisible(problem is None)
        self.stack.setVisible(problem is None)
        axes = session.looking.axes()
        count = 1 if axes is None else axes.count
        busy = session.predictor.busy
        self.frame.setText("Predict this image" if count == 1 else "Predict this frame")
        self.stack.setText("Cancel" if busy else f"Predict all {count} frames")
        all_files = session.project.all_files.busy
        self.stack.setVisible(problem is None and (count > 1 or busy) and not all_files)
        self._update_files()
        self._update_result()
        self.summary_changed.emit()

    def _update_files(self) -> None:
        session = self.session
        count = sum(item.found for item in session.project.data.rows)
        self.files.setVisible(count > 0 and session.predictor.model is not None)
        words = "1 file" if count == 1 else f"all {count} files"
        self.files.setText("Cancel" if session.project.all_files.busy else f"Predict {words}")

    def _update_result(self) -> None:
        result = self.session.results.of(self.session.looking.image)
        shown = None if result is None else result.layers
        for widget in (self.mask, self.mask_class, self.votes):
            widget.setVisible(shown is not None)
        if result is None or shown is None:
            self.area.tell(None)
            self.found.tell(None)
            self.notes.tell(None)
            self._show_legend({})
            return
        names = mask_names(result.model.scheme)
        offers = [(ANY_CLASS, None), *((name, name) for name in names)]
        self.mask_class.offer(offers, shown.mask_class)
        for box, key in ((self.mask, "mask"), (self.votes, "votes")):
            layer = shown.find(key)
            box.setChecked(layer is not None and bool(layer.visible))
        scheme = result.model.scheme
        colors = {name: shown.colors[name] for name in scheme.states or scheme.classes}
        unclear = {"unclear": UNCLEAR_COLOR} if scheme.position is not None else {}
        self._show_legend({**colors, **unclear, "networks disagree": MASK_COLOR})
        self._tell_frame(result)

    def _tell_frame(self, result: ImageResult) -> None:
        frame = self.session.layers.frame_shown(result.image, result.axes)
        label = result.axes.label(frame)
        here = f"Frame {label}" if label else "This image"
        counts = result.counts
        if frame not in counts.predicted:
            self.area.tell(f"{here} is not predicted yet.")
            self.found.tell(None)
            self.notes.tell(None)
            return
        self.area.tell(f"{here}: inconsistent area {counts.inconsistent[frame]:.1%}.")
        self.found.tell(counts.in_words(frame, exclusive=result.model.scheme.exclusive))
        self.notes.tell(" ".join(counts.notes.get(frame, ())))

    def _show_legend(self, colors: dict[str, str]) -> None:
        if colors == self._legend_shown:
            return
        self._legend_shown = colors
        clear(self._legend)
        for number, (words, color) in enumerate(colors.items()):
            place = divmod(number, LEGEND_COLUMNS)
            self._legend.addWidget(color_label(color, words), *place)
