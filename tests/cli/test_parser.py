from __future__ import annotations

import pytest

from napari_ifealid.cli.parser import CommandParser


def test_error_is_one_line_beside_the_usage(capsys):
    parser = CommandParser(prog="command")
    with pytest.raises(SystemExit) as exit_:
        parser.parse_args(["--a\x1b\nb"])
    assert exit_.value.code == 2
    usage, error = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: command")
    assert error == r"command: error: unrecognized arguments: --a\x1b\nb"
