from __future__ import annotations

import json
import threading
from concurrent.futures import CancelledError

import numpy as np
import pytest
from napari.components import ViewerModel
from npe2 import PluginManager, PluginManifest

from explorer_actions import CLOSE, expected_map
from napari_ifealid import _background, _session_reader, read_stack, write_stack
from napari_ifealid._session_reader import get_session_reader
from napari_ifealid.errors import DatasetError
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedSession,
    SavedStack,
    write_session_file,
)
from napari_ifealid.widgets.open_session import explorer_of


@pytest.fixture
def path(tmp_path, stack):
    """A session of the small stack with a pin on pixel (2, 3)."""
    write_stack(tmp_path / "a.zip", stack)
    source = read_stack(tmp_path / "a.zip").source
    session = SavedSession(
        stacks=(SavedStack(source, (6, 5, 9)),),
        references=(PlaceReference((10.0, 14.0), "#e69f00"),),
        rule=Rule.BEST,
    )
    write_session_file(tmp_path / "a.ifealid.json", session)
    return tmp_path / "a.ifealid.json"


def test_other_json_is_not_ours(tmp_path):
    (tmp_path / "a.ifealid.json").write_text(json.dumps({"type": "FeatureCollection"}))
    assert get_session_reader(str(tmp_path / "a.ifealid.json")) is None
    assert get_session_reader(str(tmp_path / "missing.ifealid.json")) is None


def test_several_sessions_at_once_are_not_ours(path):
    assert get_session_reader([str(path)]) is not None
    assert get_session_reader([str(path), str(path)]) is None
    assert get_session_reader([]) is None


def test_damaged_session_is_ours_and_says_what_is_wrong(path, monkeypatch, qapp):
    monkeypatch.setattr(_session_reader, "current_viewer", ViewerModel)
    path.write_text("{")
    with pytest.raises(DatasetError, match="damaged JSON"):
        get_session_reader(str(path))(str(path))


def test_manifest_names_the_reader_for_sessions_only(path, tmp_path):
    plugins = PluginManager()
    plugins.register(PluginManifest.from_distribution("napari-ifealid"))
    (reader,) = plugins.iter_compatible_readers([str(path)])
    assert reader.command == "napari-ifealid.get_session_reader"
    assert not list(plugins.iter_compatible_readers([str(tmp_path / "a.json")]))


def test_file_opens_in_a_window_with_its_panel_and_its_map(path, make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    viewer.open(str(path), plugin="napari-ifealid")
    explorer = explorer_of(viewer)
    qtbot.waitUntil(lambda: explorer.session is not None and explorer.is_idle, timeout=20_000)
    assert [pixel for pixel, _ in explorer.pinned] == [(2, 3)]
    expected = expected_map(explorer.stack, (2, 3))
    np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)


def test_missing_file_without_a_window_is_an_error_that_names_it(path, monkeypatch, qapp):
    monkeypatch.setattr(_session_reader, "current_viewer", ViewerModel)
    monkeypatch.setattr(_session_reader, "has_window", lambda: False)
    (path.parent / "a.zip").unlink()
    with pytest.raises(DatasetError, match=r"a missing file, .*a\.zip: a\.ifealid\.json"):
        get_session_reader(str(path))(str(path))


def test_cancelled_question_opens_nothing(path, monkeypatch, qapp):
    viewer = ViewerModel()
    monkeypatch.setattr(_session_reader, "current_viewer", lambda: viewer)
    monkeypatch.setattr(_session_reader, "has_window", lambda: True)
    monkeypatch.setattr(_session_reader, "ask_for_missing", lambda *_: None)
    assert get_session_reader(str(path))(str(path)) == [(None,)]
    assert len(viewer.layers) == 0


def test_session_without_a_viewer_is_an_error(path, monkeypatch):
    monkeypatch.setattr(_session_reader, "current_viewer", lambda: None)
    with pytest.raises(DatasetError, match="without a viewer"):
        get_session_reader(str(path))(str(path))


@pytest.mark.parametrize("slow", ["looks_like_session", "read_session_file"])
def test_session_is_read_in_a_thread_of_its_own(path, monkeypatch, make_napari_viewer, slow):
    monkeypatch.setattr(_background, "has_window", lambda: True)
    viewer, threads, real = make_napari_viewer(), [], getattr(_session_reader, slow)

    def noted(*arguments):
        threads.append(threading.current_thread())
        return real(*arguments)

    monkeypatch.setattr(_session_reader, slow, noted)
    viewer.open(str(path), plugin="napari-ifealid")
    assert len(viewer.layers) > 0
    assert threads
    assert threading.main_thread() not in threads


def test_session_that_is_cancelled_opens_nothing(path, monkeypatch, qapp):
    def cancel(*_):
        raise CancelledError

    viewer, reader = ViewerModel(), get_session_reader(str(path))
    monkeypatch.setattr(_session_reader, "current_viewer", lambda: viewer)
    monkeypatch.setattr(_session_reader, "awaited", cancel)
    assert reader(str(path)) == [(None,)]
    assert get_session_reader(str(path))(str(path)) == [(None,)]
    assert len(viewer.layers) == 0


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_name_that_no_file_has_is_not_ours(tmp_path, name):
    assert get_session_reader(str(tmp_path / f"{name}.ifealid.json")) is None
