from __future__ import annotations

import numpy as np
from skimage.data import astronaut

from napari_ifealid.layers import STACK_KEY


def test_the_sample_opens_as_an_overlay_and_hidden_features(make_napari_viewer):
    viewer = make_napari_viewer()
    overlay, features = viewer.open_sample("napari-ifealid", "astronaut")
    np.testing.assert_array_equal(overlay.data, astronaut())
    assert features.data.shape == (48, 512, 512)
    assert not features.visible
    assert features.metadata[STACK_KEY].name == "Astronaut"
