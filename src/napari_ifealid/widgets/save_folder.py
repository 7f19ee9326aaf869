"""The folder and the name that a dataset is saved under unless the user chooses another."""

from __future__ import annotations

import re
from pathlib import Path

import pooch

from napari_ifealid.cache_folder import cache_folder
from napari_ifealid.formats.location import is_url

_PACKAGE = Path(__file__).parents[1]
_UNSAFE = r'[\\/:*?"<>|]+'  # in file names, on some system or other
_ENDING = r"(\.(8|16|32))?\.zip$"


class SaveFolder:
    """Remembers the folder that was used last."""

    def __init__(self) -> None:
        self._last: Path | None = None

    def remember(self, path: Path) -> None:
        """Remember the folder of a file that the user chose."""
        self._last = path.parent

    def starting_at(self, opened: str | None) -> Path:
        """Return the folder to begin with: the last one, else that of the stack, else the home.

        Parameters
        ----------
        opened : str or None
            Path or URL that the stack was opened from. What lies in the package or in a cache is
            not the user's.
        """
        if self._last is not None and self._last.is_dir():
            return self._last
        return Path(opened).parent if opened and _is_the_users(opened) else Path.home()


SAVE_FOLDER = SaveFolder()
"""That of the running program."""


def suggested_name(name: str, precision: int) -> str:
    """Return the name of a dataset's file, with a single ending.

    Parameters
    ----------
    name : str
        What the dataset is called; maybe after a file, such as "cat.npy.8.zip".
    precision : int
        Bits of a value.
    """
    plain = re.sub(_ENDING, "", safe_name(name), flags=re.IGNORECASE)
    return f"{plain or 'dataset'}.{precision}.zip"


def safe_name(name: str) -> str:
    """Return a name without what can't be in the name of a file on some system."""
    return re.sub(_UNSAFE, "_", name)


def _is_the_users(opened: str) -> bool:
    if is_url(opened):
        return False
    folder = Path(opened).resolve().parent
    caches = (cache_folder(), Path(pooch.os_cache("napari-ifealid")).parent)
    others = [place.resolve() for place in (_PACKAGE, *caches)]
    return folder.is_dir() and not any(folder.is_relative_to(other) for other in others)
