from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from napari_ifealid.formats.transfer import MOST_REDIRECTS
from napari_ifealid.formats.url_options import url_options


@pytest.mark.parametrize("location", ["s3://bucket/cube.zarr", "cube.zarr", Path("cube.zarr")])
def test_other_ways_to_a_zarr_have_none(location):
    assert url_options(location) == {}


@pytest.mark.parametrize("url", ["HTTPS://example.org/cube.zarr", "http://example.org/cube.zarr"])
def test_web_servers_are_asked_by_a_client_that_other_processes_know(url):
    pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp only")
    options = url_options(url)
    assert options["max_redirects"] == MOST_REDIRECTS
    assert pickle.loads(pickle.dumps(options)) == options
