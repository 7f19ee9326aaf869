from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Event

import numpy as np
import pytest
from npe2 import PluginManifest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from example_server import files, send_start, serving_examples
from napari_ifealid import FeatureStack, _example_data, read_stack, write_stack
from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.example_datasets import EXAMPLES
from napari_ifealid.formats.transfer import STEP
from napari_ifealid.layers import layer_data


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def served(cache, monkeypatch):
    return partial(serving_examples, monkeypatch)


@pytest.fixture
def made(stack, tmp_path):
    """A dataset on the disk that comes in several pieces."""
    values = np.random.default_rng(0).integers(0, 256, (24, 20, 512), np.uint8)
    path = tmp_path / "made.zip"
    write_stack(path, replace(stack, values=values, feature_labels=None))
    return path


@pytest.fixture
def window(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


class HeldUp:
    """Answers with a file, but waits on the way until it is let go."""

    def __init__(self, content: bytes, *, after: int | None) -> None:
        self.content, self.after = content, after
        self.has_begun, self.goes_on = Event(), Event()

    def __call__(self, request) -> None:
        if self.after is None:
            self._wait()
        send_start(request, len(self.content))
        if self.after is not None:
            request.wfile.write(self.content[: self.after])
            self._wait()
        request.wfile.write(self.content[self.after or 0 :])

    def _wait(self) -> None:
        self.has_begun.set()
        self.goes_on.wait(60)


@contextmanager
def once(event: Event, action):
    """Let Qt's event loop do something once an event has come."""

    def look() -> None:
        if event.is_set():
            timer.stop()
            action()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    yield
    timer.stop()


STOPS = pytest.mark.parametrize("after", [None, 10, 2 * STEP + 10])


def test_manifest_offers_each_example():
    contributions = PluginManifest.from_distribution("napari-ifealid").contributions
    offered = {sample.key: sample for sample in contributions.sample_data}
    functions = {command.id: command.python_name for command in contributions.commands}
    for name, example in EXAMPLES.items():
        assert offered[name].display_name == example.title
        assert functions[offered[name].command] == f"napari_ifealid._example_data:{name}"


def test_there_is_a_function_for_each_example_and_for_nothing_else():
    assert all(callable(getattr(_example_data, name)) for name in EXAMPLES)
    with pytest.raises(AttributeError, match="coco_conv5_x"):
        _ = _example_data.coco_conv5_x


def test_example_opens_as_its_file_does(served, made):
    with served(files({EXAMPLES["div2k_conv3_x"].file_name: made.read_bytes()})):
        layers = _example_data.div2k_conv3_x()
    for (data, arguments, kind), expected in zip(layers, layer_data(read_stack(made)), strict=True):
        np.testing.assert_array_equal(data, expected[0])
        assert arguments["name"] == expected[1]["name"]
        assert isinstance(arguments["metadata"]["feature_stack"], FeatureStack)
        assert kind == expected[2]


@STOPS
def test_window_is_alive_while_the_server_is_silent(served, made, window, after):
    answer = HeldUp(made.read_bytes(), after=after)
    # the server goes on only when Qt's event loop says so: else the download is given up
    with served(answer), once(answer.has_begun, answer.goes_on.set):
        assert len(_example_data.dota_conv3_x()) == 2


@STOPS
def test_window_closed_while_the_server_is_silent_gets_no_layer_and_leaves_no_file(
    served, cache, made, window, make_napari_viewer, after
):
    viewer, answer = make_napari_viewer(show=False), HeldUp(made.read_bytes(), after=after)

    def close() -> None:
        window.close()
        answer.goes_on.set()

    with served(answer), once(answer.has_begun, close):
        assert viewer.open_sample("napari-ifealid", "dota_conv3_x") == []
    assert list(cache.iterdir()) == []


@STOPS
def test_another_example_can_be_opened_while_the_server_is_silent(
    served, cache, made, window, after
):
    held_up, others = HeldUp(made.read_bytes(), after=after), []
    at_once = files({EXAMPLES["coco_conv3_x"].file_name: made.read_bytes()})

    def answer(request) -> None:
        (held_up if "P0034" in request.path else at_once)(request)

    def open_another() -> None:
        others.extend(_example_data.coco_conv3_x())
        held_up.goes_on.set()

    with served(answer), once(held_up.has_begun, open_another):
        assert len(_example_data.dota_conv3_x()) == 2
    assert len(others) == 2
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        EXAMPLES[name].file_name for name in ("coco_conv3_x", "dota_conv3_x")
    )


def test_same_example_can_be_asked_for_twice_at_a_time(served, cache, made, window):
    answers, others = [HeldUp(made.read_bytes(), after=10)], []
    first, at_once = answers[0], files({EXAMPLES["dota_conv3_x"].file_name: made.read_bytes()})

    def answer(request) -> None:
        (answers.pop() if answers else at_once)(request)

    def open_it_again() -> None:
        others.extend(_example_data.dota_conv3_x())
        first.goes_on.set()

    with served(answer), once(first.has_begun, open_it_again):
        assert len(_example_data.dota_conv3_x()) == 2
    assert len(others) == 2
    assert len(list(cache.iterdir())) == 1


def test_waiting_shows_a_progress_bar(served, made, window, monkeypatch):
    descriptions = []

    class Bar:
        def __init__(self, *, total, desc):
            descriptions.append(desc)
            if desc.endswith("waiting"):
                answer.goes_on.set()

        def update(self, steps):
            """Show nothing."""

        def close(self):
            """Show nothing."""

    monkeypatch.setattr("napari_ifealid._progress.UNNOTICED", 0.0)
    monkeypatch.setattr("napari_ifealid._progress.progress", Bar)
    answer = HeldUp(made.read_bytes(), after=10)
    with served(answer):
        _example_data.dota_conv3_x()
    assert "Downloading DOTA: conv3_x: waiting" in descriptions
    assert "Downloading DOTA: conv3_x" in descriptions
