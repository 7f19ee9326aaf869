from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from explorer_actions import CLOSE, expected_map
from napari_ifealid import open_session, read_session, read_stack, write_stack
from napari_ifealid.errors import DatasetError
from napari_ifealid.session_files import (
    SavedCursor,
    SavedSession,
    SavedStack,
    write_session_file,
)


@pytest.fixture
def path(tmp_path, stack):
    """A session of the small stack, compared with its pixel (4, 1)."""
    write_stack(tmp_path / "a.zip", stack)
    source = read_stack(tmp_path / "a.zip").source
    cursor = SavedCursor((18.0, 5.0), is_held=True)
    session = SavedSession(stacks=(SavedStack(source, (6, 5, 9)),), cursor=cursor)
    write_session_file(tmp_path / "a.ifealid.json", session)
    return tmp_path / "a.ifealid.json"


def test_viewer_without_a_window_gets_an_explorer_of_its_own(qapp, path):
    explorer = open_session(ViewerModel(), path)
    assert explorer.pixel == (4, 1)
    expected = expected_map(explorer.stack, (4, 1))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_missing_files_are_an_error_that_lists_them(qapp, path):
    (path.parent / "a.zip").unlink()
    viewer = ViewerModel()
    with pytest.raises(DatasetError, match=r"a missing file, .*a\.zip"):
        open_session(viewer, str(path))
    assert len(viewer.layers) == 0


def test_session_can_be_read_without_a_viewer(path):
    assert read_session(path).cursor == SavedCursor((18.0, 5.0), is_held=True)
