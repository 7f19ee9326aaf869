"""The output folder of a batch: which of its files belong to which input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from napari_ifealid.batch.records import ENDINGS, NOTES, safe_name
from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.location import name_of

SUMMARY = "summary.csv"


class OutputFolder:
    """Tells files that a batch has written from others.

    Parameters
    ----------
    folder : path
        Made if missing.

    Raises
    ------
    DatasetError
        If it can't be made, or what a batch before has noted there is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._notes = folder / NOTES
        try:
            self._notes.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatasetError(
                f"no folder, and none can be made ({short_reason(error)})",
                expected="a folder to write to",
                remedy="Choose another output folder.",
                file=folder,
            ) from error
        self._stems: dict[str, str] = self._read("names.json")
        self._summaries: dict[str, str] = self._read("summary.json")

    def claim(self, locations: Sequence[str]) -> dict[str, str | DatasetError]:
        """Return what the outputs of each input are called, or why it can have none.

        An input keeps its names. They are noted before anything is written, so that unfinished
        outputs are known for what they are.

        Parameters
        ----------
        locations : sequence of str
            Absolute paths, or URLs.
        """
        known = {location: stem for stem, location in self._stems.items()}
        strangers = self._strangers()
        claimed: dict[str, str | DatasetError] = {}
        for location in locations:
            stem = known.get(location) or self._free_stem(location)
            mine = [name for name in strangers if _is_output_of(name, stem)]
            if location not in known and mine:
                claimed[location] = _not_ours(self.folder / mine[0])
            else:
                self._stems[stem] = location
                claimed[location] = stem
        self._write("names.json", self._stems)
        return claimed

    def check_summary(self) -> None:
        """Raise if there is a summary that no batch has written, or that was changed since.

        Raises
        ------
        DatasetError
        """
        path = self.folder / SUMMARY
        if path.exists() and _digest(path.read_bytes()) not in self._summaries:
            raise _not_ours(path)

    def write_summary(self, content: bytes) -> Path:
        """Write the summary over all files."""
        self.check_summary()
        path = self.folder / SUMMARY
        before = _digest(path.read_bytes()) if path.exists() else ""
        self._summaries = {_digest(content): "written", before: "replaced"}
        self._write("summary.json", self._summaries)
        with written_file(path, force=True) as stream:
            stream.write(content)
        return path

    def _strangers(self) -> list[str]:
        """Return the names of outputs, as it seems, that no batch has written here."""
        names = (path.name for path in self.folder.iterdir() if path.name.endswith(ENDINGS))
        return [
            name for name in names if not any(_is_output_of(name, stem) for stem in self._stems)
        ]

    def _free_stem(self, location: str) -> str:
        taken = {stem.casefold() for stem in self._stems}  # which some systems do not tell apart
        return next(stem for stem in _stems(location) if stem.casefold() not in taken)

    def _read(self, name: str) -> dict[str, str]:
        path = self._notes / name
        if not path.exists():
            return {}
        try:
            values = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            values = None
        if not isinstance(values, dict):
            raise DatasetError(
                "damaged notes of a batch before",
                expected="JSON with the names of its outputs",
                remedy="Choose another output folder.",
                file=path,
            )
        return values

    def _write(self, name: str, values: Mapping[str, str]) -> None:
        with written_file(self._notes / name, force=True) as stream:
            stream.write(json.dumps(values, indent=1).encode())


def _stems(location: str) -> Iterator[str]:
    """Yield names for the outputs of an input, the best first."""
    name = safe_name(name_of(location))
    stem = name.rpartition(".")[0] or name
    folder = safe_name(location.rstrip("/\\").replace("\\", "/").split("/")[-2:][0])
    yield stem
    yield name
    yield f"{folder}_{stem}"
    yield f"{stem}.{sha256(location.encode(errors='surrogatepass')).hexdigest()[:8]}"


def _is_output_of(name: str, stem: str) -> bool:
    return name.startswith(f"{stem}.") and name.endswith(ENDINGS)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _not_ours(path: Path) -> DatasetError:
    return DatasetError(
        "a file that napari-ifealid apply has not written, or that was changed since",
        expected="none of this name, so that nothing of yours is lost",
        remedy="Move it away, or choose another output folder.",
        file=path,
    )
