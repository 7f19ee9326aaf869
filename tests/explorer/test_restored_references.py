from __future__ import annotations

import numpy as np
import pytest

from explorer_actions import hover
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.restored_references import RestoredReferences
from napari_ifealid.session_files import VectorReference

VECTOR = VectorReference(tuple(map(float, range(9))), "ramp", -1)


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


def test_references_have_what_the_vectors_have(explorer):
    explorer.restored.replace([VECTOR])
    (reference,) = explorer.restored.references_in(explorer.session)
    np.testing.assert_array_equal(reference.vector, range(9))
    assert (reference.label, reference.sign) == ("ramp", -1)


def test_same_vectors_again_are_no_change():
    restored, changes = RestoredReferences(), []
    restored.changed.connect(lambda: changes.append(1))
    for vectors in ([VECTOR], [VECTOR], []):
        restored.replace(vectors)
    assert len(changes) == 2


def test_map_is_that_of_the_cursor_again_once_there_are_none(explorer, viewer, features):
    explorer.state.reference = ReferenceMode.BEST
    hover(viewer, features, 0, 2, 3)
    of_the_cursor = explorer.map_layer.data.copy()
    explorer.restored.replace([VectorReference((1.0,) * 9)])
    assert not np.array_equal(explorer.map_layer.data, of_the_cursor)
    explorer.restored.replace([])
    np.testing.assert_array_equal(explorer.map_layer.data, of_the_cursor)
