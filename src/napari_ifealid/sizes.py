"""Numbers of bytes, for people."""

from __future__ import annotations


def size_text(count: int) -> str:
    """Return a number of bytes in a unit that suits it, as in "4.34 MB"."""
    size, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{count} bytes" if unit == "bytes" else f"{size:.3g} {unit}"
