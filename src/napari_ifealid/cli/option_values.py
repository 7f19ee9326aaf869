"""Numbers given as options: functions for argparse's ``type``."""

from __future__ import annotations

import argparse
from math import isfinite, isnan, nan


def whole_number(text: str) -> int:
    """Return a whole number above 0."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"found {text!r}; expected a whole number above 0")


def number(text: str) -> float:
    """Return a number, which may be infinite."""
    value = _parsed(text)
    if isnan(value):
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a number, such as 0.8")
    return value


def finite_number(text: str) -> float:
    """Return a finite number."""
    value = _parsed(text)
    if not isfinite(value):
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a finite number, such as 0.8")
    return value


def _parsed(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan
