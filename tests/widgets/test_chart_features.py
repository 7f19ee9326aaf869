from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.widgets.chart_features import ChartFeatures

NUMBERED = ChartFeatures((0, 1, 2))
WAVELENGTHS = ChartFeatures(("450 nm", "400 nm", "500 nm"))
NAMED = ChartFeatures(("red", "green", 0.1 + 0.2))


def test_labels_are_texts():
    assert NUMBERED.labels == ("0", "1", "2")
    assert NAMED.labels == ("red", "green", "0.3")
    assert NAMED.widest == "green"
    assert ChartFeatures(()).widest == ""


@pytest.mark.parametrize(
    ("features", "order", "centres"),
    [
        (NUMBERED, [0, 1, 2], [0, 1, 2]),
        (WAVELENGTHS, [1, 0, 2], [400, 450, 500]),
        (NAMED, [0, 1, 2], [0, 1, 2]),
        (ChartFeatures(()), [], []),
    ],
)
def test_features_lie_at_their_numbers_where_labels_are_some(features, order, centres):
    assert features.places.order.tolist() == order
    assert features.places.centres.tolist() == centres
    assert features.places is features.places


def test_title_says_what_the_numbers_of_the_axis_are():
    assert NUMBERED.title(is_numeric=True) == NUMBERED.title(is_numeric=False) == "feature"
    assert WAVELENGTHS.title(is_numeric=True) == "wavelength in nm"
    assert WAVELENGTHS.title(is_numeric=False) == ""
    assert NAMED.title(is_numeric=False) == ""
    assert ChartFeatures((1.5, 2.5)).title(is_numeric=True) == ""
    assert ChartFeatures(("1 s", "2 s")).title(is_numeric=True) == "in s"


def test_text_is_the_label_with_the_value():
    assert NUMBERED.text(1, 0.25) == "feature 1: 0.25"
    assert WAVELENGTHS.text(0, None) == "450 nm"


def test_features_that_are_none_are_refused():
    NUMBERED.check(2)
    for feature in (-1, 3):
        with pytest.raises(ValueError, match=f"no feature {feature}: there are 3"):
            NUMBERED.check(feature)


def test_order_names_each_feature_once():
    assert NUMBERED.checked_order([2, 0, 1]).dtype == np.intp
    for order in ([0, 1], [0, 1, 1], [0, 1, 3]):
        with pytest.raises(ValueError, match="must name each of the features 0 to 2 once"):
            NUMBERED.checked_order(order)


def test_labels_are_shown_on_one_line_and_cut_and_kept_as_they_are():
    given = ("a\x1b\nb", "x" * 10**6)
    features = ChartFeatures(given)
    assert features.labels == given
    first, second = features.shown_labels
    assert first == r"a\x1b\nb"
    assert len(second) == 200 == len(features.widest)
    assert features.text(0, 0.5) == r"a\x1b\nb: 0.5"
