from __future__ import annotations

import pytest

from napari_ifealid.explorer import asking
from napari_ifealid.explorer.asking import Asking


class Links:
    """Linked sessions, which are names here: those of the same first letter share an image."""

    def __init__(self) -> None:
        self.sessions: list[str] = []

    def holds(self, session) -> bool:
        return session.endswith("linked")


class Inquiry:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.shows_feature = False

    def ask(self, session, in_session) -> bool:
        self.asked.append((session, in_session))
        return not self.shows_feature


@pytest.fixture
def links() -> Links:
    return Links()


@pytest.fixture
def inquiry() -> Inquiry:
    return Inquiry()


@pytest.fixture
def anew() -> list[None]:
    return []


@pytest.fixture
def sessions(links, inquiry, anew, monkeypatch) -> Asking:
    monkeypatch.setattr(asking, "is_linked_by_place", lambda one, other: one[0] == other[0])
    return Asking(inquiry, links, lambda: anew.append(None))


def test_explored_session_and_linked_ones_are_asked(sessions, links, inquiry, anew):
    sessions.ask()
    assert inquiry.asked == []
    links.sessions = ["b"]
    sessions.explore("a", None)
    sessions.ask()
    assert inquiry.asked == [("a", "a"), ("b", "a")]
    assert len(anew) == 1
    inquiry.shows_feature = True
    sessions.ask()
    assert len(anew) == 1


def test_stacks_of_other_images_depend_on_the_vectors_of_the_asking_one(sessions, links, inquiry):
    assert sessions.dependent_sessions == []
    links.sessions = ["a2", "b", "c"]
    sessions.explore("a1", None)
    assert sessions.dependent_sessions == ["b", "c"]
    sessions.ask_dependent()
    assert inquiry.asked == [("b", "a1"), ("c", "a1")]


def test_held_reference_stays_in_a_linked_stack_of_another_image(sessions, links, inquiry):
    links.sessions = ["b linked"]
    sessions.explore("a linked", "b linked")
    assert (sessions.explored, sessions.session) == ("a linked", "b linked")
    links.sessions = []
    assert sessions.has_lost_session
    assert sessions.ask_here()
    assert sessions.session == "a linked"
    assert not sessions.ask_here()


@pytest.mark.parametrize(
    ("explored", "held", "linked"),
    [
        ("a linked", "b linked", []),  # no longer linked
        ("a", "b linked", ["b linked"]),  # the explored one is not
        ("a linked", "a2 linked", ["a2 linked"]),  # of the same image
        ("a linked", None, ["b linked"]),
    ],
)
def test_else_the_reference_is_taken_in_the_explored_stack(sessions, links, explored, held, linked):
    links.sessions = linked
    sessions.explore(explored, held)
    assert sessions.session == explored


def test_session_that_is_left_is_asked_no_more(sessions, inquiry):
    sessions.explore("a", None)
    assert sessions.leave() == "a"
    sessions.ask()
    assert (inquiry.asked, sessions.session, sessions.leave()) == ([], None, None)
