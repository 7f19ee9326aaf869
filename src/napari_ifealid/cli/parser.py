"""The parser of the command and of its subcommands."""

from __future__ import annotations

import argparse
from typing import NoReturn

from napari_ifealid.plain_text import LONGEST_MESSAGE, one_line


class CommandParser(argparse.ArgumentParser):
    """A parser whose errors are one line, whatever names the arguments have."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and end with the exit status 2."""
        super().error(one_line(message, LONGEST_MESSAGE))
