"""Packages that only some formats need, imported when such a file is opened."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import Location


def imported(package: str, location: Location) -> Any:
    """Return a package of the extra `cubes`.

    Parameters
    ----------
    package : str
        Such as "h5py".
    location : path or URL
        What is to be read with it.

    Raises
    ------
    DatasetError
        If it is not installed, with the command that installs it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise DatasetError(
            f"a file that needs the package {package}",
            expected=f"{package}, which is not installed",
            remedy='Install it with: pip install "napari-ifealid[cubes]"',
            file=location,
        ) from error
