"""Text from files as plain text: visible, on one line, of a bounded length, and never markup."""

from __future__ import annotations

import re
from html import escape

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


def one_line(text: str, most: int = LONGEST) -> str:
    r"""Return a text with its control characters visible, as in ``\x1b``, and cut if it is long.

    Parameters
    ----------
    text : str
        Of a file, such as a name or a label.
    most : int, optional
        Characters that are left of it, an ellipsis among them.
    """
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return _CONTROLS.sub(_visible, cut)


def lines(text: str) -> str:
    r"""Return a text of several lines with its other control characters visible, as in ``\x1b``.

    Parameters
    ----------
    text : str
    """
    return _BUT_NEW_LINES.sub(_visible, text)


def never_markup(text: str) -> str:
    """Return what shows a text as it is where Qt guesses whether it is HTML.

    Tooltips and the notifications of napari guess, and offer no way to tell.

    Parameters
    ----------
    text : str
    """
    # all that Qt.mightBeRichText takes for HTML has one of these
    if "<" not in text and "&lt;" not in text:
        return text
    return f"<span>{escape(text, quote=False)}</span>".replace("\n", "<br>")


def without_mnemonic(text: str) -> str:
    """Return what shows a text as it is in a button or a menu, where & marks a key.

    Parameters
    ----------
    text : str
    """
    return text.replace("&", "&&")


def _visible(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode("ascii")
