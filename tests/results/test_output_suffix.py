from __future__ import annotations

import pytest

from napari_ifealid import DatasetError
from napari_ifealid.results.output_suffix import checked_suffix


def test_case_of_the_suffix_does_not_matter():
    assert checked_suffix("a.b.CSV", [".csv"]) == ".csv"


@pytest.mark.parametrize("name", ["a", "a.xlsx", "csv"])
def test_another_suffix_is_an_error_that_names_those_expected(name):
    with pytest.raises(DatasetError, match=r"expected \.csv or \.npy\."):
        checked_suffix(name, [".csv", ".npy"])
