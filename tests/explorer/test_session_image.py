from __future__ import annotations

import numpy as np

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.session_image import SessionImage


def test_image_is_in_colour_or_in_grey_and_moves_along_with_the_features(viewer, features, stack):
    explorer = Explorer(viewer)
    session = explorer.session
    image = SessionImage(session, session.stack, explorer.pictures)
    np.testing.assert_array_equal(image.pixels(in_colour=True), stack.overlay)
    grey = image.pixels(in_colour=False)
    assert (grey[..., 0] == grey[..., 2]).all()
    np.testing.assert_allclose(image.placement["affine"], np.eye(3))
    features.translate = np.add(features.translate, (0, 10, 20))
    np.testing.assert_allclose(image.placement["affine"][:2, 2], (10, 20))


def test_photo_is_its_own_image_and_never_in_grey(viewer):
    photo = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.uint8)
    viewer.add_image(photo, rgb=True)
    explorer = Explorer(viewer)
    explorer.state.layer = viewer.layers[0]
    image = SessionImage(explorer.session, explorer.stack, explorer.pictures)
    np.testing.assert_array_equal(image.pixels(in_colour=False), photo)
