from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image
from psygnal import Signal

from napari_ifealid.explorer import ExplorerState
from napari_ifealid.explorer.connections import Connections


class Sender:
    sent = Signal(int)


@pytest.fixture(params=["psygnal", "a group of psygnal's", "napari", "a layer of napari's"])
def signal(request):
    """A signal, and what emits it."""
    sender, state, image = Sender(), ExplorerState(), Image(np.zeros((3, 3)))
    numbers = iter(range(1, 9))
    return {
        "psygnal": (sender.sent, lambda: sender.sent.emit(1)),
        "a group of psygnal's": (
            state.events.base,
            lambda: setattr(state, "base", next(numbers) / 10),
        ),
        "napari": (image.events.name, lambda: setattr(image, "name", str(next(numbers)))),
        "a layer of napari's": (
            image.events.colormap,
            lambda: setattr(image, "colormap", ["viridis", "magma"][next(numbers) % 2]),
        ),
    }[request.param]


class Listener:
    def __init__(self) -> None:
        self.count = 0

    def on_signal(self) -> None:
        self.count += 1


def test_callback_is_called_until_the_end(signal):
    sent, send = signal
    connections, listener = Connections(), Listener()
    connections.connect(sent, listener.on_signal)
    send()
    assert listener.count == 1
    connections.close()
    connections.close()
    send()
    assert listener.count == 1


def test_callbacks_of_others_stay_connected(signal):
    sent, send = signal
    connections, own, other = Connections(), Listener(), Listener()
    connections.connect(sent, own.on_signal)
    sent.connect(other.on_signal)
    connections.close()
    send()
    assert (own.count, other.count) == (0, 1)


def test_what_somebody_else_has_disconnected_is_done_without():
    sender, listener = Sender(), Listener()
    connections = Connections()
    connections.connect(sender.sent, listener.on_signal)
    sender.sent.disconnect()
    connections.close()
    connections.connect(SimpleNamespace(connect=lambda _: None, disconnect=lambda _: None), print)
