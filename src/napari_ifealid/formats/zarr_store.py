"""Zarr folders of which nothing is read but files of a size that memory has room for.

Imported where it is needed only: Zarr takes its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zarr.abc.buffer import Buffer
from zarr.storage import LocalStore, WrapperStore

from napari_ifealid.errors import DatasetError
from napari_ifealid.memory import check_memory
from napari_ifealid.regular_files import check_regular_file

MOST_METADATA = 1 << 28
"""Bytes of a file of metadata: consolidated ones describe all arrays."""

_WORTH_A_LOOK = 1 << 26  # bytes; whether memory is free takes time to find out
_METADATA = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"}


class CarefulStore(WrapperStore[LocalStore]):
    """A folder. What is no file, such as a pipe, is an error, where Zarr waits for its end.

    A folder in the place of a chunk is one, too: Zarr would take it for a chunk of fill values.

    Parameters
    ----------
    store : LocalStore
    """

    @classmethod
    def at(cls, folder: Path) -> CarefulStore:
        """Return the store of a folder, which can only be read."""
        return cls(LocalStore(folder, read_only=True))

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Buffer | None:
        """Return the contents of a file, or None where there is none."""
        self._check(key, is_whole=byte_range is None)
        return await super().get(key, prototype, byte_range)

    async def get_partial_values(
        self, prototype: Any, key_ranges: Iterable[tuple[str, Any]]
    ) -> list[Buffer | None]:
        """Return parts of files."""
        key_ranges = list(key_ranges)
        for key, byte_range in key_ranges:
            self._check(key, is_whole=byte_range is None)
        return await super().get_partial_values(prototype, key_ranges)

    def _check(self, key: str, *, is_whole: bool) -> None:
        path = self._store.root / key
        try:
            check_regular_file(path)
            if is_whole:
                _check_size(path)
        except DatasetError as error:
            raise error.inside(self._store.root, key) from error


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError:  # there is none
        return
    if path.name in _METADATA and size > MOST_METADATA:
        raise DatasetError(
            f"metadata of {size:,} bytes",
            expected=f"at most {MOST_METADATA:,} bytes",
            remedy="Check where the data come from, or copy them again.",
        )
    if size > _WORTH_A_LOOK:
        check_memory(size)
