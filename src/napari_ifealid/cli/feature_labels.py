"""A text file with a label for each feature, one per line."""

from __future__ import annotations

from pathlib import Path

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.location import no_such_file
from napari_ifealid.numeric_labels import label_of
from napari_ifealid.regular_files import check_regular_file


def read_labels(path: Path, count: int) -> list[str | float]:
    """Read the labels of features: numbers where a line is one, else texts.

    Parameters
    ----------
    path : path
        Text in UTF-8. Empty lines at the end don't matter.
    count : int
        How many features there are.

    Raises
    ------
    DatasetError
        If the file can't be read, or if it has another number of lines.
    """
    check_regular_file(path)
    try:
        lines = path.read_text("utf-8-sig").rstrip().splitlines()
    except FileNotFoundError as error:
        raise no_such_file(path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"no text that can be read ({short_reason(error)})",
            expected="a text file in UTF-8",
            remedy="Check the path, or save the labels again as plain text.",
            file=path,
        ) from error
    if len(lines) != count:
        raise DatasetError(
            f"{len(lines)} lines",
            expected=f"one for each of the {count} features",
            remedy="Add or remove labels.",
            file=path,
        )
    return [label_of(line.strip()) for line in lines]
