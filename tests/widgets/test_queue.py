"""The list of places to correct when it is ranked anew."""

from __future__ import annotations

from napari_inconsistency_masks.places import Place
from napari_inconsistency_masks.widgets.correcting.queue import DONE, Queue, QueuedPlace
from napari_inconsistency_masks.widgets.layers.frames import FrameAxes
from napari_inconsistency_masks.widgets.layers.subject import Subject
from napari_inconsistency_masks.widgets.predicting.found_places import FoundPlace

IMAGE = Subject("cells", FrameAxes("YX", (40, 40)))


def place(row: int, area: int = 9) -> QueuedPlace:
    """A place of 3 x 3 pixels."""
    box = (row, 0, row + 3, 3)
    found = Place("", 0, box, (row + 1.0, 1.0), area, ("alive",), 1.0, 1, (), 1.0)
    return QueuedPlace(IMAGE, FoundPlace(found, box))


def test_a_place_that_is_listed_stays_the_same_object_and_takes_what_was_found_now() -> None:
    queue = Queue()
    first, second = place(0), place(10)
    queue.take([first, second])
    again = place(10, area=4)
    queue.take([again, place(0)])
    assert queue.places[0] is second
    assert queue.places[1] is first
    assert second.found is again.found


def test_what_was_decided_stays_in_front_and_is_not_listed_twice() -> None:
    queue = Queue()
    first, second, third = place(0), place(10), place(20)
    queue.take([first, second, third])
    second.state, queue.current = DONE, third
    queue.take([place(10), place(30), place(20), place(0)])
    assert queue.places[:2] == [second, third]
    assert [item.found.place.box[0] for item in queue.places[2:]] == [30, 0]
    assert queue.places[3] is first


def test_who_goes_on_comes_to_every_place_though_the_list_is_ranked_anew_each_time() -> None:
    queue = Queue()
    first = [place(0), place(10), place(20)]
    seen = []
    for _ in range(4):
        queue.take([QueuedPlace(IMAGE, item.found) for item in first])
        following = queue.after(queue.current)
        assert following is not None
        seen.append(following.found.place.box[0])
        queue.come_to(following)
    assert seen == [0, 10, 20, 0]
    assert queue.before(queue.places[2]) is queue.places[1]


def test_a_place_that_is_predicted_anew_is_ranked_as_if_nobody_had_been_there() -> None:
    queue = Queue()
    visited, other = place(0), place(10)
    queue.take([visited, other])
    queue.come_to(visited)
    queue.current = None
    queue.take([place(10), place(0)])
    assert queue.places == [other, visited]


def test_a_place_that_left_the_list_is_listed_when_somebody_goes_there() -> None:
    queue = Queue()
    gone = place(0)
    queue.take([gone])
    queue.take([place(10)])
    assert gone not in queue.places
    assert queue.listed(gone) is gone
    assert queue.places[-1] is gone
    assert queue.listed(place(10)) is queue.places[0]


def test_a_place_to_take_a_step_back_at_is_listed_itself() -> None:
    queue = Queue()
    gone, other = place(0), place(20)
    queue.take([gone])
    queue.take([place(10), other])
    queue.keep(gone)
    assert queue.places[-1] is gone
    again = place(20)
    queue.keep(again)
    assert queue.places[1] is again
    assert other not in queue.places
