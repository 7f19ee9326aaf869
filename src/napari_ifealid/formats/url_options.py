"""Options for fsspec, by which it reads a URL."""

from __future__ import annotations

from os import fspath
from typing import Any

from napari_ifealid.formats.location import Location, is_url
from napari_ifealid.formats.transfer import MOST_REDIRECTS, SCHEMES


def url_options(location: Location) -> dict[str, Any]:
    """Return the options for a location; none unless it is at http:// or https://.

    Parameters
    ----------
    location : path or URL
    """
    if not is_url(location) or fspath(location).partition("://")[0].lower() not in SCHEMES:
        return {}
    try:
        from napari_ifealid.formats.web_client import web_client  # takes long to import
    except ImportError:  # fsspec tells what is missing
        return {}
    return {"get_client": web_client, "max_redirects": MOST_REDIRECTS}
