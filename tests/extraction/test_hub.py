from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import hub, model_layers

pytest.importorskip("huggingface_hub")

MODEL = "someone/resnet-of-nobody"


@pytest.fixture(autouse=True)
def online(monkeypatch, no_network):
    """Lets the hub be asked, but not for long."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "PATIENCE", 0.3)


@pytest.fixture
def move_hub(monkeypatch):
    """Puts the hub at another port of this computer."""
    return lambda port: monkeypatch.setattr(
        "huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{port}"
    )


@pytest.fixture
def silent(move_hub) -> Iterator[None]:
    """A hub that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        move_hub(server.getsockname()[1])
        yield


@pytest.fixture
def refusing(move_hub) -> None:
    """A hub that takes no connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        move_hub(server.getsockname()[1])


class NotFound(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(move_hub) -> Iterator[None]:
    """A hub that has nothing of what it is asked for."""
    with HTTPServer(("127.0.0.1", 0), NotFound) as server:
        move_hub(server.server_port)
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("kind", ["silent", "refusing"])
def test_stages_of_a_model_are_given_up_where_the_hub_does_not_answer(kind, request):
    request.getfixturevalue(kind)
    with pytest.raises(DatasetError, match=r"^no connection to the Hugging Face hub: ") as caught:
        model_layers(MODEL)
    assert caught.value.file == MODEL


def test_hub_is_given_up_where_its_name_is_not_found_in_time(monkeypatch):
    is_found = Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: is_found.wait() and [])
    assert not hub.hub_answers()
    is_found.set()


def test_any_answer_will_do(move_hub):
    with answering(move_hub):
        assert hub.hub_answers()
        assert not hub.must_be_here(MODEL)


def test_model_that_was_downloaded_before_needs_no_hub(silent, monkeypatch):
    monkeypatch.setattr(hub, "is_downloaded", lambda model: model == MODEL)
    assert hub.must_be_here(MODEL)


def test_model_is_downloaded_if_its_configuration_is_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert not hub.is_downloaded(MODEL)
    kept = tmp_path / f"models--{MODEL.replace('/', '--')}"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("abc")
    (kept / "snapshots" / "abc").mkdir(parents=True)
    (kept / "snapshots" / "abc" / "config.json").write_text("{}")
    assert hub.is_downloaded(MODEL)


def test_folder_needs_no_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "hub_answers", pytest.fail)
    assert hub.must_be_here(str(tmp_path))


def test_hub_is_not_asked_for_what_cannot_be_a_name_there(monkeypatch):
    monkeypatch.setattr(hub, "hub_answers", pytest.fail)
    assert not hub.must_be_here("./missing/folder")


def test_hub_is_not_asked_where_the_user_works_offline(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "hub_answers", pytest.fail)
    assert hub.must_be_here(MODEL)
