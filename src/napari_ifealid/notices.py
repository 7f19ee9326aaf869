"""Notifications in napari's window, whose text is never taken for HTML."""

from __future__ import annotations

from napari.utils import notifications

from napari_ifealid.plain_text import plain_message


def show_error(message: str) -> None:
    """Show what went wrong.

    Parameters
    ----------
    message : str
        Plain text. What is in it of files may look like HTML, and may hold control characters.
    """
    notifications.show_error(plain_message(message))


def show_warning(message: str) -> None:
    """Show what is to be known.

    Parameters
    ----------
    message : str
        Plain text, as in `show_error`.
    """
    notifications.show_warning(plain_message(message))


def show_info(message: str) -> None:
    """Show what was done.

    Parameters
    ----------
    message : str
        Plain text, as in `show_error`.
    """
    notifications.show_info(plain_message(message))
