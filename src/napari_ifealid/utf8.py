"""Texts as UTF-8, whatever is in them."""

from __future__ import annotations


def to_utf8(text: str) -> bytes:
    """Return a text in UTF-8.

    Parameters
    ----------
    text : str
        May have bytes of a file name that are no UTF-8, as Python holds them: each becomes �.

    Returns
    -------
    bytes
    """
    return text.encode(errors="surrogateescape").decode(errors="replace").encode()
