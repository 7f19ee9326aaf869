from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer.keys import Keys


@pytest.fixture
def keys(viewer) -> Keys:
    return Keys(viewer)


def bound(viewer: ViewerModel) -> dict[str, object]:
    return {str(key): function for key, function in viewer.keymap.items()}


def mine(_: object) -> None:
    """Do what the user has bound to a key."""


def test_key_does_what_it_was_bound_to_and_nothing_afterwards(viewer, keys):
    pressed: list[bool] = []
    keys.bind("K", lambda: pressed.append(True))
    bound(viewer)["K"](viewer)
    assert pressed == [True]
    keys.close()
    assert "K" not in bound(viewer)


def test_binding_of_the_users_comes_back(viewer, keys):
    viewer.bind_key("K", mine)
    keys.bind("K", lambda: None)
    assert bound(viewer)["K"] is not mine
    keys.close()
    assert bound(viewer)["K"] is mine


def test_binding_that_the_user_makes_meanwhile_stays(viewer, keys):
    keys.bind("K", lambda: None)
    viewer.bind_key("K", mine, overwrite=True)
    keys.close()
    assert bound(viewer)["K"] is mine


def test_binding_and_unbinding_twice_is_as_once(viewer, keys):
    viewer.bind_key("K", mine)
    for _ in range(2):
        keys.bind("K", lambda: None)
    for _ in range(2):
        keys.unbind("K")
    assert bound(viewer)["K"] is mine
