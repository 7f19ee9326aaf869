from __future__ import annotations

import sys

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.optional_package import imported


def test_package_that_is_there_is_imported():
    assert imported("json", "a.h5").loads("[1]") == [1]


def test_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DatasetError, match=r"a file that needs the package h5py: a\.h5") as caught:
        imported("h5py", "a.h5")
    assert 'pip install "napari-ifealid[cubes]"' in caught.value.remedy
