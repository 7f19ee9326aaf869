from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.bands import Bands
from napari_ifealid.cli.stack_summary import summarise
from napari_ifealid.cli.summary_lines import stack_lines
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import untracked


def lines_of(**known) -> dict[str, str]:
    stack = FeatureStack(values=np.ones((2, 2, 20)), name="a", **known)
    summary = summarise(stack, array=None, padding_features=0, track=untracked)
    return dict(stack_lines(summary))


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ([], "none of 20"),
        ([3], "1 of 20: 3, counted from 0"),
        ([0, 1, 19], "3 of 20: 0–1, 19, counted from 0"),
        (range(20), "20 of 20: 0–19, counted from 0"),
        (
            range(0, 20, 2),
            "10 of 20: 0, 2, 4, 6, 8, 10, 12, 14 and 2 more ranges, counted from 0",
        ),
    ],
)
def test_bad_bands_are_told_by_ranges(bad, told):
    flags = tuple(number not in bad for number in range(20))
    assert lines_of(bands=Bands(is_good=flags))["bad bands"] == told


def test_no_more_than_ten_colours_are_listed():
    told = lines_of(bands=Bands(colours=("#ff0000",) * 20))["channel colours"]
    assert told == ", ".join(["#ff0000"] * 10) + " …"


def test_one_width_of_all_bands_is_told_once():
    assert lines_of(bands=Bands(widths=(5.5,) * 20))["band widths"] == "5.5"


def test_nothing_is_told_of_bands_where_nothing_is_known():
    told = lines_of()
    for what in (
        "bad bands",
        "band widths",
        "wavelengths",
        "labels",
        "missing value",
        "pixel size",
    ):
        assert what not in told
