"""A sample that is downloaded into a real window."""

from __future__ import annotations

import sys

import numpy as np
from napari.utils.notifications import notification_manager
from npe2 import PluginManifest
from qtpy.QtWidgets import QApplication, QMainWindow

from example_server import files, serving_examples
from napari_ifealid.cache_folder import CACHE_VARIABLE

COCO = "000000015746.jpg.C3.npz"
FILE = f"{COCO}.8.zip"


def choose_sample(title: str) -> None:
    (window,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow))
    menu = window.menuBar()
    plugin = PluginManifest.from_distribution("napari-ifealid").display_name
    for text in ("File", "Open Sample", plugin):
        menu = with_text(menu.actions(), text).menu()
    with_text(menu.actions(), title).trigger()


def with_text(actions, text):
    (found,) = (action for action in actions if action.text().replace("&", "") == text)
    return found


def test_sample_is_downloaded_once_and_without_a_network_the_user_is_told(
    shared_data, window, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    answer = files({FILE: (shared_data / FILE).read_bytes()})
    with serving_examples(monkeypatch, answer) as address:
        overlay, features = window.open_sample("napari-ifealid", "coco_conv4_x")
    assert [overlay.name, features.name] == [f"{COCO} overlay", f"{COCO} features"]
    assert overlay.data.shape == (640, 427, 3)
    assert features.data.shape == (1024, 40, 26)
    np.testing.assert_allclose(features.scale, [1, 640 / 40, 427 / 26])
    picture = window.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    assert np.ptp(picture, axis=-1).max() > 100, "the photo is seen, in its colours"

    window.layers.clear()
    choose_sample("COCO: conv4_x")  # nobody serves it any more
    assert [layer.name for layer in window.layers] == [f"{COCO} overlay", f"{COCO} features"]

    window.layers.clear()
    with notification_manager:
        choose_sample("COCO: conv3_x")
    (toast,) = (w for w in QApplication.allWidgets() if type(w).__name__ == "NapariQtNotification")
    qtbot.waitUntil(toast.isVisible)
    notification = notification_manager.records.pop()
    assert notification.severity == "error"
    assert f"{address}/000000015746.jpg.C2.npz.8.zip" in notification.message
    assert "Check the connection to the internet" in notification.message
    assert not window.layers
    assert [path.name for path in tmp_path.iterdir()] == [FILE]

    with qtbot.waitSignal(toast.destroyed):
        toast.close()
    for name in ("last_exc", "last_value", "last_traceback"):
        setattr(sys, name, None)  # the last error would keep the window
