"""Options that are easily taken for each other: the output, a folder for it, and the overlay."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import no_such_file

_WRITTEN = {".zip", ".npz", ".npy", ".zarr", ".hdr"}
_IMAGES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def add_short_output(parser: argparse.ArgumentParser) -> None:
    """Add the option -o of a subcommand where it was the overlay once."""
    parser.add_argument(
        "-o",
        dest="output_or_overlay",
        metavar="FILE",
        type=Path,
        help="the same as --output; an image, as --overlay, as in earlier versions",
    )


def output_and_overlay(options: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """Return which file is written, and which image is the overlay; None where none is given.

    Parameters
    ----------
    options : argparse.Namespace
        With `output`, `overlay` and `output_or_overlay`.

    Raises
    ------
    DatasetError
        If an output looks like an overlay or the other way round, or if one is given twice.
    """
    output, overlay, short = options.output, options.overlay, options.output_or_overlay
    if overlay is not None:
        _check_can_be_overlay(overlay)
    if output is not None and _is_image(output):
        raise DatasetError(
            "an image given as the output",
            expected="the name of the ZIP to write",
            remedy=f"For the original image say --overlay {output}",
            file=output,
        )
    if short is None:
        return output, overlay
    if _is_zip(short):
        _check_once(output, short, "output")
        return short, overlay
    _check_once(overlay, short, "overlay")
    return output, _overlay_meant(short)


def check_is_zip(output: Path) -> None:
    """Raise unless a name is that of a dataset.

    Raises
    ------
    DatasetError
        If it does not end in .zip.
    """
    if not _is_zip(output):
        raise DatasetError(
            "a folder given as the output" if output.is_dir() else f"the suffix {output.suffix!r}",
            expected=".zip at the end of the name, by which datasets are known",
            remedy="Choose such a name, or use napari-ifealid convert for arrays.",
            file=output,
        )


def check_output_folder(folder: Path) -> None:
    """Raise if the name of an output folder is that of a file.

    Parameters
    ----------
    folder : path
        Need not exist. One that does is a good one, whatever its name.

    Raises
    ------
    DatasetError
        If it is a file, or looks like the name of one.
    """
    if folder.is_dir():
        return
    if _is_image(folder):
        raise DatasetError(
            "an image given as the output folder",
            expected="a folder after -o, --output and --output-folder",
            remedy="Name the images before the options; a zip has its image as the overlay "
            "without being told.",
            file=folder,
        )
    if folder.suffix.lower() in _WRITTEN or folder.is_file():
        raise DatasetError(
            "a file given as the output folder",
            expected="a folder, since there is a file for each image and stage",
            remedy="Name a folder, and the kind of the files with --format.",
            file=folder,
        )


def _overlay_meant(short: Path) -> Path:
    if short.is_dir():
        raise DatasetError(
            "a folder given with -o",
            expected="the name of the ZIP to write",
            remedy=f"Say --output {short / 'NAME.zip'}",
            file=short,
        )
    if not short.exists() and not _is_image(short):
        raise DatasetError(
            f"the suffix {short.suffix!r}",
            expected="the name of the ZIP to write after -o, or an image",
            remedy="Choose a name that ends in .zip, or use napari-ifealid convert for arrays.",
            file=short,
        )
    _check_can_be_overlay(short)
    return short


def _check_can_be_overlay(path: Path) -> None:
    if path.suffix.lower() in _WRITTEN or path.is_dir():
        raise DatasetError(
            f"a {'folder' if path.is_dir() else path.suffix.lower()} given as the overlay",
            expected="the original image, such as a JPEG, PNG or TIFF file",
            remedy=f"For the file to write say --output {path}"
            if _is_zip(path)
            else "Choose the image; the file to write is named with --output.",
            file=path,
        )
    if not path.exists():  # a look before long work
        raise no_such_file(path)


def _check_once(before: Path | None, now: Path, what: str) -> None:
    if before is not None:
        raise DatasetError(
            f"two names for the {what}: {before.name} and {now.name}",
            expected="one",
            remedy=f"Leave out --{what} or -o.",
        )


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in _IMAGES
