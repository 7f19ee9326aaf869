from __future__ import annotations

import numpy as np
import pytest

from explorer_actions import CLOSE, expected_map
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.inquiry import Inquiry, why_not_comparable
from napari_ifealid.explorer.pointed_features import PointedFeatures
from napari_ifealid.explorer.references import References
from napari_ifealid.measures import SPECTRAL_ANGLE


@pytest.fixture
def explorer(viewer, add_stack, make_stack) -> Explorer:
    """An explorer of a stack, with one of another image linked and one of other features."""
    layers = [
        add_stack(viewer, make_stack(name, shape=shape, image=None))
        for name, shape in [("a", (6, 5, 9)), ("b", (7, 4, 9)), ("c", (3, 8, 8))]
    ]
    explorer = Explorer(viewer)
    explorer.state.layer = layers[0]
    for layer in layers[1:]:
        explorer.link(layer, 0)
    explorer.links.shows_all = True
    return explorer


@pytest.fixture
def pointed(explorer) -> PointedFeatures:
    return PointedFeatures(explorer.state)


@pytest.fixture
def inquiry(viewer, explorer, pointed) -> Inquiry:
    references = References(viewer.dims, explorer.state, explorer.cursor, explorer.pins)
    return Inquiry(viewer.dims, explorer.state, references, pointed)


def test_session_is_asked_for_its_own_pixels(explorer, inquiry):
    session = explorer.session
    session.clear()
    assert inquiry.ask(session, session)
    expected = expected_map(session.stack, session.grid.middle)
    np.testing.assert_allclose(session.map_values, expected, atol=CLOSE)


def test_stack_of_another_image_is_asked_for_the_vectors(explorer, inquiry):
    asking, other, _ = explorer.sessions
    other.clear()
    assert inquiry.ask(other, asking)
    values = other.stack.real_values(other.stack.values)
    vector = asking.stack.vector(asking.grid.middle)
    np.testing.assert_allclose(
        other.map_values, SPECTRAL_ANGLE.definition(values, vector), atol=CLOSE
    )


def test_stack_of_other_features_shows_no_map_and_it_is_told_why(explorer, inquiry):
    asking, _, other = explorer.sessions
    assert why_not_comparable(other, asking) == "other features: 8, expected 9"
    assert why_not_comparable(asking, asking) == ""
    inquiry.ask(other, asking)
    assert other.shown is None


def test_features_that_are_pointed_at_are_shown_instead(explorer, inquiry, pointed):
    asking, _, other = explorer.sessions
    pointed.hover(8)
    assert not inquiry.ask(asking, asking)
    assert asking.shown.request.features == range(8, 9)
    assert inquiry.ask(other, asking)  # has no such feature


def test_session_without_a_stack_is_not_asked(explorer, inquiry):
    session = explorer.session
    session.close()
    assert not inquiry.ask(session, session)
