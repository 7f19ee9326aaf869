from __future__ import annotations

import warnings

import pytest
from napari.utils.notifications import (
    ErrorNotification,
    WarningNotification,
    notification_manager,
)
from qtpy.QtCore import Qt

from napari_ifealid import notices
from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import ExtractionWarning
from napari_ifealid.formats import MetadataWarning, OverlayWarning, WebApplicationWarning
from napari_ifealid.plain_text import LONGEST_MESSAGE
from napari_ifealid.session_files import SessionWarning

EVIL = "<b>bold</b>\x1b[31m &lt;"
SHOWN = r"<b>bold</b>\x1b[31m &lt;"


def assert_is_plain(message: str) -> None:
    assert message.replace("\u2060", "") == SHOWN
    assert not Qt.mightBeRichText(message)


@pytest.mark.parametrize("show", [notices.show_error, notices.show_warning, notices.show_info])
def test_message_is_shown_as_it_is(show):
    before = len(notification_manager.records)
    show(EVIL)
    (shown,) = notification_manager.records[before:]
    assert_is_plain(shown.message)
    assert str(shown.severity) == show.__name__.removeprefix("show_")


def test_long_message_is_cut():
    before = len(notification_manager.records)
    notices.show_info("a" * 10**6)
    (shown,) = notification_manager.records[before:]
    assert len(shown.message) == LONGEST_MESSAGE


def test_error_that_napari_catches_is_shown_as_it_is():
    error = DatasetError(EVIL, expected="b", remedy="c")
    message = ErrorNotification(error).message
    assert message.replace("\u2060", "") == f"{SHOWN}; expected b. c"
    assert not Qt.mightBeRichText(message)


@pytest.mark.parametrize(
    "kind",
    [ExtractionWarning, MetadataWarning, OverlayWarning, SessionWarning, WebApplicationWarning],
)
def test_warning_that_napari_catches_is_shown_as_it_is(kind):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn(EVIL, kind, stacklevel=1)
    (warning,) = caught
    assert_is_plain(WarningNotification(warning.message).message)
