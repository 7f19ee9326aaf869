from __future__ import annotations

import re
from pathlib import Path

import napari
import numpy as np

import napari_ifealid

PAGE = Path(__file__).resolve().parents[2] / "docs/python.md"


def test_snippets_run_one_after_the_other(make_napari_viewer, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(napari, "Viewer", make_napari_viewer)
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    names: dict = {}
    for snippet in snippets:
        exec(snippet, names)
    printed = capsys.readouterr().out
    assert printed.startswith("Field (60, 80) 30 (30,)\n['spectral angle', ")
    assert "[(7, 11), (7, 20)] 1.0\n" in printed
    assert names["eye"][7, 11] == 1.0
    of_materials = np.bincount(names["materials"].ravel())
    assert sorted(names["found"].sizes) == sorted(of_materials)


def test_everything_that_the_package_offers_is_shown_somewhere():
    pages = [PAGE, PAGE.parent / "guide.md"]
    text = "".join(page.read_text("utf-8") for page in pages)
    assert [name for name in napari_ifealid.__all__ if name not in text] == []
