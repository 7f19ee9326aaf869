"""What is done to vectors before they are compared, in the explorer."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.layers import layer_data
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.measures import COSINE, UsedFeatures
from napari_ifealid.preprocessing import preprocess, step_named
from napari_ifealid.similarity import similarity_map
from napari_ifealid.stack import FeatureStack

RNG = np.random.default_rng(6)
STACK = FeatureStack(values=RNG.integers(1, 200, (9, 8, 6), np.uint8), name="cube")


@pytest.fixture
def explorer():
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    viewer.add_layer(Layer.create(*layer_data(STACK)[-1]))
    yield explorer
    explorer.close()


def map_shown(explorer: Explorer) -> np.ndarray:
    assert explorer.session.is_exact
    return explorer.session.map_values


@pytest.mark.parametrize("name", ["first derivative", "mean-centred", "unit sum"])
def test_map_and_vector_are_those_of_the_preprocessed_stack(explorer, name):
    explorer.show_pixel((3, 4))
    before = map_shown(explorer).copy()
    explorer.state.preprocessing = step_named(name)
    expected = preprocess(STACK, name)
    np.testing.assert_allclose(map_shown(explorer), similarity_map(expected, (3, 4)), atol=1e-6)
    np.testing.assert_array_equal(explorer.vector((3, 4)), expected.vector((3, 4)))
    assert explorer.session.original is STACK
    explorer.state.preprocessing = None
    np.testing.assert_allclose(map_shown(explorer), before, atol=1e-6)


def test_entry_of_the_library_is_preprocessed_as_the_stack_is(explorer):
    explorer.state.preprocessing = step_named("standard normal variate")
    entry = LibraryEntry(STACK.vector((2, 2)), "two")
    explorer.library.open(Library((entry,), STACK.feature_labels))
    explorer.library.tick(0, True)
    assert explorer.state.reference is ReferenceMode.BEST
    expected = similarity_map(preprocess(STACK, "standard normal variate"), (2, 2))
    np.testing.assert_allclose(map_shown(explorer), expected, atol=1e-6)
    ranked = explorer.library.similarities(explorer.session, explorer.vector((2, 2)))
    np.testing.assert_allclose(ranked, [1.0])


def test_pixel_is_added_to_the_library_as_it_is_stored(explorer):
    explorer.state.preprocessing = step_named("unit length")
    explorer.add_to_library((1, 2))
    (entry,) = explorer.library.entries
    np.testing.assert_array_equal(entry.vector, STACK.vector((1, 2)))


def test_features_that_are_left_out_do_not_count_for_what_is_done(explorer):
    explorer.show_pixel((3, 4))
    explorer.state.preprocessing = step_named("unit sum")
    used = UsedFeatures((True, True, False, True, True, False))
    explorer.feature_use.choose(explorer.session.layer, used)
    part = FeatureStack(values=used.taken(STACK.values), name="part")
    expected = similarity_map(preprocess(part, "unit sum"), (3, 4))
    np.testing.assert_allclose(map_shown(explorer), expected, atol=1e-6)


def test_what_was_done_is_told_wherever_the_measure_is(explorer):
    session = explorer.session
    assert session.title_of(COSINE) == "cosine"
    explorer.state.preprocessing = step_named("unit sum")
    assert session.title_of(COSINE) == "cosine, unit sum"


def test_no_map_is_shown_while_the_vectors_are_made(explorer, monkeypatch):
    explorer.show_pixel((3, 4))
    session = explorer.session
    monkeypatch.setattr(session, "open", lambda: None)  # as if it took its time
    explorer.state.preprocessing = step_named("unit sum")
    assert np.isnan(session.map_layer.data).all()
