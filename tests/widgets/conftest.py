"""What tests of parts of the window share."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer


@pytest.fixture
def explorer(qapp, add_stack, stack) -> Explorer:
    """An explorer of the small stack, without a window."""
    viewer = ViewerModel()
    add_stack(viewer, stack)
    return Explorer(viewer)
