"""Where files are kept that can be had again."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "NAPARI_IFEALID_CACHE"
"""Environment variable with the folder, instead of the user's cache."""


def cache_folder() -> Path:
    """Return the folder, which may still be missing."""
    import pooch  # takes long to import

    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("napari-ifealid"))
