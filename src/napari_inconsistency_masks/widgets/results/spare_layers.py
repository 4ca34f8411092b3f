"""Result layers of a file that is no longer open wait for the next: napari adds layers slowly."""

from __future__ import annotations

from napari.layers import Image

from ..layers.subject import Subject
from ..layers.viewer_layers import ViewerLayers
from .image_result import ImageResult
from .result_layers import ResultLayers


class SpareLayers:
    """Gives images their result layers: those that are spare if they fit, else new ones.

    Attributes
    ----------
    show_votes
        Whether new layers show the map of votes.
    """

    def __init__(self, layers: ViewerLayers) -> None:
        self.show_votes = False
        self._layers = layers
        self._spare: ResultLayers | None = None

    def take(self, layers: ResultLayers) -> None:
        """Have layers wait for another file."""
        self._spare = layers

    def give(self, image: Image, result: ImageResult) -> ResultLayers:
        """The layers of an image; those of other files never go to a layer of the person."""
        scheme = result.model.scheme
        spare, self._spare = self._spare, None
        if spare is not None and spare.fits(result.axes, scheme) and result.subject.file:
            spare.move(image, result.axes)
            return spare
        if spare is not None:
            spare.remove()
        made = ResultLayers(self._layers, image, result.axes, scheme, result.colors)
        made.want_votes(wanted=self.show_votes)
        return made

    def keep_empty(self, subject: Subject) -> None:
        """Nothing is known of this file yet: what waits shows nothing of another one."""
        spare = self._spare
        if spare is None:
            return
        if subject.layer is None or not spare.fits(subject.axes, spare.scheme):
            self.drop()
        else:
            spare.move(subject.layer, subject.axes)

    def drop(self) -> None:
        """Remove layers that no file took over."""
        if self._spare is not None:
            self._spare.remove()
            self._spare = None
