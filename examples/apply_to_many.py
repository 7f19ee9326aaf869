"""Compare many files with a reference of one of them: what `napari-ifealid apply` does.

Writes a map, a mask and a table of regions for each file, and a summary over all.
"""

import numpy as np

from napari_ifealid import FeatureStack, read_stack, write_stack
from napari_ifealid.batch import apply_session
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedSession,
    SavedStack,
    write_session_file,
)


def scan(number: int) -> str:
    """Write a synthetic image of two materials, and return the name of its file."""
    rng = np.random.default_rng(number)
    spectra = np.random.default_rng(0).random((2, 30))  # the same in all images
    row, column = rng.integers(-12, 12, 2)
    distance = np.hypot(*np.mgrid[row - 24 : row + 24, column - 24 : column + 24])
    values = spectra[(distance < 8 + number).astype(int)]
    values = np.abs(values + rng.normal(scale=0.05, size=values.shape))
    name = f"scan{number}.zip"
    write_stack(name, FeatureStack(values=values, name=name), precision=16, force=True)
    return name


if __name__ == "__main__":  # processes that share the work import this file
    files = [scan(number) for number in range(4)]
    first = read_stack(files[0])
    assert first.source is not None

    # the most typical pixel of the round thing: where its values are nearest to the spectrum
    spectrum = np.random.default_rng(0).random((2, 30))[1]
    real = first.real_values(first.values)
    row, column = np.unravel_index(np.abs(real - spectrum).sum(axis=-1).argmin(), real.shape[:2])
    session = SavedSession(
        stacks=(SavedStack(first.source, first.values.shape),),
        references=(PlaceReference((float(row), float(column)), "#e69f00"),),
        rule=Rule.BEST,
        threshold=0.8,
    )
    write_session_file("scans.ifealid.json", session, force=True)

    report = apply_session("scans.ifealid.json", files, "results", jobs=2)
    for outcome in report.outcomes:
        for row in outcome.rows:
            print(f"{row['stack']}: {row['share_above']:.1%} of the pixels are alike")
    print(f"Wrote {report.summary}")
