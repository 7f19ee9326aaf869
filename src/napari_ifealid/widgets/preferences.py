"""What the plugin remembers from one start to the next: which groups are folded, how maps are.

It is kept in the plugin's own settings, which napari 0.9 and newer have; older ones remember
nothing beyond the end of the program.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

_PLUGIN = "napari-ifealid"
_UNFOLDED_AT_FIRST = {"what": True, "question": True, "result": True}
_SHARP = "sharp"
_SHARP_TEXTS = {"where the stack is coarse": None, "always": True, "never": False}
_in_this_run: dict[str, bool] = {}


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
        return bool(getattr(settings.panel, key))
    return _in_this_run.get(key, _UNFOLDED_AT_FIRST.get(key, False))


def set_unfolded(group: str, unfolded: bool) -> None:
    """Remember whether a group is open."""
    key = group.lower()
    _in_this_run[key] = unfolded
    settings = _settings()
    if settings is not None:
        setattr(settings.panel, key, unfolded)


def remembered_sharp() -> bool | None:
    """Return whether maps were sharp when that was chosen last; None if it never was."""
    settings = _settings()
    if settings is not None:
        return _SHARP_TEXTS.get(settings.maps.sharp)
    return _in_this_run.get(_SHARP)


def remember_sharp(is_sharp: bool) -> None:
    """Remember whether maps are sharp."""
    _in_this_run[_SHARP] = is_sharp
    settings = _settings()
    if settings is not None:
        texts = {value: text for text, value in _SHARP_TEXTS.items()}
        settings.maps.sharp = texts[is_sharp]


def _settings() -> Any:
    """Return the plugin's settings, None where napari has none."""
    with suppress(ImportError, AttributeError, KeyError, ValueError):
        from napari.settings import get_plugin_settings

        return get_plugin_settings(_PLUGIN)
    return None
