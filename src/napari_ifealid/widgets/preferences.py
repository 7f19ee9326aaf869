"""What the plugin remembers from one start to the next: which groups are folded, how maps are.

It is kept in the plugin's own settings, which napari 0.9 and newer have; older ones remember
nothing beyond the end of the program.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

_PLUGIN = "napari-ifealid"
_UNFOLDED_AT_FIRST = {"what": True, "question": True, "result": True}
_SHARP = {"where the stack is coarse": None, "always": True, "never": False}
_in_this_run: dict[str, bool] = {}
_in_this_run_sharp: list[bool | None] = [None]


def is_unfolded(group: str) -> bool:
    """Return whether a group was left open; what is used all the time is at first.

    Parameters
    ----------
    group : str
        Its title.
    """
    key = group.lower()
    settings = _settings()
    if settings is not None:
        return bool(getattr(settings, key))
    return _in_this_run.get(key, _UNFOLDED_AT_FIRST.get(key, False))


def set_unfolded(group: str, unfolded: bool) -> None:
    """Remember whether a group is open."""
    key = group.lower()
    _in_this_run[key] = unfolded
    settings = _settings()
    if settings is not None:
        setattr(settings, key, unfolded)


def remembered_sharp() -> bool | None:
    """Return whether maps were sharp when that was chosen last; None if it never was."""
    settings = _settings("maps")
    return _in_this_run_sharp[-1] if settings is None else _SHARP.get(settings.sharp)


def remember_sharp(is_sharp: bool) -> None:
    """Remember whether maps are sharp."""
    _in_this_run_sharp[:] = [is_sharp]
    settings = _settings("maps")
    if settings is not None:
        settings.sharp = next(text for text, value in _SHARP.items() if value is is_sharp)


def _settings(section: str = "panel") -> Any:
    """Return a section of the plugin's settings, None where napari has none."""
    with suppress(ImportError, AttributeError, KeyError, ValueError):
        from napari.settings import get_plugin_settings

        return getattr(get_plugin_settings(_PLUGIN), section)
    return None
