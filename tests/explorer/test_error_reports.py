from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.error_reports import ErrorReports


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def reports(shown) -> ErrorReports:
    return ErrorReports(shown.append)


def bad_input(found: str) -> DatasetError:
    return DatasetError(found, expected="something else", remedy="Choose another.")


def test_error_is_shown_once_though_it_comes_at_every_hover(reports, shown):
    for _ in range(5):
        reports.report(bad_input("a damaged block"))
    reports.report(bad_input("no file any more"))
    assert len(shown) == 2
    assert "a damaged block" in shown[0]


def test_error_is_shown_again_for_another_stack(reports, shown):
    reports.report(bad_input("a damaged block"))
    reports.forget()
    reports.report(bad_input("a damaged block"))
    assert len(shown) == 2


def test_error_of_our_own_is_raised_once(reports, shown):
    with pytest.raises(ZeroDivisionError):
        reports.report(ZeroDivisionError("1 / 0"))
    reports.report(ZeroDivisionError("1 / 0"))
    assert shown == []
