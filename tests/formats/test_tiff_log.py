from __future__ import annotations

import logging
from threading import Thread

import pytest

from napari_ifealid.formats.tiff_log import tifffile_silenced


def test_only_this_thread_is_silent_and_only_meanwhile(caplog):
    log = logging.getLogger("tifffile")
    with tifffile_silenced():
        log.warning("here")
        other = Thread(target=log.warning, args=("elsewhere",))
        other.start()
        other.join()
    log.warning("later")
    assert caplog.messages == ["elsewhere", "later"]


def test_an_error_ends_the_silence(caplog):
    with pytest.raises(KeyError), tifffile_silenced():
        raise KeyError
    logging.getLogger("tifffile").warning("later")
    assert caplog.messages == ["later"]
