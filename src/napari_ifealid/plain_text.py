"""Text from files as plain text: visible, on one line, of a bounded length, and never markup."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of a name or a label that are shown."""

LONGEST_PATH = 4096
"""Characters of a path that are shown: as many as it can have."""

LONGEST_MESSAGE = 2 * LONGEST_PATH
"""Characters of a message that are shown, which may hold a path."""

# C0 and C1 controls, separators of lines, overrides of the direction and halves of a character:
# a terminal obeys them, and a window shows other text than there is
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BUT_NEW_LINES = re.compile(_CONTROLS.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))

_JOINER = "\u2060"  # has no width; behind it, < begins no tag
_MARKUP = re.compile(f"(<|&(?=lt;))(?!{_JOINER})")  # all that Qt.mightBeRichText looks for


def one_line(text: str, most: int = LONGEST) -> str:
    r"""Return a text with its control characters visible, as in ``\x1b``, and cut if it is long.

    Parameters
    ----------
    text : str
        Of a file, such as a name or a label.
    most : int, optional
        Characters that are left of it, an ellipsis among them.
    """
    return _CONTROLS.sub(_visible, _cut(text, most))


def lines(text: str, most: int | None = None) -> str:
    r"""Return a text of several lines with its other control characters visible, as in ``\x1b``.

    Parameters
    ----------
    text : str
    most : int, optional
        Characters that are left of it, an ellipsis among them; all are unless given.
    """
    return _BUT_NEW_LINES.sub(_visible, _cut(text, len(text) if most is None else most))


def never_markup(text: str) -> str:
    """Return a text that looks the same, and that Qt never takes for HTML where it guesses.

    Tooltips, and napari's notifications and status bar, guess and offer no way to tell. Unlike
    escaped text, which is to be read as HTML, this may be cut and joined with others.

    Parameters
    ----------
    text : str
    """
    return _MARKUP.sub(rf"\1{_JOINER}", text)


def plain_message(text: str) -> str:
    """Return a text of several lines for a place where Qt guesses whether it is HTML.

    Parameters
    ----------
    text : str
        May hold anything that a file has.
    """
    return never_markup(lines(text, LONGEST_MESSAGE))


def with_markup(text: str) -> str:
    """Return what `never_markup` was given."""
    return text.replace(_JOINER, "")


def shown_name(name: str) -> str:
    """Return a name as napari shows it: of a layer in its list and status bar, or of a task.

    Parameters
    ----------
    name : str
        May hold anything that a file has.
    """
    return never_markup(one_line(name))


def without_mnemonic(text: str) -> str:
    """Return what shows a text as it is in a button or a menu, where & marks a key.

    Parameters
    ----------
    text : str
    """
    return text.replace("&", "&&")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _visible(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode("ascii")
