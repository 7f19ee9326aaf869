from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_ifealid.widgets import preferences
from napari_ifealid.widgets.preferences import is_unfolded, set_unfolded


@pytest.mark.parametrize(
    ("group", "unfolded"),
    [
        ("What", True),
        ("Question", True),
        ("Result", True),
        ("Overview", False),
        ("Look", False),
        ("Advanced", False),
    ],
)
def test_what_is_used_all_the_time_is_open_at_first(group, unfolded):
    assert is_unfolded(group) == unfolded


def test_without_settings_the_state_is_kept_in_the_run():
    set_unfolded("Look", True)
    assert is_unfolded("Look")


def test_with_settings_the_state_is_kept_there(monkeypatch):
    settings = SimpleNamespace(panel=SimpleNamespace(look=False))
    monkeypatch.setattr(preferences, "_settings", lambda: settings)
    set_unfolded("Look", True)
    assert settings.panel.look
    assert is_unfolded("Look")


def test_settings_are_those_of_the_manifest(settings_of_napari):
    settings = settings_of_napari()
    if settings is None:
        pytest.skip("this napari has no settings of plugins")
    groups = {"what", "question", "result", "places", "overview", "look", "advanced"}
    assert groups <= set(type(settings.panel).model_fields)
