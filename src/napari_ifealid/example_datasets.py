"""The example datasets of the IFeaLiD paper, downloaded when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pooch

from napari_ifealid.cache_folder import CACHE_VARIABLE, cache_folder
from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.ifealid_zip import read_ifealid_zip
from napari_ifealid.formats.overlay import OVERLAY, OverlayWarning
from napari_ifealid.formats.transfer import TransferError, answered, length_of, pieces_of
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warnings_told_to
from napari_ifealid.tracking import Track, untracked

SOURCE = (
    "https://github.com/BiodataMiningGroup/IFeaLiD/raw/"
    "7aa119b92e7eec3c1270ff0a2b9ad51c94eefbba/public/datasets"
)
"""Where the examples are downloaded from, unless SOURCE_VARIABLE names another place."""

SOURCE_VARIABLE = "NAPARI_IFEALID_EXAMPLES_URL"
"""Environment variable with the address of a folder that has the same files."""

MOST_BYTES = 100 * 2**20
"""No download may be larger, and no file in a repository on GitHub is."""

_TRY_LATER = f"Try again later; look into the variable {SOURCE_VARIABLE} if you have set it."


@dataclass(frozen=True)
class Example:
    """A dataset that can be downloaded.

    Parameters
    ----------
    title : str
        The collection that the image is from, and the stage of ResNet101.
    file_name : str
    features : int
        How many the stage has.
    sha256 : str, optional
        Of the file, where it is known.
    """

    title: str
    file_name: str
    features: int
    sha256: str | None = None


_IMAGES = {
    "COCO": "000000015746.jpg",
    "Cityscapes": "bielefeld_000000_007186_leftImg8bit.png",
    "DIV2K": "0804.png",
    "DOTA": "P0034.png",
}
_STAGES = {"conv2_x": ("C1", 256), "conv3_x": ("C2", 512), "conv4_x": ("C3", 1024)}
_BITS = 8
# those that are known; the other ten files are read whole, see `_check`
_SHA256 = {
    ("COCO", "conv2_x"): "9ea00893962e181721272fa1957f55aa61ac767f486f281df14a614eee2df474",
    ("COCO", "conv4_x"): "8603e477d6ac87e2ec83e1a6aeac7d8f1d249a7bae766cae51c405092d3180d6",
}

EXAMPLES: Mapping[str, Example] = {
    f"{collection.lower()}_{stage}": Example(
        title=f"{collection}: {stage}",
        file_name=f"{image}.{suffix}.npz.{_BITS}.zip",
        features=features,
        sha256=_SHA256.get((collection, stage)),
    )
    for collection, image in _IMAGES.items()
    for stage, (suffix, features) in _STAGES.items()
}
"""The examples by their keys, such as "coco_conv2_x"."""


def example_path(name: str, *, track: Track = untracked) -> Path:
    """Return the file of an example dataset, which is downloaded the first time.

    Parameters
    ----------
    name : str
        One of the keys of `EXAMPLES`.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    Path
        In the user's cache folder, or in the one that NAPARI_IFEALID_CACHE names.

    Raises
    ------
    DatasetError
        If there is no such example, or if it can't be downloaded or kept, or is damaged. Nothing
        is kept then.
    concurrent.futures.CancelledError
        If `track` ended the iteration early. Nothing is kept then.

    References
    ----------
    Zurowietz & Nattkemper 2020, doi 10.3389/frai.2020.00049; the data: doi 10.5281/zenodo.3741485

    Examples
    --------
    >>> stack = napari_ifealid.read_stack(example_path("coco_conv2_x"))
    """
    if name not in EXAMPLES:
        raise DatasetError(
            f"no example {name!r}",
            expected=f"one of {', '.join(EXAMPLES)}",
            remedy="Choose one of these.",
        )
    example = EXAMPLES[name]
    cache = pooch.create(
        path=cache_folder(),
        base_url=os.environ.get(SOURCE_VARIABLE, SOURCE),
        registry={example.file_name: example.sha256},
    )
    url = cache.get_url(example.file_name)

    def download(url: str, file: str, _: pooch.Pooch) -> None:
        _download(url, file, track=track, title=example.title)
        if example.sha256 is None:
            _check(file, url, example, track=track)

    try:
        return Path(cache.fetch(example.file_name, downloader=download))
    except TransferError as error:
        raise _not_downloaded(url, error) from error
    except OSError as error:
        raise _not_kept(cache.abspath, error) from error
    except DatasetError:
        raise
    except ValueError as error:  # pooch's
        raise _another_file(url) from error


def _download(url: str, file: str, *, track: Track, title: str) -> None:
    with answered(url, track=track) as answer:
        _check_size(length_of(answer) or 0, url)
        with Path(file).open("wb") as stream:
            for piece in pieces_of(answer, track=track, title=title):
                stream.write(piece)
                _check_size(stream.tell(), url)


def _check_size(size: int, url: str) -> None:
    if size > MOST_BYTES:
        raise DatasetError(
            f"a download of {size_text(size)} or more",
            expected=f"one of the examples, none of which is larger than {size_text(MOST_BYTES)}",
            remedy=_TRY_LATER,
            file=url,
        )


def _check(file: str, url: str, example: Example, *, track: Track) -> None:
    """Read the whole dataset, and so its checksums, and see whether it is what it should be."""
    warned: list[Warning] = []
    try:
        with warnings_told_to(warned.append, OverlayWarning):
            stack = read_ifealid_zip(file, track=track)
    except DatasetError as error:
        raise error.inside(url) from error
    if warned:
        raise DatasetError(
            "a damaged overlay",
            expected="the original image",
            remedy=_TRY_LATER,
            file=url,
            member=OVERLAY,
        ) from warned[0]
    found = f"{stack.feature_count} features of {stack.precision} bit"
    known = f"{example.features} features of {_BITS} bit"
    if found != known or not _is_of_its_image(stack):
        raise DatasetError(
            found if found != known else "an image of another shape, or none",
            expected=f"{known} with the image that they are of",
            remedy=_TRY_LATER,
            file=url,
        )


def _is_of_its_image(stack: FeatureStack) -> bool:
    """Return whether the overlay has the shape of the feature map, but for a pixel more or less."""
    if stack.overlay is None:
        return False
    sides = list(zip(stack.overlay.shape[:2], stack.spatial_shape, strict=True))
    least_stride = max(overlay / (length + 1) for overlay, length in sides)
    return all(length <= overlay / least_stride + 1 for overlay, length in sides)


def _not_downloaded(url: str, error: TransferError) -> DatasetError:
    remedy = _TRY_LATER
    if error.status is None:
        remedy = "Check the connection to the internet, and try again."
    return DatasetError(str(error), expected="the example dataset", remedy=remedy, file=url)


def _not_kept(folder: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"no way to keep a download ({short_reason(error)})",
        expected="a folder with enough space that you may write to",
        remedy=f"Make it so, or name another folder in the variable {CACHE_VARIABLE}.",
        file=folder,
    )


def _another_file(url: str) -> DatasetError:
    return DatasetError(
        "a file with another SHA-256",
        expected="the one that was published with the paper",
        remedy=_TRY_LATER,
        file=url,
    )
