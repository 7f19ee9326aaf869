"""The command napari-ifealid."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Protocol

from napari_ifealid.cli import apply, convert, create, explore, extract, info
from napari_ifealid.cli.exit_status import exit_status
from napari_ifealid.cli.messages import print_any_name
from napari_ifealid.cli.parser import CommandParser


class Subcommand(Protocol):
    """The interface of a module that implements a subcommand of `napari-ifealid`."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Define the arguments that may follow."""

    def run(self, options: argparse.Namespace) -> None:
        """Do it."""


SUBCOMMANDS: dict[str, Subcommand] = {
    "extract": extract,
    "create": create,
    "info": info,
    "convert": convert,
    "apply": apply,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, or the subcommand that the first argument names.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the command line unless given.

    Returns
    -------
    int
        Exit status: 0; 1 if some of the input failed and the rest is done; 2 for bad input; 128
        and the number of the signal that ended it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in SUBCOMMANDS:
        return _run(words[0], words[1:])
    return explore.main(words, _epilog())


def _run(name: str, words: list[str]) -> int:
    subcommand = SUBCOMMANDS[name]
    summary = f"{subcommand.SUMMARY[0].upper()}{subcommand.SUMMARY[1:]}."
    parser = CommandParser(prog=f"napari-ifealid {name}", description=summary)
    subcommand.add_arguments(parser)
    options = parser.parse_args(words)
    print_any_name()
    return exit_status(lambda: subcommand.run(options))


def _epilog() -> str:
    listed = (f"  {name:<10}{subcommand.SUMMARY}" for name, subcommand in SUBCOMMANDS.items())
    return "\n".join(
        [
            "subcommands, each with its own --help:",
            *listed,
            "\na file of such a name is opened as ./create",
        ]
    )
