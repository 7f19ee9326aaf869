from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import ExtractionWarning
from napari_ifealid.extraction.extractor import check_layers

KNOWN = ("stem", "layer1", "layer1.0", "layer1.1", "layer2", "fc")


@pytest.mark.parametrize("wanted", [[], ["fc"], ["layer2", "stem"], KNOWN])
def test_known_layers_pass(wanted):
    check_layers(wanted, KNOWN)


def test_an_unknown_layer_is_refused_with_those_most_alike_first():
    with pytest.raises(DatasetError, match=r"no layer 'layer1\.2'; expected one .*such as layer1"):
        check_layers(["fc", "layer1.2"], KNOWN)


def test_at_most_five_layers_are_named():
    known = [f"layer{number}" for number in range(50)]
    with pytest.raises(DatasetError) as caught:
        check_layers(["layer99"], known)
    assert str(caught.value).count("layer") == 2 + 5  # "no layer 'layer99'" and five names


def test_even_a_name_like_no_other_gets_names_to_choose_from():
    with pytest.raises(DatasetError, match=r"such as \w+"):
        check_layers(["???"], KNOWN)


def test_where_there_are_no_layers_that_is_told():
    with pytest.raises(DatasetError, match="no layer 'fc'; expected a network with layers"):
        check_layers(["fc"], ())


def test_the_warning_is_one_for_users():
    assert issubclass(ExtractionWarning, UserWarning)
