"""Numbers of bytes, for people."""

from __future__ import annotations

_LARGEST = 10**30  # bytes: sizes in damaged files may be beyond the largest float


def size_text(count: int) -> str:
    """Return a number of bytes in a unit that suits it, as in "4.34 MB"."""
    size, unit = float(min(count, _LARGEST)), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{count} bytes" if unit == "bytes" else f"{size:.3g} {unit}"
