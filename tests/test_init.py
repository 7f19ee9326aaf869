from __future__ import annotations

import json
import subprocess
import sys

import pytest

import napari_ifealid
from napari_ifealid import extraction

NETWORKS = {"torch", "transformers", "huggingface_hub"}
MODULES = [
    "napari_ifealid",
    "napari_ifealid.extraction",
    "napari_ifealid.results",
    "napari_ifealid.similarity",
    "napari_ifealid.overview",
    "napari_ifealid.explorer",
    "napari_ifealid.widgets",
    "napari_ifealid._reader",
    "napari_ifealid._writer",
    "napari_ifealid._sample_data",
    "napari_ifealid.cli",
]
IMPORTS = """
import json, sys
from importlib import import_module

found = {}
for name in json.loads(sys.argv[1]):
    import_module(name)
    found[name] = list(sys.modules)
print(json.dumps(found))
"""


def test_networks_are_not_imported_before_they_are_needed():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, json.dumps(MODULES)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert list(found) == MODULES
    assert {name: NETWORKS & set(modules) for name, modules in found.items()} == {
        name: set() for name in MODULES
    }


def test_what_is_offered_is_there():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    assert all(hasattr(napari_ifealid, name) for name in napari_ifealid.__all__)
    assert napari_ifealid.extract_features is extraction.extract_features


def test_what_is_offered_is_listed_before_it_was_used():
    listed = "import napari_ifealid; print(*dir(napari_ifealid))"
    done = subprocess.run(
        [sys.executable, "-c", listed], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == sorted(napari_ifealid.__all__)


@pytest.mark.parametrize("package", [napari_ifealid, extraction])
def test_other_names_are_not_there(package):
    assert not hasattr(package, "extract_feature")
